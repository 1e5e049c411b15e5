"""SVHN's MATLAB files: their layout, and what is no such file."""

import gzip
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import scipy.io

from datasets.errors import DataError
from datasets.svhn.mat import check_mat, read_labels, read_pictures

N = 6
X = np.random.RandomState(0).randint(256, size=(32, 32, 3, N)).astype(np.uint8)
Y = np.uint8([[1], [10], [3], [9], [2], [5]])


def write(path, compress=True, **arrays):
    scipy.io.savemat(path, arrays, do_compression=compress)
    return path


@pytest.mark.parametrize("compress", [True, False])
def test_pictures_become_planes_and_labels_stay(tmp_path, compress):
    path = write(tmp_path / "train_32x32.mat", compress, X=X, y=Y)
    check_mat(path, N)
    pictures = read_pictures(path, N)
    rows = pictures(slice(1, 4))
    assert (rows.dtype, rows.shape) == (np.uint8, (3, 3072))
    for row, image in zip(rows, (1, 2, 3), strict=True):
        for place in ((0, 0, 0), (0, 5, 1), (31, 0, 2), (7, 9, 1)):
            row_of_pixel, column, channel = place
            assert row[channel * 1024 + row_of_pixel * 32 + column] == X[(*place, image)]
    labels = read_labels(path, N)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, Y)


def test_a_gzipped_file_does_as_well(tmp_path):
    path = write(tmp_path / "a.mat", X=X, y=Y)
    path.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_labels(path, N), Y)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": Y}, "has no array X"),
        ({"X": X}, "has no array y"),
        ({"X": X[..., :5], "y": Y}, r"holds X of shape \(32, 32, 3, 5\), expected \(32, 32, 3, 6\)"),
        ({"X": X.T, "y": Y}, "holds X of shape"),
        ({"X": X, "y": Y.T}, r"holds y of shape \(1, 6\), expected \(6, 1\)"),
        ({"X": X.astype(np.float64), "y": Y}, "holds X of type double, expected uint8"),
        ({"X": X, "y": np.where(Y == 10, 0, Y)}, "holds the label 0, expected 1 to 10"),
        ({"X": X, "y": Y + 1}, "holds the label 11, expected 1 to 10"),
        ({"X": X, "y": Y + 0.5}, "holds the label 1.5, expected 1 to 10"),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, message):
    path = write(tmp_path / "train_32x32.mat", **arrays)
    with pytest.raises(DataError, match=message) as raised:
        read_labels(path, N)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("keep", [0, 50, 128, 150, 5000, -100, -1])
def test_truncated_files_are_refused(tmp_path, keep):
    path = write(tmp_path / "train_32x32.mat", X=X, y=Y)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"train_32x32\.mat .*is truncated") as raised:
        read_pictures(path, N)
        read_labels(path, N)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"\x89HDF\r\n\x1a\n" + bytes(2000), b"words " * 100, bytes(300)])
def test_foreign_files_are_refused(tmp_path, content):
    path = tmp_path / "train_32x32.mat"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"train_32x32\.mat .*is truncated") as raised:
        read_labels(path, N)
    assert "\n" not in str(raised.value)


def with_length(content, length):
    """The array y of an uncompressed file, of one byte each, with another length of its numbers."""
    place = content.index(b"y") - 4 + 8  # the name in its small element, then the tag of the numbers
    return content[: place + 4] + struct.pack("<I", length) + content[place + 8 :]


@pytest.mark.parametrize("compress", [False, True])
def test_an_array_that_claims_gigabytes_is_refused_before_they_are_reserved(tmp_path, compress):
    path = write(tmp_path / "train_32x32.mat", False, y=np.arange(7, 7 + 16, dtype=np.uint8).reshape(16, 1))
    content = with_length(path.read_bytes(), 1 << 30)
    if compress:
        element = zlib.compress(content[128:])
        content = content[:128] + struct.pack("<II", 15, len(element)) + element
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"is truncated, damaged or .*\(an array of 1,073,741,824 bytes\)"):
            check_mat(path, 16)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [0, 8, 14, 21, 60000])
def test_an_unknown_type_of_numbers_is_refused(tmp_path, kind):
    """SciPy crashes on it."""
    path = write(tmp_path / "train_32x32.mat", compress=False, X=X, y=Y)
    content = path.read_bytes()
    numbers = struct.pack("<II", 2, X.size)
    assert content.count(numbers) == 1
    path.write_bytes(content.replace(numbers, struct.pack("<II", kind, X.size)))
    with pytest.raises(DataError, match=f"an element of type {kind}"):
        check_mat(path, N)


def test_another_version_of_the_format_is_refused(tmp_path):
    path = write(tmp_path / "train_32x32.mat", X=X, y=Y)
    path.write_bytes(bytes(1) + path.read_bytes()[1:])
    with pytest.raises(DataError, match=r"no MATLAB 5 file \(another header\)"):
        check_mat(path, N)


@pytest.mark.parametrize(
    ("y", "message"),
    [(np.array([[1, 2]], object).T, "an element of type 14"), (np.array([[1j], [2]]), "complex numbers")],
)
def test_labels_are_plain_numbers(tmp_path, y, message):
    path = write(tmp_path / "train_32x32.mat", X=X[..., :2], y=y)
    with pytest.raises(DataError, match=message):
        read_labels(path, 2)
