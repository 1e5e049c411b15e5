"""What is remembered of a file that was verified."""

import os
import subprocess
import sys

import pytest

from datasets.storage import verified
from datasets.storage.verified import is_verified, verifying


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def another_process(monkeypatch):
    """Forget what is known of this process alone."""
    return lambda: monkeypatch.setattr(verified, "_in_this_process", set())


def verify(path):
    with verifying(path):
        pass


def moved(path):
    other = path.with_name("b.h5")
    os.rename(path, other)
    os.rename(path.with_name(".a.h5.verified"), path.with_name(".b.h5.verified"))
    return other


def replaced(path):
    """A file of the same size and time."""
    times, copy = path.stat(), path.with_name("copy")
    copy.write_bytes(b"CONTENT")
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.replace(copy, path)
    return path


def test_it_holds_in_later_processes(path, another_process):
    assert not is_verified(path)
    verify(path)
    assert is_verified(path)
    another_process()
    assert is_verified(path)
    code = "import pathlib, sys; from datasets.storage.verified import *; print(is_verified(pathlib.Path(sys.argv[1])))"
    assert subprocess.check_output([sys.executable, "-c", code, path], text=True) == "True\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"content and more") and path,
        lambda path: os.utime(path, ns=(0, path.stat().st_mtime_ns + 1)) or path,
        replaced,
        moved,
    ],
)
def test_a_changed_file_is_not_verified(path, change, another_process):
    verify(path)
    path = change(path)
    assert not is_verified(path)
    another_process()
    assert not is_verified(path)
    verify(path)
    assert is_verified(path)


def test_a_change_while_it_is_read_shows(path):
    with verifying(path):
        path.write_bytes(b"other content")
    assert not is_verified(path)


def test_a_failure_is_remembered(path, another_process):
    verify(path)
    with pytest.raises(ValueError), verifying(path):
        raise ValueError
    assert not is_verified(path)
    another_process()
    assert not is_verified(path)


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"{", b"[]"])
def test_a_damaged_note_says_nothing(path, note, another_process):
    verify(path)
    path.with_name(".a.h5.verified").write_bytes(note)
    another_process()
    assert not is_verified(path)


def test_where_no_note_can_be_written_it_holds_in_this_process(path, another_process):
    path.with_name(".a.h5.verified").mkdir()  # as good as a read-only folder, for root too
    verify(path)
    assert is_verified(path)
    another_process()
    assert not is_verified(path)
    with pytest.raises(ValueError), verifying(path):
        raise ValueError
