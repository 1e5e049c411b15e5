"""Indexing: JAX against C."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reproduce.shim import jax_ops

SETTINGS = settings(max_examples=5, deadline=None)
X = np.arange(24, dtype="float32").reshape(6, 4)


@cache
def sliced(parity, dtype):
    x, i = at.matrix(dtype=dtype), at.iscalar()
    n = x.shape[0]
    parts = [x[1:4], x[::-1], x[n - 2 :: -2], x[:, 1], x[i], x[i, 1:], x[-1, i], x[n // 2 :, None, ::2]]
    backwards = [x[:, ::-1], x[3:0:-1], x[1:n:-1], x[-1:0:-1, ::-1], x[::-1, 1], x[::-1, None]]
    return parity([x, i], [*parts, x[1:1], x[-9:9], *backwards])


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
@SETTINGS
@given(rows=st.integers(2, 6), columns=st.integers(2, 4), i=st.integers(-2, 1))
def test_slices_and_scalars(parity, dtype, rows, columns, i):
    sliced(parity, dtype)((np.arange(rows * columns) % 5).reshape(rows, columns).astype(dtype), i)


@cache
def written(parity, dtype):
    x, y, i = at.matrix(dtype=dtype), at.vector(dtype=dtype), at.iscalar()
    outputs = []
    for part in (x[i], x[1], x[2:4], x[::-2]):
        outputs += [at.set_subtensor(part, y), at.inc_subtensor(part, y)]
    return parity([x, y, i], [*outputs, at.set_subtensor(x[:, i], 7), at.inc_subtensor(x[1, 2], y[0])])


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@SETTINGS
@given(i=st.integers(-4, 3), data=st.data(), rows=st.integers(4, 6))
def test_writing_and_adding_to_slices(parity, dtype, i, data, rows):
    y = data.draw(hnp.arrays(dtype, 4, elements=st.integers(-8, 8)))
    written(parity, dtype)(np.arange(rows * 4, dtype=dtype).reshape(rows, 4), y, i)


@cache
def minibatch(parity):
    x, i, y = aesara.shared(X), at.lvector(), at.fmatrix()
    rows = x[i]
    outputs = [rows, aesara.grad((rows * y).sum(), x), at.inc_subtensor(rows, y), x[1:, i % 4]]
    columns = i % 4
    outputs += [x[at.arange(i.shape[0]), columns], x[:, columns], x[i][:, columns]]
    outputs += [at.inc_subtensor(x[at.arange(i.shape[0]), columns], y[:, 0]), x[at.stack([i, -i])]]
    return parity([i, y], outputs)


@SETTINGS
@given(i=st.lists(st.integers(-5, 5), max_size=6), data=st.data())
def test_rows_by_an_array_of_indices(parity, i, data):
    y = data.draw(hnp.arrays("float32", (len(i), 4), elements=st.integers(-8, 8).map(float)))
    minibatch(parity)(np.array(i, "int64"), y)


def test_setting_rows(parity):
    x, y, i = at.fmatrix(), at.fmatrix(), at.ivector()
    parity([x, y, i], [at.set_subtensor(x[i], y), at.set_subtensor(x[:, i], 0)])(
        X, -X[:3], np.array([3, 0, 1], "int32")
    )


def test_new_axes_and_slices_between_arrays(parity):
    x, i = at.ftensor3(), at.ivector()
    parity([x, i], [x[i, :, i], x[:, i, 1:], x[i, None, :, 0]])(
        np.arange(27, dtype="float32").reshape(3, 3, 3), np.array([2, 0], "int32")
    )


def test_writing_where_a_mask_is_set(parity):
    x = at.fmatrix()
    parity([x], [at.set_subtensor(x[x > 5], 0), x[x > 5].sum()])(X)


def test_a_mask_makes_no_array_of_fixed_length():
    x = at.fvector()
    with pytest.raises(jax_ops.JaxOpError, match="the length of x\\[mask\\] depends on values"):
        aesara.function([x], x[x > 5], mode=jax_ops.mode())(X[0])


def test_slice_bounds_that_depend_on_values():
    x, i = at.fmatrix(), at.iscalar()
    with pytest.raises(jax_ops.JaxOpError, match=r"take rows by an array of indices, X\[indices\]"):
        aesara.function([x, i], x[i : i + 2], mode=jax_ops.mode())(X, 1)


def test_increments_that_ignore_duplicates():
    x, i = at.fmatrix(), at.ivector()
    part = at.inc_subtensor(x[:, i], 1, ignore_duplicates=True)
    with pytest.raises(jax_ops.JaxOpError, match="leave ignore_duplicates unset"):
        aesara.function([x, i], part, mode=jax_ops.mode())


def test_a_whole_array_written_and_reversed(parity):
    """What XLA of jaxlib 0.11 and 0.12 aborts at, as a scatter."""
    x, y = at.fmatrices("xy")
    whole = x[: y.shape[0]]
    outputs = [at.set_subtensor(whole, y), at.inc_subtensor(whole, y), at.inc_subtensor(whole, y[0])]
    parity([x, y], [output[::-1] for output in outputs])(X[:3, :2], X[3:6, :2])
