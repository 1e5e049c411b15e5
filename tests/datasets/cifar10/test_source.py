"""Preparing CIFAR-10 from small files in its layout, as an archive and as loose files."""

import hashlib
import io
import tarfile
from dataclasses import replace

import h5py
import numpy as np
import pytest

from datasets.cifar10.source import ARCHIVE, BATCHES, CIFAR10Source
from datasets.errors import DataError
from datasets.preprocessing import ZCA, global_contrast_normalize

SMALL = {"pictures_per_batch": 40, "side": 6}


@pytest.fixture
def small():
    return CIFAR10Source(**SMALL)


@pytest.fixture
def loose(tmp_path, cifar10_records):
    """A folder with the six files."""
    folder = tmp_path / "loose"
    folder.mkdir()
    for name, records in cifar10_records.items():
        (folder / name).write_bytes(records.tobytes())
    return folder


def test_pixels_labels_and_whitened_pictures(cifar10_root, cifar10_records, small):
    batches = list(cifar10_records.values())
    train, test = np.concatenate(batches[:5]), batches[5]
    zca = ZCA()
    zca.fit(global_contrast_normalize(train[:, 1:], scale=55.0))
    with small.open(cifar10_root) as h5:
        for which_set, records in (("train", train), ("test", test)):
            X, y = h5[which_set]["X"], h5[which_set]["y"]
            assert (X.dtype, y.dtype) == (np.uint8, np.uint8)
            np.testing.assert_array_equal(y[...], records[:, :1])
            np.testing.assert_array_equal(X[...], records[:, 1:])
            whitened = h5["whitened"][which_set]
            assert whitened.dtype == np.float32
            expected = zca.transform(global_contrast_normalize(records[:, 1:], scale=55.0))
            np.testing.assert_allclose(whitened[...], expected, atol=1e-4)
        group = h5["whitening"]
        np.testing.assert_array_equal(group["mean"][...], zca.mean_)
        np.testing.assert_array_equal(group["P"][...], zca.P_)
        np.testing.assert_array_equal(group["inv_P"][...], zca.inv_P_)
        assert group.attrs["fitted_on"] == "train, all 200 pictures, after contrast normalization"
        assert (group.attrs["gcn_scale"], group.attrs["filter_bias"]) == (55.0, np.float32(0.1))
    assert small.state(cifar10_root) == "prepared, unofficial"
    assert "verified, UNOFFICIAL" in small.verify(cifar10_root)


@pytest.mark.parametrize("place", ["", "cifar-10-batches-bin", "data_batch_3.bin"])
def test_loose_files_do_as_well(tmp_path, cifar10_root, loose, small, place):
    source = loose / place if place.endswith(".bin") else loose
    if place == "cifar-10-batches-bin":
        source = tmp_path / "outer"
        source.mkdir()
        loose.rename(source / place)
    small.prepare(tmp_path / "root", source, allow_unofficial=True)
    with small.open(tmp_path / "root") as found, small.open(cifar10_root) as expected:
        for name in ("train/X", "train/y", "test/X", "test/y", "whitened/train", "whitened/test"):
            np.testing.assert_array_equal(found[name][...], expected[name][...])
    names = [file.name for file in BATCHES]
    assert list(small.provenance(tmp_path / "root")["sha256"]) == sorted(names)


def test_loose_files_are_official_by_their_md5(tmp_path, loose):
    md5 = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in loose.iterdir()}
    small = CIFAR10Source(batches=[replace(file, md5=md5[file.name]) for file in BATCHES], **SMALL)
    assert small.prepare(tmp_path, loose) == f"cifar10: prepared, {tmp_path}/cifar10/cifar10.h5"
    assert "verified, official" in small.verify(tmp_path)
    with pytest.raises(DataError, match="calls itself official, its checksums do not"):
        CIFAR10Source(**SMALL).verify(tmp_path)


def test_the_archive_is_official_by_its_own_bytes(tmp_path, cifar10_archive):
    sha256 = hashlib.sha256(cifar10_archive.read_bytes()).hexdigest()
    official = replace(ARCHIVE, sha256=sha256, mirrors=(cifar10_archive.as_uri(),))
    small = CIFAR10Source(archive=official, **SMALL)
    small.prepare(tmp_path)  # which downloads it
    assert small.provenance(tmp_path) == {
        "name": "cifar10",
        "official": True,
        "sha256": {"cifar-10-binary.tar.gz": sha256},
    }


def test_published_checksums_are_asked_for(tmp_path, cifar10_archive, loose, small):
    for source, name in ((cifar10_archive, "cifar-10-binary.tar.gz"), (loose, "data_batch_1.bin")):
        with pytest.raises(DataError, match=rf"not the official {name}: .*--allow-unofficial"):
            small.prepare(tmp_path / "root", source)
    assert not (tmp_path / "root").exists()


def test_an_empty_folder_is_refused_with_what_it_needs(tmp_path, small):
    with pytest.raises(DataError, match=r"lacks cifar-10-binary\.tar\.gz, and data_batch_1\.bin, .*; put"):
        small.prepare(tmp_path / "root", tmp_path)


def test_an_incomplete_set_of_files_is_reported(tmp_path, loose, small):
    (loose / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=r"lacks data_batch_2\.bin"):
        small.prepare(tmp_path / "root", loose, allow_unofficial=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-1], r"data_batch_2\.bin has 4359 bytes, expected 4360"),
        (lambda content: content + b"\0", r"has 4361 bytes, expected 4360"),
        (lambda content: b"\x0a" + content[1:], r"data_batch_2\.bin holds the label 10, expected 0 to 9"),
        (lambda content: b"", r"has 0 bytes"),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, loose, small, change, message):
    path = loose / "data_batch_2.bin"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=message) as raised:
        small.prepare(tmp_path / "root", loose, allow_unofficial=True)
    assert str(raised.value).startswith(str(path))
    assert not (tmp_path / "root").exists()


def test_a_bad_archive_leaves_what_was_prepared(tmp_path, cifar10_archive, cifar10_records, small):
    small.prepare(tmp_path, cifar10_archive, allow_unofficial=True)
    before = (tmp_path / "cifar10" / "cifar10.h5").read_bytes()
    path = tmp_path / "bad.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, records in cifar10_records.items():
            info = tarfile.TarInfo(name)
            info.size = records.nbytes
            archive.addfile(info, io.BytesIO(bytes([10]) * records.nbytes))
    with pytest.raises(DataError, match=r"data_batch_1\.bin in .*bad\.tar\.gz holds the label 10"):
        small.prepare(tmp_path, path, allow_unofficial=True)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="truncated or damaged archive"):
        small.prepare(tmp_path, path, allow_unofficial=True)
    assert (tmp_path / "cifar10" / "cifar10.h5").read_bytes() == before


def test_a_half_written_file_is_reported(tmp_path, small):
    (tmp_path / "cifar10").mkdir()
    with h5py.File(tmp_path / "cifar10" / "cifar10.h5", "w") as h5:
        h5["train/X"] = np.zeros((2, 3))
    with pytest.raises(DataError, match=r"cifar10\.h5 is damaged .*reproduce data prepare cifar10"):
        small.verify(tmp_path)
