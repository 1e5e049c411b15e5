"""War and Peace and the Linux kernel as entries of the catalog: prepared, or refused."""

import dataclasses
import gzip
import hashlib
import random
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import h5py
import numpy as np
import pytest

from datasets.errors import DataError, NotPreparedError
from datasets.storage.checksum import write_checksum
from datasets.text import CharacterCorpus
from datasets.text.source import MIRRORS, LinuxKernel, WarAndPeace

ENTRIES = [WarAndPeace, LinuxKernel]


def look_alike(entry, seed=0):
    """A text with the size and vocabulary size of an entry's own."""
    repeated = bytes(random.Random(seed).sample(range(256), entry.vocabulary_size)) * 700
    return (repeated * (entry.characters // len(repeated) + 1))[: entry.characters]


@pytest.fixture(scope="module")
def texts():
    return {entry: look_alike(entry) for entry in ENTRIES}


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_the_files_are(entry):
    (file,) = entry.files
    assert file.mirrors == tuple(mirror + file.name for mirror in MIRRORS)
    assert [mirror.partition(":")[0] for mirror in MIRRORS] == ["https", "http", "https"]
    assert (file.sha256 is None) != (file.git_blob is None)
    assert f"{entry.characters:,}" in entry.description
    assert str(entry.vocabulary_size) in entry.description


@pytest.fixture
def linux(texts):
    """The Linux kernel's source, whose official text is the stand-in."""
    entry = LinuxKernel()
    content = texts[LinuxKernel]
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry.files = (dataclasses.replace(entry.files[0], git_blob=blob),)
    return entry


@pytest.mark.parametrize("as_folder", [True, False])
@pytest.mark.parametrize("compressed", [True, False])
def test_the_linux_kernel_is_recognized_by_its_git_blob_id(tmp_path, texts, linux, as_folder, compressed):
    content = texts[LinuxKernel]
    path = tmp_path / ("linux_input.txt.gz" if compressed else "linux_input.txt")
    path.write_bytes(gzip.compress(content, 1) if compressed else content)
    assert linux.state(tmp_path) == "not prepared"
    done = linux.prepare(tmp_path, tmp_path if as_folder else path)
    assert done == f"linux_kernel: prepared, {tmp_path}/linux_kernel/linux_kernel.h5"
    assert linux.state(tmp_path) == "prepared"
    assert "verified, official" in linux.verify(tmp_path)
    expected = {
        "name": "linux_kernel",
        "official": True,
        "sha256": {"linux_input.txt": hashlib.sha256(content).hexdigest()},
    }
    assert linux.provenance(tmp_path) == expected
    corpus = CharacterCorpus.prepared(linux, tmp_path)
    assert corpus.provenance == expected
    assert bytes(np.frombuffer(corpus.vocabulary, np.uint8)[corpus.indices]) == content
    assert [part.length for part in corpus.split(100, 100, 0.9, 0.05)] == [5_580_001, 310_001, 310_001]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_text_that_only_has_the_right_size_and_vocabulary_is_unofficial(tmp_path, texts, entry):
    path = tmp_path / "other.txt"
    path.write_bytes(texts[entry])
    with pytest.raises(DataError, match=rf"not the official {entry.files[0].name}: wrong checksum"):
        entry().prepare(tmp_path, path)
    assert entry().state(tmp_path) == "not prepared"
    assert "prepared, UNOFFICIAL" in entry().prepare(tmp_path, path, allow_unofficial=True)
    assert "verified, UNOFFICIAL" in entry().verify(tmp_path)
    assert set(entry().provenance(tmp_path)) == {"name", "official", "sha256"}
    assert len(CharacterCorpus.prepared(entry(), tmp_path).vocabulary) == entry.vocabulary_size


def test_a_file_from_before_the_blob_id_was_known_is_prepared_anew(tmp_path, texts, linux):
    path = tmp_path / "linux_input.txt"
    path.write_bytes(texts[LinuxKernel])
    linux.prepare(tmp_path, path)
    with h5py.File(linux.path(tmp_path), "r+") as h5:
        h5.attrs["format_version"] = 1
        del h5.attrs["git_blob"]
    write_checksum(linux.path(tmp_path))
    assert "prepared by another version; delete it" in linux.state(tmp_path)
    with pytest.raises(DataError, match="prepared by another version; delete it"):
        linux.verify(tmp_path)
    assert "prepared, " in linux.prepare(tmp_path, path)
    assert linux.state(tmp_path) == "prepared"


def test_the_released_order_is_of_the_official_war_and_peace_only(tmp_path, texts):
    path = tmp_path / "other.txt"
    path.write_bytes(texts[WarAndPeace])
    WarAndPeace().prepare(tmp_path, path, allow_unofficial=True)
    with pytest.raises(DataError, match="official War and Peace only, not for war_and_peace"):
        CharacterCorpus.prepared(WarAndPeace(), tmp_path, vocabulary_order="released")


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("change", ["empty", "short", "long", "more kinds", "fewer kinds"])
def test_a_file_of_another_size_or_vocabulary_is_refused_even_if_unofficial_is_allowed(
    tmp_path, texts, entry, change
):
    content = texts[entry]
    other = next(byte for byte in range(256) if byte not in content)
    content = {
        "empty": b"",
        "short": content[:-1],
        "long": content + content[:1],
        "more kinds": content[:-1] + bytes([other]),
        "fewer kinds": content.replace(content[:1], content[1:2]),
    }[change]
    path = tmp_path / entry.files[0].name
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"has {len(content):,} bytes, {len(set(content))} different ones") as raised:
        entry().prepare(tmp_path / "root", path, allow_unofficial=True)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    assert f"{entry.characters:,} and {entry.vocabulary_size}" in str(raised.value)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_missing_corpus_names_the_command(tmp_path, entry):
    command = f"run: python -m reproduce data prepare {entry.name} --data {tmp_path}"
    with pytest.raises(NotPreparedError, match=command):
        CharacterCorpus.prepared(entry(), tmp_path)


def test_a_changed_byte_is_noticed(tmp_path, texts, linux):
    entry, path = linux, tmp_path / "linux_input.txt"
    path.write_bytes(texts[LinuxKernel])
    entry.prepare(tmp_path, path)
    with h5py.File(entry.path(tmp_path), "r+") as h5:
        assert h5["text"].dtype == np.uint8
        h5["text"][1000] ^= 1
    with pytest.raises(DataError, match="its checksum does not hold"):
        entry.verify(tmp_path)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """The address of a server of the folder ``served``."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_downloads_the_right_text_from_the_first_mirror_that_has_it(tmp_path, texts, linux, server):
    other = texts[LinuxKernel][::-1]
    (tmp_path / "served" / "other.txt").write_bytes(other)
    (tmp_path / "served" / "linux_input.txt").write_bytes(texts[LinuxKernel])
    mirrors = tuple(f"{server}/{name}" for name in ("no.txt", "other.txt", "linux_input.txt"))
    linux.files = (dataclasses.replace(linux.files[0], mirrors=mirrors),)
    assert linux.prepare(tmp_path / "prepared") == (
        f"linux_kernel: prepared, {tmp_path}/prepared/linux_kernel/linux_kernel.h5"
    )
    assert len(CharacterCorpus.prepared(linux, tmp_path / "prepared").indices) == LinuxKernel.characters


def test_real_war_and_peace_is_official(tmp_path, war_and_peace):
    entry, source = WarAndPeace(), tmp_path / "warpeace_input.txt"
    source.write_bytes(war_and_peace)
    entry.prepare(tmp_path, source)
    assert "verified, official" in entry.verify(tmp_path)
    assert entry.path(tmp_path).stat().st_size == pytest.approx(entry.prepared_bytes, rel=0.1)
    sorted_order = CharacterCorpus.prepared(entry, tmp_path).vocabulary
    released_order = CharacterCorpus.prepared(entry, tmp_path, vocabulary_order="released").vocabulary
    assert bytes(sorted(released_order)) == sorted_order != released_order
