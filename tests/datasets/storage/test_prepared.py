"""Preparing, verifying and describing data sets in HDF5, on a tiny one of two files."""

import gzip
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from datasets.errors import DataError, FullDiskError, NotPreparedError
from datasets.storage import prepared
from datasets.storage.checksum import MARK, USER_BLOCK, checksum_holds
from datasets.storage.files import read_content
from datasets.storage.limits import call_limited
from datasets.storage.prepared import HDF5Source
from datasets.storage.source_files import SourceFile

CONTENTS = {"numbers": bytes(range(100)), "squares": bytes(i * i % 256 for i in range(100))}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


class Tiny(HDF5Source):
    """Files of 100 bytes."""

    name = "tiny"
    description = "100 numbers and their squares"
    location = "tiny/tiny.h5"
    format_version = 3
    prepared_bytes = 200

    def __init__(self, mirror="http://name.invalid"):
        self.files = tuple(SourceFile(name, sha256, (f"{mirror}/{name}",)) for name, sha256 in SHA256.items())

    def check_source(self, name, path):
        if len(read_content(path)) != 100:
            raise DataError(f"{path} is not 100 bytes")

    def write(self, h5, paths):
        for name, path in paths.items():
            h5[f"arrays/{name}"] = np.frombuffer(read_content(path), np.uint8).reshape(50, 2)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "numbers").write_bytes(CONTENTS["numbers"])
    (folder / "squares.gz").write_bytes(gzip.compress(CONTENTS["squares"]))
    return folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


def snapshot(root):
    """All files but the notes of what is verified."""
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".verified")
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def without_checksum(root):
    """Make of the prepared file one from before there was a checksum of the whole."""
    path = root / "tiny" / "tiny.h5"
    path.write_bytes(path.read_bytes()[USER_BLOCK:])
    return path


def edit(root, change):
    with h5py.File(without_checksum(root), "r+") as h5:
        change(h5)


def test_prepares_verifies_and_describes(source, root):
    tiny = Tiny()
    assert tiny.state(root) == "not prepared"
    assert tiny.prepare(root, source) == f"tiny: prepared, {root}/tiny/tiny.h5"
    assert tiny.state(root) == "prepared"
    assert tiny.verify(root) == f"tiny: verified, official, {root}/tiny/tiny.h5"
    assert tiny.provenance(root) == {"name": "tiny", "official": True, "sha256": SHA256}
    with tiny.open(root) as h5:
        assert h5["arrays/numbers"][...].tobytes() == CONTENTS["numbers"]
        assert json.loads(h5.attrs["sources"]) == SHA256
        assert (h5.attrs["name"], h5.attrs["format_version"], h5.attrs["official"]) == ("tiny", 3, True)
    assert {path.name for path in (root / "tiny").iterdir()} == {"tiny.h5", ".tiny.h5.verified"}


def test_preparing_again_changes_nothing_and_says_so(source, root):
    Tiny().prepare(root, source)
    before = snapshot(root)
    for arguments in ((), (source,), (source, True), (None, True), (root / "absent",)):
        line = Tiny().prepare(root, *arguments)
        assert line == f"tiny: verified, official, {root}/tiny/tiny.h5 (already prepared, nothing to do)"
    assert snapshot(root) == before


def test_a_wrong_checksum_is_refused_unless_allowed_and_then_recorded(source, root):
    (source / "numbers").write_bytes(bytes(100))
    with pytest.raises(DataError, match=r"numbers: wrong checksum .*--allow-unofficial") as raised:
        Tiny().prepare(root, source)
    assert "\n" not in str(raised.value)
    assert snapshot(root.parent / "root") == {}
    line = Tiny().prepare(root, source, allow_unofficial=True)
    assert line == f"tiny: prepared, UNOFFICIAL, {root}/tiny/tiny.h5"
    assert Tiny().state(root) == "prepared, unofficial"
    assert "verified, UNOFFICIAL" in Tiny().verify(root)
    expected = {**SHA256, "numbers": hashlib.sha256(bytes(100)).hexdigest()}
    assert Tiny().provenance(root) == {"name": "tiny", "official": False, "sha256": expected}
    before = snapshot(root)
    assert "already prepared" in Tiny().prepare(root, allow_unofficial=True)
    assert "already prepared" in Tiny().prepare(root, source, allow_unofficial=True)
    assert snapshot(root) == before


def test_unofficial_gives_way_to_official_and_to_another_that_is_named(source, root):
    Tiny().prepare(root, source)
    (source / "numbers").write_bytes(bytes(100))
    Tiny().prepare(root, source, allow_unofficial=True)
    assert Tiny().state(root) == "prepared, unofficial"
    with pytest.raises(DataError, match="wrong checksum"):
        Tiny().prepare(root, source)
    (source / "numbers").write_bytes(CONTENTS["numbers"])
    Tiny().prepare(root, source)
    assert Tiny().state(root) == "prepared"


def test_what_is_not_in_the_format_is_refused_even_if_unofficial_is_allowed(source, root):
    Tiny().prepare(root, source)
    before = snapshot(root)
    (source / "numbers").write_bytes(bytes(99))
    with pytest.raises(DataError, match="numbers is not 100 bytes"):
        Tiny().prepare(root, source, allow_unofficial=True)
    (source / "numbers").write_bytes(gzip.compress(bytes(100))[:-3])
    with pytest.raises(DataError, match="numbers is a truncated or damaged gzip file"):
        Tiny().prepare(root, source, allow_unofficial=True)
    assert snapshot(root) == before


def test_files_already_under_the_root_are_used_and_the_rest_downloaded(source, root):
    served = root.parent / "server"
    served.mkdir()
    (served / "squares").write_bytes(CONTENTS["squares"])
    (root / "tiny").mkdir(parents=True)
    (root / "tiny" / "numbers").write_bytes(CONTENTS["numbers"])
    Tiny(mirror=served.as_uri()).prepare(root)
    assert Tiny().state(root) == "prepared"


def test_downloads_must_be_official(root):
    served = root.parent / "server"
    served.mkdir()
    for name in CONTENTS:
        (served / name).write_bytes(bytes(100))
    with pytest.raises(DataError, match="numbers: a file with another checksum"):
        Tiny(mirror=served.as_uri()).prepare(root, allow_unofficial=True)
    assert Tiny().state(root) == "not prepared"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h5: h5["arrays/numbers"].__setitem__((7, 1), 0), "the bytes of /arrays/numbers have changed"),
        (lambda h5: h5["arrays/numbers"].attrs.__delitem__("sha256"), "sha256"),
        (lambda h5: h5.__delitem__("arrays"), "it holds no arrays"),
        (lambda h5: h5.attrs.__setitem__("sources", "{}"), "calls itself official"),
        (lambda h5: h5.attrs.__setitem__("official", False), "calls itself official|its checksums"),
        (lambda h5: h5.attrs.__setitem__("sources", "{"), "damaged"),
        (lambda h5: h5.attrs.__setitem__("sources", 3), "damaged"),
        (lambda h5: h5.attrs.__setitem__("format_version", 2), "prepared by another version; delete it"),
        (lambda h5: h5.attrs.__setitem__("name", "mnist"), "holds mnist; move it away"),
    ],
)
def test_changed_files_are_found_and_prepared_anew(source, root, change, message):
    Tiny().prepare(root, source)
    edit(root, change)
    with pytest.raises(DataError, match=message) as raised:
        Tiny().verify(root)
    assert f"run: python -m reproduce data prepare tiny --data {root}" in str(raised.value)
    assert "\n" not in str(raised.value)
    Tiny().prepare(root, source)
    assert "verified, official" in Tiny().verify(root)


def test_state_tells_of_an_unusable_file(source, root):
    Tiny().prepare(root, source)
    (root / "tiny" / "tiny.h5").write_bytes(b"nonsense")
    assert Tiny().state(root).startswith(f"unusable: {root}/tiny/tiny.h5 is damaged")


@pytest.fixture
def calls(monkeypatch):
    """The list of what is verified how, as it happens: by the checksum of all bytes, or in a child process."""
    made = []

    def noting(function):
        def call(*arguments, **options):
            made.append(function.__name__)
            return function(*arguments, **options)

        return call

    for function in (checksum_holds, call_limited):
        monkeypatch.setattr(prepared, function.__name__, noting(function))
    return made


def test_a_file_is_read_through_again_only_after_it_has_changed(source, root, calls):
    Tiny().prepare(root, source)
    for _ in range(3):
        Tiny().provenance(root)
        Tiny().read(root, "arrays/numbers")
    assert calls == ["checksum_holds"]
    os.utime(root / "tiny" / "tiny.h5", ns=(1, 1))
    Tiny().provenance(root)
    assert calls == ["checksum_holds"] * 2
    Tiny().verify(root)
    assert calls == ["checksum_holds"] * 3, "who asks for it gets it"
    assert "already prepared" in Tiny().prepare(root, source)
    assert calls == ["checksum_holds"] * 4, "once is enough"


def test_a_file_from_before_the_checksum_is_verified_by_its_arrays_once(source, root, calls):
    Tiny().prepare(root, source)
    without_checksum(root)
    for _ in range(2):
        assert Tiny().read(root, "arrays/squares")[0].tobytes() == CONTENTS["squares"]
    assert calls == ["checksum_holds", "call_limited", "call_limited"]
    assert "already prepared" in Tiny().prepare(root, source)


def test_damage_is_found_wherever_it_is_before_hdf5_opens_the_file(source, root, monkeypatch):
    Tiny().prepare(root, source)
    path = root / "tiny" / "tiny.h5"
    whole = path.read_bytes()
    monkeypatch.setattr("h5py.File", None)
    rng = np.random.RandomState(0)
    flipped = []
    for place in (0, len(MARK), USER_BLOCK - 1, USER_BLOCK, *rng.randint(len(whole), size=150)):
        flipped.append(bytearray(whole))
        flipped[-1][place] ^= 1 << rng.randint(8)
    for content in (*flipped, *(whole[:size] for size in rng.randint(len(whole), size=50)), whole + b"\0"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"tiny\.h5 is damaged \(it.*\); delete it, then run: python -m reproduce"):
            Tiny().read(root, "arrays/numbers")


def test_what_verifying_finds_is_not_outweighed_by_an_earlier_note(source, root):
    """A disk that changes bytes changes no time."""
    Tiny().prepare(root, source)
    Tiny().verify(root)
    path = root / "tiny" / "tiny.h5"
    times = path.stat()
    with open(path, "r+b") as file:
        file.seek(1000)
        file.write(b"x")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(DataError, match="its checksum does not hold"):
        Tiny().verify(root)
    with pytest.raises(DataError, match="its checksum does not hold"):
        Tiny().provenance(root)


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("wrong"), OSError("no connection")])
def test_a_callers_own_error_is_no_damage(source, root, error):
    Tiny().prepare(root, source)
    with pytest.raises(type(error)) as raised, Tiny().open(root):
        raise error
    assert raised.value is error


def test_an_array_that_cannot_be_read_is_damage(source, root):
    Tiny().prepare(root, source)
    assert [array.shape for array in Tiny().read(root, "arrays/numbers", "arrays/squares")] == [(50, 2), (50, 2)]
    with pytest.raises(DataError, match=r"tiny\.h5 is damaged \(.*cubes.*\); delete it, then run: python -m reproduce"):
        Tiny().read(root, "arrays/numbers", "arrays/cubes")


def process(root, source, end):
    """Start another process that prepares the tiny data set and stops in the middle of it."""
    code = (
        f"import os, signal, sys; sys.path[:0] = [{os.path.dirname(__file__)!r}]\n"
        "from test_prepared import Tiny\n"
        "class Stopped(Tiny):\n"
        "    def write(self, h5, paths):\n"
        f"        h5['half'] = 1; h5.flush(); print('begun', flush=True); {end}\n"
        f"Stopped().prepare({str(root)!r}, {str(source)!r})\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_what_a_killed_preparation_left_is_removed_by_the_next(source, root):
    with process(root, source, "os.kill(os.getpid(), signal.SIGKILL)") as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    left = {path.name for path in (root / "tiny").iterdir()}
    assert len(left) == 2 and any(name.endswith(".tmp") for name in left)
    (root / "tiny" / ".other.h5.0123.tmp").write_bytes(b"another file's")
    assert Tiny().state(root) == "not prepared"
    Tiny().prepare(root, source)
    assert {path.name for path in (root / "tiny").iterdir()} == {"tiny.h5", ".other.h5.0123.tmp"}
    assert "verified, official" in Tiny().verify(root)


def test_two_processes_do_not_prepare_at_once(source, root):
    with process(root, source, "sys.stdin.read()") as other:
        assert other.stdout.readline() == "begun\n"
        before = snapshot(root)
        with pytest.raises(DataError, match=r"another process is preparing .*tiny\.h5; wait until it has ended"):
            Tiny().prepare(root, source)
        assert snapshot(root).keys() == before.keys()
        other.kill()


def test_what_is_not_prepared_names_the_command(root):
    command = f"run: python -m reproduce data prepare tiny --data {root}"
    for ask in (Tiny().verify, Tiny().provenance):
        with pytest.raises(NotPreparedError, match=command):
            ask(root)


@pytest.mark.filterwarnings("error")  # HDF5's second thoughts would be tracebacks on the user's screen
def test_a_full_disk_leaves_what_was_there(source, root):
    Tiny().prepare(root, source)
    before = snapshot(root)
    (source / "numbers").write_bytes(bytes(100))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(FullDiskError, match=r"cannot write .*tiny\.h5: .*; free space there") as raised:
            Tiny().prepare(root, source, allow_unofficial=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(raised.value)
    assert snapshot(root) == before


def test_too_little_space_is_reported_before_anything_is_written(source, root, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 199}))
    with pytest.raises(FullDiskError, match=r"tiny has 199 bytes free, 200 are needed; free space or choose"):
        Tiny().prepare(root, source)
    assert snapshot(root) == {}
