"""Functions compiled by JAX: results, updates and shared variables as in C, with the values left on the device."""

import copy
import pickle

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.sandbox.rng_mrg import MRG_RandomStream
from aesara.tensor.random.utils import RandomStream

from reproduce.shim.shared_values import OnDevice


def shared(*values):
    return aesara.shared(np.array(values, "float32"))


def is_on_device(variable):
    return isinstance(variable.container.storage[0], OnDevice)


def test_results_are_numpys_and_may_be_written_into():
    x = at.fvector()
    function = aesara.function([x], [x, x + 1, at.argmax(x)], mode="JAX")
    same, more, place = function(np.float32([1, 3]))
    same[0] = more[0] = 9
    assert (same.tolist(), more.tolist(), place) == ([9, 3], [9, 4], 1)
    assert place.dtype == "int64" and isinstance(place, np.ndarray)


def test_shared_variables_stay_on_the_device_between_calls():
    w, data, x = shared(1, 2), shared(3, 4), at.fvector()
    step = aesara.function([x], (w * data).sum(), updates=[(w, w + x)], mode="JAX")
    assert [step(np.ones(2, "float32")) for _ in range(3)] == [11, 18, 25]
    assert is_on_device(w) and is_on_device(data)
    assert w.get_value().tolist() == [4, 5] and is_on_device(w)
    read = aesara.function([], w * 1, mode="JAX")
    assert read().tolist() == [4, 5] and is_on_device(w)
    w.set_value(np.zeros(2, "float32"))
    assert read().tolist() == [0, 0]


def test_a_borrowed_value_is_the_value():
    w = shared(1, 2)
    double = aesara.function([], [], updates=[(w, 2 * w)], mode="JAX")
    double()
    w.get_value(borrow=True)[0] = 10
    double()
    assert w.get_value().tolist() == [20, 8]


@pytest.mark.parametrize("mode", ["FAST_COMPILE", pytest.param("FAST_RUN", marks=pytest.mark.compiler)])
def test_functions_of_other_backends_find_the_value(mode):
    w = shared(1, 2)
    double = aesara.function([], [], updates=[(w, 2 * w)], mode="JAX")
    add = aesara.function([], w.sum(), updates=[(w, w + 1)], mode=mode)
    double()
    assert add() == 6
    double()
    assert w.get_value().tolist() == [6, 10]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda variable: pickle.loads(pickle.dumps(variable))])
def test_copies_and_pickles_hold_arrays(copied):
    w = shared(1, 2)
    aesara.function([], [], updates=[(w, 2 * w)], mode="JAX")()
    other = copied(w)
    assert not is_on_device(other) and is_on_device(w)
    assert other.get_value().tolist() == [2, 4]


def test_variables_that_exchange_their_values():
    a, b = shared(1, 2), shared(3, 4)
    swap = aesara.function([], [], updates=[(a, b), (b, a)], mode="JAX")
    swap()
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([3, 4], [1, 2])


def test_a_variable_that_takes_anothers_value_does_not_share_it():
    a, b = shared(1, 2), shared(3, 4)
    aesara.function([], [], updates=[(a, b)], mode="JAX")()
    add = aesara.function([], [], updates=[(a, a + 1)], mode="JAX")
    add()
    add()
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([5, 6], [3, 4])


def test_the_value_of_a_variable_that_grows():
    x, rows = at.fmatrix(), aesara.shared(np.zeros((1, 2), "float32"))
    grow = aesara.function([x], rows.shape, updates=[(rows, at.concatenate([rows, x]))], mode="JAX")
    assert [grow(np.ones((2, 2), "float32"))[0] for _ in range(3)] == [1, 3, 5]
    assert rows.get_value()[:, 0].tolist() == [0] + [1] * 6


def test_a_state_beside_code_of_the_host_and_a_length_that_an_integer_gives():
    x, n, w = at.fvector(), at.iscalar(), shared(1, 2)
    total = at.alloc(at.j0(x * w)[0], n)
    function = aesara.function([x, n], total, updates=[(w, w + 1)], mode="JAX")
    assert [len(function(np.ones(2, "float32"), n)) for n in (3, 2)] == [3, 2]
    assert w.get_value().tolist() == [3, 4]


def test_defaults_and_updates_of_arguments():
    x, total = at.fscalar("x"), at.fscalar("total")
    held = aesara.In(total, value=np.float32(0), update=total + x)
    function = aesara.function([aesara.In(x, value=np.float32(2)), held], total, mode="JAX")
    assert [function(), function(5), function()] == [0, 2, 7]


@pytest.mark.parametrize("stream", [RandomStream, pytest.param(MRG_RandomStream, marks=pytest.mark.compiler)])
def test_functions_share_a_stream(stream):
    """Its state goes on from one function to the other, beside shared arrays."""
    draws = stream(3).normal(size=(2,)) * shared(1, 1)
    first, second = (aesara.function([], draws + zero, mode="JAX") for zero in (0, shared(0, 0)))
    values = [first(), second(), first()]
    assert len({value[0] for value in values}) == 3
    again = aesara.function([], stream(3).normal(size=(2,)), mode="JAX")
    np.testing.assert_array_equal(values, [again() for _ in range(3)])


@pytest.mark.parametrize("stream", [RandomStream, MRG_RandomStream])
def test_the_state_of_a_stream_is_a_value_like_others(stream):
    draws = stream(3).uniform(size=(2,))
    function = aesara.function([], draws, mode="JAX")
    (state,) = (cell.storage for cell in function.input_storage)
    function()
    variable = function.maker.fgraph.inputs[0]
    kept = variable.get_value()
    assert not isinstance(kept, OnDevice | dict)
    following = [function(), function()]
    variable.set_value(kept)
    assert isinstance(state[0], type(kept))
    again = [function(), function()]
    assert (again[0] != again[1]).all()
    if stream is MRG_RandomStream:
        np.testing.assert_array_equal(again, following)


def test_branches_that_differ_in_shape():
    x, flag = at.fvector(), at.bscalar()
    function = aesara.function([x, flag], aesara.ifelse.ifelse(flag, x * 2, x[:1]), mode="JAX")
    x = np.float32([1, 2])
    assert [function(x, flag).tolist() for flag in (1, 0, 1)] == [[2, 4], [1], [2, 4]]


def test_the_import_of_jax_draws_nothing(python):
    code = """
import numpy
numpy.random.seed(1)
import reproduce.shim.jax_ops
import jax
print(numpy.random.rand())
"""
    assert float(python(code).stdout) == np.random.RandomState(1).rand()


@pytest.mark.parametrize("flags", [{"THEANO_FLAGS": "mode=JAX"}, {}])
def test_theanos_name_of_the_mode_has_our_rules(python, flags):
    code = """
import reproduce, numpy, theano, theano.tensor as T
x, i = T.fvector(), T.lscalar()
mode = None if theano.config.mode == "JAX" else "JAX"
print(theano.function([x, i], T.sort(x)[i:i + 2], mode=mode)(numpy.float32([3, 1, 2]), 1))
"""
    done = python(code, **flags)
    assert done.stdout == "[2. 3.]\n" and not done.stderr
