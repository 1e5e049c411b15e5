"""Reductions: JAX against C."""

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

AXES = [None, 0, -1, (0, 2)]


@cache
def reductions(parity, dtype):
    x = at.tensor(dtype, shape=(None,) * 3)
    outputs = [x.sum(axis) for axis in AXES]
    if dtype == "bool":
        outputs += [reduce(x, axis=axis) for axis in AXES for reduce in (at.all, at.any)]
    else:
        outputs += [x.mean(0), x.prod(axis=(0, 2)), at.prod(x, axis=-1, no_zeros_in_input=True)]
        outputs += [x.sum(0, keepdims=True)]
    if dtype.startswith("float"):
        outputs += [x.std(0), x.var(axis=(0, 2)), (x**2).mean()]
    return parity([x], outputs, rtol=1e-12 if dtype == "float64" else 2e-5)


def elements(dtype):
    if dtype == "bool":
        return st.booleans()
    return st.integers(-8, 8).map(lambda i: i / 4) if dtype == "float32" else st.integers(-8, 8)


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "bool"])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), shape=st.tuples(*[st.integers(0, 3)] * 3))
def test_reductions(parity, dtype, data, shape):
    with np.errstate(all="ignore"):  # means of nothing
        reductions(parity, dtype)(data.draw(hnp.arrays(dtype, shape, elements=elements(dtype))))


def test_reductions_in_double_precision(parity, x64):
    reductions(parity, "float64")(np.random.default_rng(0).standard_normal((3, 2, 4)))


@cache
def extrema(parity, dtype):
    x = at.tensor(dtype, shape=(None,) * 3)
    return parity([x], [reduce(x, axis=axis) for axis in AXES for reduce in (at.max, at.min)])


@pytest.mark.parametrize("dtype", ["float32", "int64"])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), shape=st.tuples(*[st.integers(1, 3)] * 3))
def test_extrema(parity, dtype, data, shape):
    numbers = st.integers(-3, 3)
    if dtype == "float32":
        numbers = st.sampled_from([0.0, -1.0, 2.0, np.inf, -np.inf, np.nan])
    extrema(parity, dtype)(data.draw(hnp.arrays(dtype, shape, elements=numbers)))


def test_product_without_zeros(parity):
    x = at.fmatrix()
    product = parity([x], [ProdWithoutZeros(axis=(0,))(x)])
    product(np.array([[0, 2, 0], [3, 4, 0]], "float32"))
    product(np.zeros((0, 2), "float32"))


@pytest.mark.parametrize("name", ["and_", "or_", "xor"])
def test_bitwise_reductions_of_integers(parity, name):
    x = at.imatrix()
    reduce = parity([x], [CAReduce(getattr(aesara.scalar, name), axis=(axis,))(x) for axis in (0, 1)])
    reduce(np.array([[12, 10, 6], [-1, 7, 3]], "int32"))


@cache
def argmaxima(parity, dtype):
    x = at.tensor(dtype, shape=(None,) * 3)
    outputs = [at.argmax(x, axis=axis) for axis in (None, 0, 2, [0, 2])]
    return parity([x], [*outputs, *at.max_and_argmax(x, axis=1), *at.max_and_argmax(x, axis=None)])


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), shape=st.tuples(*[st.integers(1, 4)] * 3))
def test_argmax_takes_the_first_of_ties(parity, dtype, data, shape):
    numbers = st.integers(-1, 1) if dtype == "int32" else st.sampled_from([-1.0, 0.0, -0.0, 1.0, np.inf])
    argmaxima(parity, dtype)(data.draw(hnp.arrays(dtype, shape, elements=numbers)))


def test_argmax_takes_the_first_that_is_no_number(parity):
    argmaxima(parity, "float32")(np.array([[[1, np.nan], [np.inf, np.nan]]], "float32"))


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
