"""Constants of integers are folded without a compiler, and to the values that C gives."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
import theano
from aesara.compile.mode import Mode
from aesara.link.c.cmodule import ModuleCache

from reproduce.shim import integer_folding

NUMBERS = np.array([-7, -2, -1, 0, 1, 3, 2**31 - 1])


@pytest.fixture
def modules(monkeypatch):
    """The C modules that are asked for."""
    asked = []
    module_from_key = ModuleCache.module_from_key

    def remember(self, *arguments, **options):
        asked.append(arguments)
        return module_from_key(self, *arguments, **options)

    monkeypatch.setattr(ModuleCache, "module_from_key", remember)
    return asked


def folded(variable):
    """The constant that Aesara rewrites `variable` to."""
    function = aesara.function([], variable, mode=Mode("py", "fast_run"))
    output = function.maker.fgraph.outputs[0]
    output = output.owner.inputs[0] if output.owner else output  # a copy, so that the caller may change it
    assert isinstance(output, at.TensorConstant)
    return output.data


@pytest.mark.compiler
def test_a_shape_needs_no_compiler(modules):
    x = at.constant(np.zeros((6, 4), "float32"))
    columns = at.as_tensor(x.shape[1] // 2)
    assert folded(at.stack([x.shape[0] * 2, columns])).tolist() == [12, 2]
    at.zeros((at.constant(2) + 3, 4))  # its static shape is looked for at once
    assert not modules


@pytest.mark.compiler
def test_floats_are_folded_by_c(modules):
    np.testing.assert_allclose(folded(at.exp(at.constant(np.float32(1)))), np.e, rtol=1e-6)
    assert modules


@pytest.mark.compiler
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
def test_the_integers_are_those_of_c(dtype):
    a, b = (NUMBERS.astype(dtype)[:, None], NUMBERS[NUMBERS.astype(dtype) != 0].astype(dtype)[None])
    pairs = [at.TensorType(dtype, shape=(None, 1))(), at.TensorType(dtype, shape=(1, None))()]
    for f in (at.add, at.sub, at.mul, at.floor_divide, at.mod, at.maximum, at.minimum, at.eq, at.lt, at.bitwise_xor):
        expected = aesara.function(pairs, f(*pairs), mode=Mode("cvm", None))(a, b)
        found = folded(f(at.constant(a), at.constant(b)))
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, err_msg=f.name)


class Doubled(theano.Op):
    """Twice an integer, in C alone."""

    __props__ = ()
    itypes, otypes = (at.lscalar,), (at.lscalar,)

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (y,) = inputs, outputs
        return f"""
            Py_XDECREF({y});
            {y} = (PyArrayObject *)PyArray_ZEROS(0, NULL, NPY_INT64, 0);
            *(npy_int64 *)PyArray_DATA({y}) = 2 * *(npy_int64 *)PyArray_DATA({x});
        """


@pytest.mark.compiler
def test_an_op_in_c_alone_is_folded_by_c(modules):
    assert folded(Doubled()(at.constant(21, dtype="int64"))) == 42
    assert modules


def test_installing_again_changes_nothing():
    fold = integer_folding.constant_folding.fn
    integer_folding.install()
    assert integer_folding.constant_folding.fn is fold
