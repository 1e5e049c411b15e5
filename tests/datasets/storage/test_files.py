"""Reading plain and gzipped files; writing atomically."""

import gzip
import hashlib
import os
import resource

import pytest

from datasets.errors import DataError, FullDiskError
from datasets.storage.files import checksums, read_content, written_atomically


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("content", [b"", b"x", b"\x1f", b"words\n" * 500_000])
def test_content_is_uncompressed_whatever_the_name(tmp_path, compress, content):
    path = tmp_path / "file.dat"
    path.write_bytes(compress(content))
    assert read_content(path) == content
    assert checksums(path)["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*: Is a directory"):
        checksums(tmp_path)


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    destination = tmp_path / "new" / "folder" / "file"
    with written_atomically(destination) as temporary:
        temporary.write_text("whole")
        assert not destination.exists()
    assert destination.read_text() == "whole"
    assert [path.name for path in destination.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interruption_leaves_what_was_there(tmp_path, error):
    destination = tmp_path / "file"
    destination.write_text("old")
    with pytest.raises(error), written_atomically(destination) as temporary:
        temporary.write_text("half")
        raise error
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "old"}


def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path):
    destination = tmp_path / "file"
    destination.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with (
            pytest.raises(FullDiskError, match=r"cannot write .*file: File too large; free space"),
            written_atomically(destination) as temporary,
        ):
            temporary.write_bytes(bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "old"}


def test_a_file_in_the_way_of_the_folder(tmp_path):
    (tmp_path / "data").write_text("a file")
    with (
        pytest.raises(DataError, match=r"cannot write .*; free space there or choose another folder") as raised,
        written_atomically(tmp_path / "data" / "mnist" / "mnist.h5"),
    ):
        pass
    assert not isinstance(raised.value, FullDiskError)


def test_the_users_umask_decides_who_may_read(tmp_path):
    before = os.umask(0o022)
    try:
        with written_atomically(tmp_path / "file") as temporary:
            temporary.write_text("")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
