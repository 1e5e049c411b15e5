"""Rows on disk, read by index, against the same rows in memory; reading ahead."""

import threading

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import DataError
from datasets.storage.stored_rows import StoredRows, prefetched

X = np.random.RandomState(0).randint(256, size=(60, 5)).astype(np.uint8)
ORDER = np.random.RandomState(1).permutation(60)[:40]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.h5"
    with h5py.File(path, "w") as h5:
        h5["contiguous"] = X
        h5.create_dataset("chunked", data=X, chunks=(7, 5), compression="gzip")
        h5["float64"] = X.astype(np.float64) / 3
    return path


@pytest.fixture(scope="module", params=["contiguous", "chunked"])
def rows(request, path):
    return StoredRows(path, request.param)


@pytest.fixture(scope="module", params=["contiguous", "chunked"])
def ordered(request, path):
    return StoredRows(path, request.param, ORDER)


def test_it_looks_like_an_array(rows, ordered):
    assert (rows.shape, rows.ndim, rows.dtype, len(rows)) == ((60, 5), 2, np.float32, 60)
    assert (ordered.shape, len(ordered)) == ((40, 5), 40)
    for found, expected in ((np.asarray(rows), X), (np.asarray(ordered), X[ORDER])):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.reshape(rows, (-1, 5, 1)), X.reshape(-1, 5, 1))


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(-40, 39), max_size=20))
def test_lists_of_rows_in_any_order(rows, ordered, chosen):
    chosen = np.array(chosen, int)
    np.testing.assert_array_equal(rows[chosen], X[chosen].astype(np.float32))
    np.testing.assert_array_equal(ordered[chosen], X[ORDER][chosen].astype(np.float32))


@settings(deadline=None)  # the machine may be busy
@given(st.slices(40))
def test_slices(rows, ordered, chosen):
    np.testing.assert_array_equal(rows[chosen], X[chosen])
    np.testing.assert_array_equal(ordered[chosen], X[ORDER][chosen])


def test_single_rows_and_masks(rows):
    assert rows[3].shape == (5,)
    np.testing.assert_array_equal(rows[-1], X[-1])
    np.testing.assert_array_equal(rows[X[:, 0] > 100], X[X[:, 0] > 100])
    for index in (60, [0, 60], (60, 0), (0, 5)):
        with pytest.raises(IndexError, match="out of bounds"):
            rows[index]


@pytest.mark.parametrize(
    "index",
    [
        np.s_[0:5, :],
        np.s_[0:5, 2],
        np.s_[[7, 1, 7], 1:3],
        np.s_[3, 4],
        np.s_[-1, :2],
        np.s_[:, [4, 0]],
        np.s_[5, [4, 0]],
        np.s_[X[:, 0] > 100, ::2],
        np.s_[..., 1],
    ],
)
def test_rows_and_columns(rows, index):
    found = rows[index]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, X[index])


@pytest.mark.parametrize("index", [np.s_[[0, 1], [2, 3]], np.s_[0, 1, 2], np.s_[None, 0], [[0, 1], [2, 3]], None])
def test_an_index_of_another_kind_is_refused_with_the_remedy(rows, index):
    with pytest.raises(IndexError, match=r"a matrix on disk cannot be indexed by .* np\.asarray makes"):
        rows[index]


def test_a_missing_array_is_damage(path):
    with pytest.raises(DataError, match=r"rows\.h5 is damaged \(.*nothing.*\); delete it and prepare it again"):
        StoredRows(path, "nothing")


def test_rows_are_changed_after_reading(path):
    changed = StoredRows(path, "float64", ORDER, change=lambda rows: rows - 1)
    assert changed[:].dtype == np.float32
    np.testing.assert_allclose(changed[5:9], X[ORDER][5:9] / 3 - 1, rtol=1e-6)


def test_damaged_rows_are_reported(tmp_path):
    path = tmp_path / "damaged.h5"
    with h5py.File(path, "w") as h5:
        array = h5.create_dataset("X", data=X, chunks=(10, 5), fletcher32=True)
        place = array.id.get_chunk_info(3).byte_offset
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"other")
    rows = StoredRows(path, "X")
    np.testing.assert_array_equal(rows[:30], X[:30])
    with pytest.raises(DataError, match=r"damaged\.h5 is damaged \(.*\); delete it") as raised:
        rows[[2, 33]]
    assert "\n" not in str(raised.value)


def test_minibatches_come_in_order_and_ahead_of_time(rows):
    read, enough = [], threading.Event()

    def reading(batch):
        read.append(batch)
        if len(read) == 4:
            enough.set()
        return rows[batch]

    batches = list(np.random.RandomState(2).permutation(60).reshape(12, 5))
    ahead = prefetched(reading, batches, ahead=3)
    np.testing.assert_array_equal(next(ahead), X[batches[0]])
    assert enough.wait(10)  # three more, without being asked
    for found, batch in zip(ahead, batches[1:], strict=True):
        np.testing.assert_array_equal(found, X[batch])
    assert len(read) == 12


def test_an_error_comes_when_its_minibatch_is_due():
    results = prefetched([1, 2].__getitem__, range(5))
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(IndexError):
        next(results)


def test_leaving_early_ends_the_thread():
    before = threading.active_count()
    results = prefetched(lambda batch: batch, range(1000))
    assert next(results) == 0
    results.close()
    assert threading.active_count() == before
