"""IDX files: what is read, and what is refused."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from datasets.errors import DataError
from datasets.mnist.idx import IMAGES, LABELS, read_idx
from tests.idx_bytes import idx_bytes


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_reads_images_and_labels_plain_or_gzipped(tmp_path, compress):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / "file"
    path.write_bytes(compress(idx_bytes(images)))
    np.testing.assert_array_equal(read_idx(path, IMAGES), images)
    path.write_bytes(compress(idx_bytes(images[0, 0])))
    np.testing.assert_array_equal(read_idx(path, LABELS), images[0, 0])


def test_magic_numbers_are_the_documented_ones():
    assert int.from_bytes(idx_bytes(np.zeros((1, 1, 1), np.uint8))[:4], "big") == 2051
    assert int.from_bytes(idx_bytes(np.zeros(1, np.uint8))[:4], "big") == 2049


@given(array=arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=4)), data=st.data())
def test_every_truncation_is_refused(tmp_path_factory, array, data):
    content = idx_bytes(array)
    path = tmp_path_factory.mktemp("idx") / "cut"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(DataError, match=r"cut is truncated: .*; get it again"):
        read_idx(path, IMAGES)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: b"\0\0\x08\x01" + content[4:], "has magic number 2049, expected 2051"),
        (lambda content: b"<htm" + content[4:], "has magic number 1013478509, expected 2051"),
        (lambda content: content + b"!", "25 bytes where its header says 24"),
        (lambda content: gzip.compress(content)[:-9], "truncated or damaged gzip file"),
        (lambda content: gzip.compress(content)[:-1], "truncated or damaged gzip file"),
        (lambda content: gzip.compress(content)[:12] + b"\xff" * 9, "truncated or damaged gzip file"),
        (lambda content: b"\0\0\x08\x03" + b"\xff" * 12, "truncated: 16 of the 7922816245892410538530019739"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path, spoil, message):
    path = tmp_path / "spoilt"
    path.write_bytes(spoil(idx_bytes(np.zeros((2, 2, 2), np.uint8))))
    with pytest.raises(DataError, match=message) as raised:
        read_idx(path, IMAGES)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*absent: No such file"):
        read_idx(tmp_path / "absent", IMAGES)
