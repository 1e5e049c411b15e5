"""Reductions: JAX against Python's."""

from functools import cache

import aesara
import aesara.tensor as at
import jax
import numpy as np
import pytest
from aesara.tensor.elemwise import CAReduce
from aesara.tensor.math import ProdWithoutZeros
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reproduce.shim import jax_ops

AXES = [None, 0, 1, -1, (0, 2), (1, 2)]


@cache
def reductions(parity):
    x, flags = at.ftensor3(), at.btensor3()
    outputs = []
    for axis in AXES:
        outputs += [x.sum(axis), x.prod(axis), x.mean(axis), x.max(axis), x.min(axis), x.std(axis)]
        outputs += [at.prod(x, axis=axis, no_zeros_in_input=True), flags.sum(axis)]
        outputs += [at.all(flags, axis=axis), at.any(flags, axis=axis)]
    return parity([x, flags], outputs)


@settings(max_examples=8, deadline=None)
@given(data=st.data(), shape=st.tuples(*[st.integers(1, 4)] * 3))
def test_reductions(parity, data, shape):
    x = data.draw(hnp.arrays("float32", shape, elements=st.integers(-8, 8).map(lambda i: i / 4)))
    flags = data.draw(hnp.arrays("int8", shape, elements=st.integers(-1, 1)))
    reductions(parity)(x, flags)


def test_product_without_zeros(parity):
    x = at.fmatrix()
    product = parity([x], [ProdWithoutZeros(axis=(0,))(x)])
    product(np.array([[0, 2, 0], [3, 4, 0]], "float32"))


@pytest.mark.parametrize("name", ["and_", "or_", "xor"])
def test_bitwise_reductions_of_integers(name):
    x = at.imatrix()
    reduced = CAReduce(getattr(aesara.scalar, name), axis=(1,))(x)
    value = np.array([[12, 10, 6], [-1, 7, 3]], "int32")
    ufunc = {"and_": np.bitwise_and, "or_": np.bitwise_or, "xor": np.bitwise_xor}[name]
    result = aesara.function([x], reduced, mode=jax_ops.mode())(value)
    np.testing.assert_array_equal(result, ufunc.reduce(value, axis=1))


@cache
def argmaxima(parity):
    x = at.ftensor3()
    outputs = [at.argmax(x, axis=axis) for axis in (None, 0, 2, [0, 2])]
    return parity([x], [*outputs, *at.max_and_argmax(x, axis=1), *at.max_and_argmax(x, axis=None)])


@settings(max_examples=8, deadline=None)
@given(x=hnp.arrays("float32", st.tuples(*[st.integers(1, 4)] * 3), elements=st.integers(-1, 1).map(float)))
def test_argmax_takes_the_first_of_ties(parity, x):
    argmaxima(parity)(x)


@pytest.mark.parametrize("x64", [False, True])
def test_accumulator_follows_jax_enable_x64(x64):
    x = at.fvector()
    mean = aesara.function([x], x.sum(), mode=jax_ops.mode())
    value = np.full(3000, 16777216.0, "float32")
    value[1::2] = 1.0
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", x64)
    try:
        result = mean(value)
    finally:
        jax.config.update("jax_enable_x64", before)
    assert result.dtype == "float32"
    if x64:
        assert result == np.float32(value.sum(dtype="float64"))
    np.testing.assert_allclose(result, value.sum(dtype="float64"), rtol=1e-5)
