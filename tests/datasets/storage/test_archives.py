"""Reading files out of tar archives, and the archives that are refused."""

import io
import tarfile
import tracemalloc

import pytest

from datasets.errors import DataError
from datasets.storage.archives import read_members

CONTENTS = {"first.bin": b"1234", "second.bin": b"56"}
SIZES = {"first.bin": 4, "second.bin": 2}


def member(name, **attributes):
    info = tarfile.TarInfo(name)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


@pytest.fixture
def archive(tmp_path):
    """Return a function that writes an archive of the two files and more members."""

    def write(*more, contents=CONTENTS, mode="w:gz"):
        path = tmp_path / "archive.tar.gz"
        with tarfile.open(path, mode) as tar:
            tar.addfile(member("folder", type=tarfile.DIRTYPE))
            for name, content in contents.items():
                tar.addfile(member(f"folder/{name}", size=len(content)), io.BytesIO(content))
            for info in more:
                tar.addfile(info, io.BytesIO(bytes(info.size)))
        return path

    return write


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_files_are_found_in_whatever_folder(archive, mode):
    assert read_members(archive(member("folder/readme", size=9), mode=mode), SIZES) == CONTENTS


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (member("../escaped", size=1), r"holds the path '../escaped', which leads out of it"),
        (member("folder/../../first.bin", size=4), "leads out of it"),
        (member("/etc/absolute", size=1), "holds the path '/etc/absolute'"),
        (member("folder/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "'folder/link', a link"),
        (member("folder/link", type=tarfile.LNKTYPE, linkname="first.bin"), "a link or device"),
        (member("folder/pipe", type=tarfile.FIFOTYPE), "a link or device"),
        (member("other/first.bin", size=4), "holds first.bin twice"),
    ],
)
def test_harmful_archives_are_refused(archive, tmp_path, more, message):
    path = archive(more)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=message) as raised:
        read_members(path, SIZES)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_and_resized_files_are_reported(archive):
    with pytest.raises(DataError, match=r"lacks third\.bin; get it again"):
        read_members(archive(), {**SIZES, "third.bin": 1})
    with pytest.raises(DataError, match=r"second\.bin with 2 bytes, expected 3"):
        read_members(archive(), {**SIZES, "second.bin": 3})


@pytest.mark.parametrize("keep", [0, 1, 20, 90])
def test_damaged_archives_are_reported(archive, keep):
    path = archive()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="truncated or damaged archive") as raised:
        read_members(path, SIZES)
    assert "\n" not in str(raised.value)


def test_what_is_no_file_is_reported(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*: Is a directory"):
        read_members(tmp_path, SIZES)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_claims_gigabytes_is_refused_before_they_are_reserved(tmp_path, kind):
    path = tmp_path / "archive.tar"
    path.write_bytes(member("name", type=kind, size=7 << 30).tobuf() + bytes(2048))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"damaged archive \(a header of 7,516,192,768 bytes\)"):
            read_members(path, SIZES)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
