"""HDF5 files written in blocks: what an interruption leaves is gone on with."""

import json
import resource
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from datasets.errors import DataError, FullDiskError
from datasets.storage.resumable import ResumableFile

X = np.arange(40, dtype=np.float32).reshape(10, 4)
Y = np.arange(10, dtype=np.int32)
ARRAYS = {"group/X": (X.shape, X.dtype), "y": (Y.shape, Y.dtype)}
IDENTITY = {"made_from": "these"}


class InterruptionError(Exception):
    """Something that ends the writing."""


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "folder" / "file.h5"


def begin(destination, rows, identity=IDENTITY):
    """Write that many rows of X, then be interrupted."""
    with pytest.raises(InterruptionError), ResumableFile(destination, ARRAYS, identity) as file:
        file.append("group/X", X[:rows])
        raise InterruptionError


def finish(destination, identity=IDENTITY):
    """Write what is missing and return how many rows of X had been there."""
    with ResumableFile(destination, ARRAYS, identity) as file:
        kept = file.rows["group/X"]
        file.append("group/X", X[kept:])
        file.append("y", Y)
        assert file.complete("group/X")
        assert file.rows_written == file.total_rows == 20
        file.publish(lambda h5: h5.attrs.__setitem__("sealed", True))
    return kept


def check(destination):
    with h5py.File(destination) as h5:
        np.testing.assert_array_equal(h5["group/X"][...], X)
        np.testing.assert_array_equal(h5["y"][...], Y)
        assert h5.attrs["sealed"]
        assert h5["group/X"].chunks is None
    assert [path.name for path in destination.parent.iterdir()] == [destination.name]


def test_in_one_go(destination):
    assert finish(destination) == 0
    check(destination)


@pytest.mark.parametrize("rows", [0, 1, 7, 10])
def test_an_interrupted_writing_goes_on(destination, rows):
    begin(destination, rows)
    assert not destination.exists()
    assert finish(destination) == rows
    check(destination)


def test_the_file_in_place_stays_until_the_new_one_is_complete(destination):
    destination.parent.mkdir()
    destination.write_bytes(b"before")
    begin(destination, 5)
    assert destination.read_bytes() == b"before"
    assert finish(destination) == 5
    check(destination)


def test_a_part_of_something_else_is_started_again(destination):
    begin(destination, 5, {"made_from": "others"})
    assert finish(destination) == 0
    check(destination)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"identity": {}, "rows": {}}'])
def test_damaged_progress_is_started_again(destination, damage):
    begin(destination, 5)
    (destination.parent / "file.h5.part.json").write_bytes(damage)
    assert finish(destination) == 0
    check(destination)


def test_progress_without_its_part_is_started_again(destination):
    begin(destination, 5)
    (destination.parent / "file.h5.part").unlink()
    assert finish(destination) == 0
    check(destination)


def test_progress_counts_only_what_is_written(destination):
    begin(destination, 7)
    progress = json.loads((destination.parent / "file.h5.part.json").read_text())
    assert progress["rows"] == {"group/X": 7, "y": 0}
    with h5py.File(destination.parent / "file.h5.part") as h5:
        np.testing.assert_array_equal(h5["group/X"][:7], X[:7])


def test_two_processes_do_not_write_at_once(destination):
    with (
        ResumableFile(destination, ARRAYS, IDENTITY),
        pytest.raises(DataError, match=r"another process is preparing .*file\.h5; wait for its end"),
        ResumableFile(destination, ARRAYS, IDENTITY),
    ):
        pass


def test_what_does_not_fit_is_refused(destination):
    with ResumableFile(destination, ARRAYS, IDENTITY) as file:
        for block in (X.astype(np.float64), X[:, :3], np.vstack([X, X])):
            with pytest.raises(ValueError, match="does not fit group/X"):
                file.append("group/X", block)


def test_a_full_disk_is_told_and_what_was_written_is_kept(destination):
    arrays = {"X": ((100_000, 4), np.dtype(np.float32))}
    block = np.ones((50_000, 4), np.float32)
    with ResumableFile(destination, arrays, IDENTITY) as file:
        file.append("X", block)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        try:
            with pytest.raises(FullDiskError, match=r"cannot write .*file\.h5: .*; free space there") as raised:
                file.append("X", block)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(raised.value)
    with ResumableFile(destination, arrays, IDENTITY) as file:
        assert file.rows["X"] == 50_000
        file.append("X", block)
        file.publish(lambda h5: None)
    with h5py.File(destination) as h5:
        assert (h5["X"][...] == 1).all()


def test_a_killed_process_is_gone_on_with(destination):
    code = (
        "import os, signal, sys, numpy as np\n"
        "from datasets.storage.resumable import ResumableFile\n"
        "X = np.arange(40, dtype=np.float32).reshape(10, 4)\n"
        "arrays = {'group/X': (X.shape, X.dtype), 'y': ((10,), np.dtype(np.int32))}\n"
        "with ResumableFile(sys.argv[1], arrays, {'made_from': 'these'}) as file:\n"
        "    file.append('group/X', X[:6])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(destination)])
    assert killed.returncode == -signal.SIGKILL
    assert finish(destination) == 6
    check(destination)
