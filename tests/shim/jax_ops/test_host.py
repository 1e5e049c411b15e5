"""Ops that JAX has no rule for run by their own code on the host, in compiled functions and loops."""

import logging

import aesara
import aesara.tensor as at
import numpy as np
import pytest
import theano
from aesara.graph.basic import Apply
from aesara.graph.op import Op
from aesara.scalar.basic import Composite, UnaryScalarOp, upgrade_to_float
from aesara.tensor.elemwise import Elemwise

from reproduce.shim import jax_ops
from reproduce.shim.jax_ops import host

X = np.float32([[1, -2, 3], [0, 5, -6]])


class Twice(Op):
    """In Python, of a shape that it tells."""

    __props__ = ()

    def make_node(self, x):
        x = at.as_tensor_variable(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        assert isinstance(inputs[0], np.ndarray)
        outputs[0][0] = 2 * inputs[0]

    def infer_shape(self, fgraph, node, shapes):
        return shapes

    def grad(self, inputs, gradients):
        return [2 * gradients[0]]


class Positive(Op):
    """In Python, of a length that depends on values."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [at.fvector(), at.lscalar()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0][inputs[0] > 0]
        outputs[1][0] = np.asarray(len(outputs[0][0]), "int64")


class Broken(Twice):
    def perform(self, node, inputs, outputs):
        raise ZeroDivisionError("its own error")


class InPlace(Twice):
    destroy_map = {0: [0]}  # noqa: RUF012

    def perform(self, node, inputs, outputs):
        inputs[0] *= 2
        outputs[0][0] = inputs[0]


class Cubed(UnaryScalarOp):
    """In C only, and of scalars."""

    def c_code(self, node, name, inputs, outputs, sub):
        return f"{outputs[0]} = {inputs[0]} * {inputs[0]} * {inputs[0]};"


class SumInC(theano.Op):
    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [at.fscalar()])

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,) = inputs, outputs
        return f"""
        float total = 0;
        for (npy_intp i = 0; i < PyArray_DIM({x}, 0); i++)
            for (npy_intp j = 0; j < PyArray_DIM({x}, 1); j++)
                total += *(float*) PyArray_GETPTR2({x}, i, j);
        Py_XDECREF({z});
        {z} = (PyArrayObject*) PyArray_EMPTY(0, NULL, NPY_FLOAT32, 0);
        *(float*) PyArray_DATA({z}) = total;
        """

    def c_code_cache_version(self):
        return (1,)


CUBED = Cubed(upgrade_to_float, name="cubed")


def composed():
    a = aesara.scalar.float32()
    return Elemwise(Composite([a], [CUBED(a) + a]))


@pytest.fixture(autouse=True)
def unannounced(monkeypatch):
    monkeypatch.setattr(host, "_announced", set())


def test_an_op_of_ones_own_beside_others_and_in_gradients():
    x, w = at.fmatrix(), aesara.shared(np.ones((2, 3), "float32"))
    y = Twice()(x * w)
    step = aesara.function([x], [y, aesara.grad((y**2).sum(), x)], updates=[(w, w + Twice()(w))], mode="JAX")
    y, gradient = step(X)
    np.testing.assert_array_equal(y, 2 * X)
    np.testing.assert_array_equal(gradient, 8 * X)
    np.testing.assert_array_equal(step(X)[0], 6 * X)


def test_in_a_loop():
    x = at.fmatrix()
    total, _ = aesara.scan(lambda row, last: last + Twice()(row), x, at.zeros_like(x[0]))
    last, gradient = aesara.function([x], [total[-1], aesara.grad(total.sum(), x)], mode="JAX")(X)
    np.testing.assert_array_equal(last, 2 * X.sum(0))
    np.testing.assert_array_equal(gradient, [[4] * 3, [2] * 3])


def test_a_length_that_only_its_values_tell():
    x = at.fmatrix()
    some, number = Positive()(x)
    function = aesara.function([x], [some * 2, number + 1], mode="JAX")
    for sign in (1, -1):
        some, number = function(sign * X)
        np.testing.assert_array_equal(some, 2 * (sign * X)[sign * X > 0])
        assert number == len(some) + 1


def test_its_error_is_raised_and_the_state_is_kept():
    x, w = at.fmatrix(), aesara.shared(np.float32(1))
    step = aesara.function([x], Broken()(x), updates=[(w, w + 1)], mode="JAX")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="its own error"):
            step(X)
    assert w.get_value() == 1


def test_writing_into_its_input_changes_nobody_elses():
    x = at.fmatrix()
    function = aesara.function([x], [InPlace()(x), x + 1], mode="JAX", accept_inplace=True)
    argument = X.copy()
    doubled, more = function(argument)
    np.testing.assert_array_equal(doubled, 2 * X)
    np.testing.assert_array_equal(more, X + 1)
    np.testing.assert_array_equal(argument, X)


@pytest.mark.compiler
def test_c_code_of_arrays_of_scalars_and_within_a_composite():
    x = at.fmatrix()
    outputs = [SumInC()(x), Elemwise(CUBED)(x), composed()(x), SumInC()(Elemwise(CUBED)(x) * 2)]
    total, cubes, sums, last = aesara.function([x], outputs, mode="JAX")(X)
    assert (total, last) == (X.sum(), 2 * (X**3).sum())
    np.testing.assert_array_equal(cubes, X**3)
    np.testing.assert_array_equal(sums, X**3 + X)


@pytest.mark.parametrize("op", [SumInC(), Elemwise(CUBED), composed()])
def test_without_a_compiler_c_code_is_a_users_mistake(op):
    x = at.fmatrix()
    with aesara.config.change_flags(cxx=""), pytest.raises(jax_ops.JaxOpError, match="has C code only") as error:
        aesara.function([x], op(x), mode="JAX")(X)
    assert "\n" not in str(error.value)


def test_functions_that_jax_lacks(parity):
    x = at.fmatrix()
    parity([x], [at.j0(x), at.j1(x) * 2, at.nlinalg.pinv(x)])(X)


def test_what_runs_on_the_host_is_said_once(caplog):
    x = at.fmatrix()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            function = aesara.function([x], Twice()(Twice()(x)), mode="JAX")
            function(X)
            function(X)
    assert [record.message.count("\n") for record in caplog.records] == [0]
    assert "no rule for Twice" in caplog.text


def test_slices_that_an_integer_gives_beside_an_array(parity):
    """JAX passes no slices to the host, so the function is compiled for the integer."""
    x, rows, n = at.fmatrix(), at.ivector(), at.iscalar()
    constant = at.constant(X)[at.constant(np.int32([1, 0])), :n]
    compare = parity([x, rows, n], [constant, at.inc_subtensor(x[rows, :n], 1, ignore_duplicates=True)])
    for length in (2, 1):
        compare(X, np.int32([1, 1]), np.int32(length))


def test_print_prints_and_passes_on(capfd):
    x = at.fmatrix()
    total, _ = aesara.scan(lambda row: aesara.printing.Print("row")(row).sum(), x)
    function = aesara.function([x], [aesara.printing.Print("x", attrs=["shape"])(x), total], mode="JAX")
    value, total = function(X)
    np.testing.assert_array_equal(value, X)
    np.testing.assert_array_equal(total, X.sum(1))
    out = capfd.readouterr().out
    assert "x shape = (2, 3)" in out and out.count("row __str__ = ") == 2


def test_a_minibatch_is_printed_once(capfd):
    """Although its bounds are checked beforehand."""
    data, i = aesara.shared(np.arange(6)), at.lscalar()
    part = aesara.printing.Print("part")(data[i * 3 : (i + 1) * 3])
    assert aesara.function([i], part.sum(), mode="JAX")(1) == 12
    assert capfd.readouterr().out == "part __str__ = [3 4 5]\n"
