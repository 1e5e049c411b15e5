"""War and Peace and the Linux kernel as entries of the catalog: prepared, or refused."""

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
from datasets.storage.source_files import SourceFile
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
    assert [mirror.partition(":")[0] for mirror in MIRRORS] == ["https", "http"]
    assert f"{entry.characters:,}" in entry.description
    assert str(entry.vocabulary_size) in entry.description


@pytest.mark.parametrize("as_folder", [True, False])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_file_of_the_right_size_and_vocabulary_is_the_linux_kernel(tmp_path, texts, as_folder, compressed):
    content, entry = texts[LinuxKernel], LinuxKernel()
    path = tmp_path / ("linux_input.txt.gz" if compressed else "linux_input.txt")
    path.write_bytes(gzip.compress(content, 1) if compressed else content)
    assert entry.state(tmp_path) == "not prepared"
    done = entry.prepare(tmp_path, tmp_path if as_folder else path)
    assert done == f"linux_kernel: prepared, {tmp_path}/linux_kernel/linux_kernel.h5"
    assert entry.state(tmp_path) == "prepared"
    assert "verified, official" in entry.verify(tmp_path)
    expected = {
        "name": "linux_kernel",
        "official": True,
        "sha256": {"linux_input.txt": hashlib.sha256(content).hexdigest()},
        "recognized_by": "size and vocabulary",
    }
    assert entry.provenance(tmp_path) == expected
    corpus = entry.corpus(tmp_path)
    assert corpus.provenance == expected
    assert bytes(np.frombuffer(corpus.vocabulary, np.uint8)[corpus.indices]) == content
    assert [part.length for part in corpus.split(100, 100, 0.9, 0.05)] == [5_580_001, 310_001, 310_001]


def test_another_text_of_war_and_peaces_size_is_unofficial_and_only_on_request(tmp_path, texts):
    entry, path = WarAndPeace(), tmp_path / "other.txt"
    path.write_bytes(texts[WarAndPeace])
    with pytest.raises(DataError, match=r"not the official warpeace_input\.txt: wrong checksum"):
        entry.prepare(tmp_path, path)
    assert entry.state(tmp_path) == "not prepared"
    assert "prepared, UNOFFICIAL" in entry.prepare(tmp_path, path, allow_unofficial=True)
    assert "verified, UNOFFICIAL" in entry.verify(tmp_path)
    assert set(entry.provenance(tmp_path)) == {"name", "official", "sha256"}
    assert len(entry.corpus(tmp_path).vocabulary) == 87
    with pytest.raises(DataError, match="official War and Peace only, not for war_and_peace"):
        entry.corpus(tmp_path, vocabulary_order="released")


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
    with pytest.raises(DataError, match=f"has {len(content):,} bytes of {len(set(content))} kinds") as raised:
        entry().prepare(tmp_path / "root", path, allow_unofficial=True)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    assert f"{entry.characters:,} of {entry.vocabulary_size}" in str(raised.value)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_missing_corpus_names_the_command(tmp_path, entry):
    command = f"run: python -m reproduce data prepare {entry.name} --data {tmp_path}"
    with pytest.raises(NotPreparedError, match=command):
        entry().corpus(tmp_path)


def test_a_changed_byte_is_noticed(tmp_path, texts):
    entry, path = LinuxKernel(), tmp_path / "linux_input.txt"
    path.write_bytes(texts[LinuxKernel])
    entry.prepare(tmp_path, path)
    with h5py.File(entry.path(tmp_path), "r+") as h5:
        assert h5["text"].dtype == np.uint8
        h5["text"][1000] ^= 1
    with pytest.raises(DataError, match="bytes of /text have changed"):
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


def test_downloads_from_the_first_mirror_that_answers(tmp_path, texts, server):
    class Served(LinuxKernel):
        files = (SourceFile("linux_input.txt", None, (f"{server}/no.txt", f"{server}/linux_input.txt")),)

    (tmp_path / "served" / "linux_input.txt").write_bytes(texts[LinuxKernel])
    assert Served().prepare(tmp_path / "root") == (
        f"linux_kernel: prepared, {tmp_path}/root/linux_kernel/linux_kernel.h5"
    )
    assert len(Served().corpus(tmp_path / "root").indices) == LinuxKernel.characters


def test_real_war_and_peace_is_official(tmp_path, shared):
    entry = WarAndPeace()
    entry.prepare(tmp_path, shared / "datasets" / "text")
    assert "verified, official" in entry.verify(tmp_path)
    assert entry.path(tmp_path).stat().st_size == pytest.approx(entry.prepared_bytes, rel=0.1)
    sorted_order = entry.corpus(tmp_path).vocabulary
    released_order = entry.corpus(tmp_path, vocabulary_order="released").vocabulary
    assert bytes(sorted(released_order)) == sorted_order != released_order
