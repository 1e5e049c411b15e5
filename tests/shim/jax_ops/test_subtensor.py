"""Indexing: JAX against Aesara's Python."""

from functools import cache, partial

import aesara
import aesara.tensor as at
import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reproduce.shim import jax_ops

SETTINGS = settings(max_examples=5, deadline=None)
X = np.arange(24, dtype="float32").reshape(6, 4)


@pytest.fixture(scope="session")
def parity(parity):
    return partial(parity, linker="python")


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


def test_masks_of_elements_and_of_rows(parity):
    """In sums, gradients and updates, where Aesara's rewrites for JAX would take them for something else."""
    x, rows = at.fmatrix(), at.bvector()
    some, rows = x > 5, at.cast(rows, "bool")
    outputs = [
        x[some], x[rows], x[some].sum(), x[rows].sum(0), x[rows].sum(), x[rows].mean(1), x[rows, 1], some.nonzero()[0],
        at.set_subtensor(x[rows], 1), at.inc_subtensor(x[rows], x[rows] * 2), at.set_subtensor(x[some], -x[some]),
        aesara.grad((x[some] ** 2).sum(), x), aesara.grad((x[rows] ** 2).sum(), x),
    ]  # fmt: skip
    parity([x, rows.owner.inputs[0]], outputs)(X, np.array([1, 0, 1, 1, 0, 0], "int8"))


def test_a_minibatch_between_multiples_of_its_number():
    """``X[i*b:(i+1)*b]``: compiled once as a dynamic slice, and cut off at the end as NumPy does."""
    data, i, x = aesara.shared(np.arange(10, dtype="float32")), at.lscalar(), at.fvector()
    function = aesara.function([i], x.sum(), givens={x: data[i * 3 : (i + 1) * 3]}, mode=jax_ops.mode())
    assert [function(number) for number in range(5)] == [3, 12, 21, 9, 0]
    assert "dynamic_slice" in str(jax.make_jaxpr(function.vm._variants[()].trace)(*function.vm._variants[()].split(
        [np.int64(0), data.get_value()]
    )))


@pytest.mark.parametrize("start", range(-3, 7))
def test_slices_that_move(parity, start):
    moving(parity)(X, np.int32(start), np.int32(2))


@cache
def moving(parity):
    x, i, n = at.fmatrix(), at.iscalar(), at.iscalar()
    pairs = x[i : i + 2], x[i * 2 + 1 : 2 * (i + 1) + 1, 1:], x[1:, i - 1 : i], x[i : i + 2, 1]
    outputs = []
    for part in (*pairs, x[:n], x[i:, ::2]):
        outputs += [part, at.set_subtensor(part, 7), at.inc_subtensor(part, 1), aesara.grad((part**2).sum(), x)]
    return parity([x, i, n], outputs)


def test_increments_that_ignore_duplicates(parity):
    x, i = at.fmatrix(), at.ivector()
    parity([x, i], [at.inc_subtensor(x[:, i], 1, ignore_duplicates=True)])(X, np.array([1, 1, 0], "int32"))


def test_a_whole_array_written_and_reversed(parity):
    """What XLA of jaxlib 0.11 and 0.12 aborts at, as a scatter."""
    x, y = at.fmatrices("xy")
    whole = x[: y.shape[0]]
    outputs = [at.set_subtensor(whole, y), at.inc_subtensor(whole, y), at.inc_subtensor(whole, y[0])]
    parity([x, y], [output[::-1] for output in outputs])(X[:3, :2], X[3:6, :2])
