"""MNIST's four files: made into HDF5, or refused."""

import functools
import gzip
import shutil
import struct
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from datasets.errors import DataError
from datasets.mnist.source import MIRRORS, OFFICIAL_FILES, MNISTSource
from datasets.storage.files import checksums
from datasets.storage.source_files import SourceFile
from tests.idx_bytes import idx_bytes

LABELS, IMAGES = "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"


def test_every_file_has_a_checksum_and_all_mirrors():
    assert len({file.sha256 for file in OFFICIAL_FILES}) == 4
    for file in OFFICIAL_FILES:
        assert len(file.sha256) == 64
        assert file.mirrors == tuple(mirror + file.name + ".gz" for mirror in MIRRORS)


def test_the_arrays_are_the_files_bytes(mnist_root, mnist_arrays):
    with MNISTSource().open(mnist_root) as h5:
        for which_set, (images, labels) in mnist_arrays.items():
            assert h5[which_set]["X"].dtype == h5[which_set]["y"].dtype == np.uint8
            np.testing.assert_array_equal(h5[which_set]["X"][...], images.reshape(len(images), -1))
            np.testing.assert_array_equal(h5[which_set]["y"][...], labels[:, None])


def test_synthetic_files_are_prepared_as_unofficial(mnist_root):
    assert MNISTSource().state(mnist_root) == "prepared, unofficial"
    assert "verified, UNOFFICIAL" in MNISTSource().verify(mnist_root)
    assert MNISTSource().provenance(mnist_root)["official"] is False


def test_the_real_files_are_official(prepared_root, tmp_path):
    sources = tmp_path / "sources"
    sources.mkdir()
    with MNISTSource().open(prepared_root("mnist")) as h5:
        for prefix, which_set in (("train", "train"), ("t10k", "test")):
            images = h5[which_set]["X"][...].reshape(-1, 28, 28)
            (sources / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images))
            (sources / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(h5[which_set]["y"][:, 0]))
    MNISTSource().prepare(tmp_path, sources)
    assert "verified, official" in MNISTSource().verify(tmp_path)
    assert MNISTSource().provenance(tmp_path) == {
        "name": "mnist",
        "official": True,
        "sha256": {file.name: file.sha256 for file in OFFICIAL_FILES},
    }
    assert (tmp_path / "mnist" / "mnist.h5").stat().st_size == pytest.approx(MNISTSource.prepared_bytes, rel=0.1)


def test_files_by_their_other_names_are_the_same(mnist_idx, mnist_root, tmp_path):
    for path in mnist_idx.iterdir():
        shutil.copy(path, tmp_path / path.name.replace("-idx", ".idx"))
    assert len(list(tmp_path.glob("*.idx*"))) == 4
    MNISTSource().prepare(tmp_path / "root", tmp_path, allow_unofficial=True)
    assert MNISTSource().provenance(tmp_path / "root") == MNISTSource().provenance(mnist_root)


def labels_of(n, label=0):
    return struct.pack(">2I", 2049, n) + bytes([label]) * n


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (LABELS, labels_of(10_000)[:-1], "truncated"),
        (LABELS, labels_of(9_999), "holds 9999 labels, expected 10000"),
        (LABELS, labels_of(10_000, label=10), "holds the label 10, expected 0 to 9"),
        (LABELS, b"\0\0\x08\x03" + labels_of(10_000)[4:], "magic number 2051, expected 2049"),
        (IMAGES, labels_of(10_000), "magic number 2049, expected 2051"),
        (
            IMAGES,
            struct.pack(">4I", 2051, 2, 28, 28) + bytes(2 * 784),
            r"shape \(2, 28, 28\), expected \(10000",
        ),
        (IMAGES, gzip.compress(bytes(100), mtime=0)[:-5], "truncated or damaged gzip file"),
    ],
)
def test_a_bad_file_is_refused_by_name_even_if_unofficial_is_allowed(
    mnist_idx, tmp_path, name, content, message
):
    source = tmp_path / "source"
    shutil.copytree(mnist_idx, source)
    (source / f"{name}.gz").unlink(missing_ok=True)
    (source / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        MNISTSource().prepare(tmp_path / "root", source, allow_unofficial=True)
    assert str(source / name) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "root").exists()


def test_a_wrong_checksum_is_refused(mnist_idx, tmp_path):
    with pytest.raises(DataError, match=r"wrong checksum .* or pass --allow-unofficial"):
        MNISTSource().prepare(tmp_path, mnist_idx)
    assert list(tmp_path.iterdir()) == []


def test_downloads_from_a_server_and_prepares(mnist_idx, mnist_root, tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=mnist_idx)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            served = MNISTSource(
                tuple(
                    SourceFile(path.stem if path.suffix == ".gz" else path.name, *known)
                    for path in mnist_idx.iterdir()
                    for known in [(checksums(path)["sha256"], (f"{url}/{path.name}",))]
                )
            )
            assert served.prepare(tmp_path) == f"mnist: prepared, {tmp_path}/mnist/mnist.h5"
        finally:
            server.shutdown()
            thread.join()
    assert served.provenance(tmp_path)["sha256"] == MNISTSource().provenance(mnist_root)["sha256"]
    assert "already prepared" in served.prepare(tmp_path)
