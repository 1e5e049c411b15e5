"""Files that pylearn2 may have written: right ones, others, and damaged ones on which libhdf5 hangs."""

import struct

import h5py
import numpy as np
import pytest

from datasets.errors import DataError
from datasets.storage import limits
from datasets.svhn import h5 as pylearn2s
from datasets.svhn.h5 import read_h5, read_through


@pytest.fixture
def labels():
    return np.random.RandomState(0).randint(10, size=(60, 1))


@pytest.fixture
def theirs(tmp_path, labels):
    """A file as pylearn2 lays it out, but for the compression."""
    path = tmp_path / "valid_32x32.h5"
    with h5py.File(path, "w") as h5:
        h5.create_dataset("Data/X", data=np.random.RandomState(0).randn(60, 3072).astype("f4"), chunks=(10, 3072))
        h5.create_dataset("Data/y", data=labels, chunks=(60, 1))
    return path


def endless(content):
    """The first local heap's list of free blocks leads back to its beginning, and libhdf5 follows it for ever."""
    heap = content.index(b"HEAP")
    free, segment = struct.unpack_from("<QQ", content, heap + 16)
    struct.pack_into("<Q", content, segment + free, free)


def test_a_right_file_is_read_through_once(theirs, labels, monkeypatch):
    assert read_h5(theirs).dtype == np.int32
    monkeypatch.setattr(pylearn2s, "call_limited", None)
    np.testing.assert_array_equal(read_h5(theirs), labels)


def test_a_file_on_which_libhdf5_hangs_is_one_line(theirs, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 1)
    content = bytearray(theirs.read_bytes())
    endless(content)
    theirs.write_bytes(content)
    line = rf"{theirs} is damaged \(reading it takes more than 1 s of processor time\); make it again with pylearn2, or"
    with pytest.raises(DataError, match=line):
        read_h5(theirs)


@pytest.mark.parametrize("seed", range(6))
def test_mutated_files_are_read_or_refused(theirs, labels, seed):
    """Bytes of the structure are changed; not those of the pictures, for which nothing vouches."""
    rng = np.random.RandomState(seed)
    content = np.frombuffer(theirs.read_bytes(), np.uint8).copy()
    places = rng.randint(3000, size=5)
    content[places] = rng.randint(256, size=5)
    theirs.write_bytes(content)
    try:
        assert read_h5(theirs).shape == labels.shape
    except DataError as error:
        assert str(error).startswith(str(theirs)) and "\n" not in str(error)


def spoilt_h5(h5, X, y):
    del h5["Data"]
    h5["Data/X"], h5["Data/y"] = X, y


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda h5: h5.__delitem__("Data/X"), "has no array Data/X"),
        (lambda h5: h5.__delitem__("Data"), "has no array Data/X"),
        (lambda h5: h5.__delitem__("Data/y"), "has no array Data/y"),
        (lambda h5: spoilt_h5(h5, np.zeros((60, 3071), "f4"), np.ones((60, 1), "i4")), r"\(60, 3071\)"),
        (lambda h5: spoilt_h5(h5, np.zeros((60, 3072), "i4"), np.ones((60, 1), "i4")), "Data/X of int32"),
        (lambda h5: spoilt_h5(h5, np.zeros((60, 3072), "f4"), np.ones((60, 10), "f4")), "Data/y of float32"),
        (lambda h5: spoilt_h5(h5, np.zeros((60, 3072), "f4"), np.ones((59, 1), "i4")), r"\(59, 1\)"),
        (lambda h5: spoilt_h5(h5, np.zeros((60, 3072), "f4"), np.zeros((60, 1), "i4")), "half-written"),
        (lambda h5: h5["Data/y"].__setitem__((3, 0), 10), "holds labels 0 to 10, expected 0 to 9"),
        (lambda h5: h5["Data/y"].__setitem__((3, 0), -1), "holds labels -1 to 9"),
    ],
)
def test_other_files_are_refused(theirs, spoil, message):
    with h5py.File(theirs, "r+") as h5:
        spoil(h5)
    with pytest.raises(DataError, match=message) as raised:
        read_through(str(theirs))
    assert str(raised.value).startswith(str(theirs))
    assert "\n" not in str(raised.value)
