"""Reading plain and gzipped files; writing atomically."""

import contextlib
import errno
import gzip
import hashlib
import os
import resource

import h5py
import numpy as np
import pytest

from datasets.errors import CannotWriteError, DataError, FullDiskError
from datasets.storage import files
from datasets.storage.files import checksums, read_content, replacing, write_text


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("content", [b"", b"x", b"\x1f", b"words\n" * 500_000])
def test_content_is_uncompressed_whatever_the_name(tmp_path, compress, content):
    path = tmp_path / "file.dat"
    path.write_bytes(compress(content))
    assert read_content(path) == content
    assert checksums(path)["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_git_blob_id_is_gits(tmp_path):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"hello\n"))
    # As `echo hello | git hash-object --stdin` prints it.
    assert checksums(path, ["git_blob"]) == {"git_blob": "ce013625030ba8dba906f756967f9e9ca394464a"}


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*: Is a directory"):
        checksums(tmp_path)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@contextlib.contextmanager
def largest_file(size):
    """Let no file of this process grow beyond `size` bytes, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    destination = tmp_path / "new" / "folder" / "file"
    with replacing(destination) as temporary:
        temporary.write_text("whole")
        assert not destination.exists()
    assert contents(destination.parent) == {"file": "whole"}


def test_text_replaces_text(tmp_path):
    write_text(tmp_path / "file", "old")
    write_text(tmp_path / "file", "new α")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": "new α".encode()}


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        ValueError("wrong"),
        RuntimeError("wrong"),
        OSError(errno.EIO, "Input/output error"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "some other file"),
    ],
)
def test_what_fails_in_the_block_passes_as_it_is_and_leaves_what_was_there(tmp_path, error):
    destination = tmp_path / "file"
    destination.write_text("old")
    with pytest.raises(BaseException) as raised, replacing(destination) as temporary:
        temporary.write_text("half")
        raise error
    assert raised.value is error
    assert contents(tmp_path) == {"file": "old"}


def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path):
    destination = tmp_path / "file"
    destination.write_text("old")
    with pytest.raises(FullDiskError) as raised, largest_file(1000), replacing(destination) as temporary:
        temporary.write_bytes(bytes(2000))
    message = f"cannot write {destination}: File too large; free space there or choose another folder"
    assert str(raised.value) == message
    assert contents(tmp_path) == {"file": "old"}


def test_a_full_disk_that_hdf5_finds_is_reported_as_any_other(tmp_path):
    """HDF5's own message has two lines and a memory address."""
    path = tmp_path / "file.h5"
    with pytest.raises(FullDiskError) as raised, replacing(path) as temporary, h5py.File(temporary, "w") as h5:
        array = h5.create_dataset("array", (100_000,), np.float32)
        with largest_file(10_000):
            array[...] = np.ones(100_000)
            h5.flush()
    assert str(raised.value) == f"cannot write {path}: File too large; free space there or choose another folder"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_used_up_quota_is_a_full_disk(tmp_path, code):
    message = rf"cannot write .*file: {os.strerror(code)}; free space"
    with pytest.raises(FullDiskError, match=message), replacing(tmp_path / "file"):
        raise OSError(code, os.strerror(code))


def test_another_error_in_writing_is_not_reported_as_a_full_disk(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(CannotWriteError) as raised, replacing(tmp_path / "data" / "mnist" / "mnist.h5"):
        pass
    assert str(raised.value).endswith("mnist.h5: Not a directory; choose another place for it")
    assert not isinstance(raised.value, FullDiskError)
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotWriteError, match="Is a directory; choose another place for it"):
        write_text(tmp_path / "folder", "text")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_the_users_umask_decides_who_may_read(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file", "")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_early(tmp_path, monkeypatch):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(4 << 20)))
    assert len(read_content(path)) == 4 << 20
    monkeypatch.setattr(files, "SMALL", 1 << 20)
    with pytest.raises(DataError, match=r"bomb\.gz unpacks to more than 1,048,576 bytes"):
        read_content(path)
    monkeypatch.setattr(files, "EXPANSION", (4 << 20) // path.stat().st_size + 1)
    assert len(read_content(path)) == 4 << 20
