"""Ops that make, join and shape arrays: JAX against Aesara's Python, with shapes that are not declared anywhere."""

from functools import cache, partial

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.raise_op import Assert
from aesara.tensor.basic import AllocEmpty
from aesara.tensor.extra_ops import Repeat
from aesara.tensor.shape import unbroadcast
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.shim import jax_ops

SETTINGS = settings(max_examples=4, deadline=None)


@pytest.fixture(scope="session")
def parity(parity):
    return partial(parity, linker="python")


def values(*shape):
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


@cache
def shapes(parity):
    x, y = at.ftensor3("x"), at.fmatrix("y")
    rows = x.shape[0] * x.shape[1]
    return parity(
        [x, y],
        [
            x.shape, x.shape[1:].prod(), x.size,
            x.reshape((-1, x.shape[2])), x.reshape((rows, x.shape[2])), x.flatten(2), x.flatten(),
            x.reshape(at.concatenate([[x.shape[0]], [rows // x.shape[0]], x.shape[2:]])),
            at.zeros((x.shape[0], y.shape[1])) + 1, at.alloc(y[0], x.shape[0] + 1, y.shape[1]),
            at.ones_like(x), at.arange(x.shape[2]) * 2, at.arange(1, x.shape[0] + 5, 2),
            at.eye(y.shape[0], x.shape[2], 1), at.stack([y, 2 * y], axis=1), at.stack([y[0, 0], y[-1, -1]]),
            at.concatenate([y, x[:, 0, : y.shape[1]]], axis=0)[: y.shape[0]],
            at.repeat(y, 2, axis=0), Repeat(axis=1)(y, at.arange(y.shape[1])),
            at.tile(y, (2, 1)), at.broadcast_to(y[0], (3, y.shape[1])),
            x[:, -1].mean() * at.cast(x.shape[0], "float32"), unbroadcast(y[:1], 0),
            at.specify_shape(y, (None, y.shape[1])), AllocEmpty("float32")(x.shape[0])[:0],
            at.switch(at.gt(x.shape[0], 2), x.shape[0], 0) + at.zeros((), "int64"),
        ],
    )  # fmt: skip


@SETTINGS
@given(a=st.integers(1, 4), b=st.integers(1, 3), c=st.integers(1, 4), rows=st.integers(1, 3))
def test_shapes_computed_from_shapes(parity, a, b, c, rows):
    shapes(parity)(values(a, b, c), values(rows, c))


def test_specify_shape_with_unknown_lengths(parity):
    x = at.fmatrix()
    parity([x], [at.specify_shape(x, (None, 3)) * 2, at.specify_shape(x, (2, None))])(values(2, 3))


def test_specify_shape_refuses_another(parity):
    x = at.fmatrix()
    function = aesara.function([x], at.specify_shape(x, (None, 3)) * 2, mode=jax_ops.mode())
    with pytest.raises(ValueError, match="expected length 3 along axis 1"):
        function(values(2, 4))


def test_shared_variables_without_static_shape(parity):
    w = aesara.shared(values(4, 6))
    assert w.type.shape == (None, None)
    parity([], [w.reshape((w.shape[0], 2, -1)), at.zeros_like(w)])()


@cache
def pieces(parity, dtype):
    x, lengths = at.matrix(dtype=dtype), at.fmatrix()
    return parity([x, lengths], [
        *at.split(x, [lengths.shape[0], lengths.shape[1], 1], 3, axis=1), at.concatenate([x, x[:, :1], x], axis=1),
        at.concatenate([x, at.zeros((1, x.shape[1]), "int8")]), at.stack([x[0, 0], x[-1, -1]]), at.repeat(x, 2),
    ])  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
@SETTINGS
@given(first=st.integers(0, 3), second=st.integers(0, 3), rows=st.integers(1, 3))
def test_split(parity, dtype, first, second, rows):
    x = np.arange(rows * (first + second + 1)).reshape(rows, -1) % 3
    pieces(parity, dtype)(x.astype(dtype), values(first, second))


def test_split_refuses_lengths_that_do_not_fit():
    x = at.fmatrix()
    function = aesara.function([x], at.split(x, [1, 2], 2, axis=1), mode=jax_ops.mode())
    with pytest.raises(ValueError, match="do not divide axis 1"):
        function(values(2, 4))


def test_shapes_that_an_integer_gives(parity):
    n, x = at.iscalar("n"), at.fmatrix()
    outputs = [at.zeros((n,)) + 1, at.arange(n) * 2, at.eye(n), at.repeat(x, n, 0), x.reshape((n, -1)), at.tri(n)]
    compare = parity([n, x], outputs)
    for length in (2, 4, 2):
        compare(np.int32(length), values(4, 2))


def test_shapes_that_values_give(parity):
    x = at.fvector()
    n = at.cast(x.sum(), "int64")
    parity([x], [at.zeros((n, 2)) + x[0], at.arange(n)])(values(4) * 0 + 1)


def test_triangles(parity):
    x = at.fmatrix()
    parity([x], [at.tri(3, 4, 1), at.tril(x), at.triu(x, 1), at.triu(x, -1)])(values(3, 4))


def test_assertions_about_shapes_are_checked():
    x = at.fvector()
    function = aesara.function(
        [x], Assert("odd length")(x, at.eq(x.shape[0] % 2, 0)) * 2, mode=jax_ops.mode()
    )
    np.testing.assert_array_equal(function(values(4)), 2 * values(4))
    with pytest.raises(AssertionError, match="odd length"):
        function(values(3))


def test_assertions_about_values_are_skipped_aloud():
    x = at.fvector()
    function = aesara.function([x], Assert("negative")(x, at.all(x >= 0)) * 2, mode=jax_ops.mode())
    with pytest.warns(UserWarning, match="not checked in compiled JAX code: negative"):
        function(-values(3))
