"""Finding source files on a disk, and fetching those that are not there."""

import gzip
import hashlib

import pytest

from datasets.errors import DataError
from datasets.storage.source_files import SourceFile, files_on_disk, files_or_downloads

ONE = SourceFile("one.txt", hashlib.sha256(b"one").hexdigest(), ("http://name.invalid/one.txt.gz",))
TWO = SourceFile("two.txt", None, ("http://name.invalid/two.txt",))


def test_a_folder_holds_the_files_plain_or_gzipped(tmp_path):
    (tmp_path / "one.txt.gz").write_bytes(gzip.compress(b"one"))
    (tmp_path / "two.txt").write_bytes(b"two")
    expected = {"one.txt": tmp_path / "one.txt.gz", "two.txt": tmp_path / "two.txt"}
    assert files_on_disk((ONE, TWO), tmp_path) == expected
    assert files_on_disk((ONE, TWO), tmp_path / "two.txt") == expected
    (tmp_path / "one.txt").write_bytes(b"one")
    assert files_on_disk((ONE,), str(tmp_path)) == {"one.txt": tmp_path / "one.txt"}


def test_a_single_file_may_have_any_name(tmp_path):
    (tmp_path / "renamed").write_bytes(b"one")
    assert files_on_disk((ONE,), tmp_path / "renamed") == {"one.txt": tmp_path / "renamed"}


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r"absent does not exist; --from wants"):
        files_on_disk((ONE,), tmp_path / "absent")
    (tmp_path / "one.txt").write_bytes(b"one")
    with pytest.raises(DataError, match=r"lacks two\.txt \(plain or \.gz\)"):
        files_on_disk((ONE, TWO), tmp_path)


def test_only_what_is_not_there_is_downloaded(tmp_path):
    (tmp_path / "one.txt").write_bytes(b"one")
    assert files_or_downloads((ONE,), tmp_path) == {"one.txt": tmp_path / "one.txt"}
    served = tmp_path / "server" / "two.txt.gz"
    served.parent.mkdir()
    served.write_bytes(gzip.compress(b"two"))
    two = SourceFile("two.txt", hashlib.sha256(b"two").hexdigest(), (served.as_uri(),))
    found = files_or_downloads((ONE, two), tmp_path)
    assert found["two.txt"] == tmp_path / "two.txt.gz"
    assert found["two.txt"].read_bytes() == served.read_bytes()


@pytest.mark.parametrize("name", ["one.txt", "one.txt.gz", "one-1.txt", "one-1.txt.gz"])
def test_a_file_is_found_under_each_of_its_names(tmp_path, name):
    file = SourceFile("one.txt", None, aliases=("one-1.txt",))
    assert file.find(tmp_path) is None
    (tmp_path / name).write_bytes(b"")
    assert file.find(tmp_path) == tmp_path / name


def test_checksums_match_as_far_as_they_are_known(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    sha256, md5 = hashlib.sha256(b"one").hexdigest(), hashlib.md5(b"one").hexdigest()
    blob = hashlib.sha1(b"blob 3\0one").hexdigest()
    for known in ({}, {"md5": md5}, {"git_blob": blob}, {"md5": md5, "git_blob": blob}):
        file = SourceFile("one.txt", None, **known)
        assert file.checksums(path) == {"sha256": sha256, **known}
        assert file.matches(file.checksums(path))
        for kind in known:
            assert not file.matches({**file.checksums(path), kind: "0" * len(known[kind])})
    assert ONE.matches(ONE.checksums(path))
    path.write_bytes(b"two")
    assert not ONE.matches(ONE.checksums(path))
