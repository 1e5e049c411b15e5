"""Reading the MATLAB files in which SVHN is published."""

import contextlib
import os
import struct
import zlib

import numpy as np
import scipy.io

from datasets.errors import DataError, one_line
from datasets.storage.files import open_content

SIDE = 32
PICTURE = (SIDE, SIDE, 3)  # rows, columns, channels
NUMBERS = ("double", "single", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
# Of MATLAB's file format, version 5: the marks of the byte order, types of elements, and a flag of arrays.
ORDERS = {b"\0\x01IM": "<", b"\x01\0MI": ">"}
MATRIX, COMPRESSED = 14, 15
NUMERIC = {1, 2, 3, 4, 5, 6, 7, 9, 12, 13}
COMPLEX = 0x0800
HEAD = 1024  # bytes, of which flags, shape, name and length of an array take about 60


def check_mat(path, count):
    """Raise a DataError unless the file at `path` has the form of one of SVHN's with `count` pictures.

    The pixels are not read, so this takes no memory.
    """
    with open_content(path) as file, _parsing(path):
        _check_lengths(file, most=8 * count * SIDE * SIDE * 3)
        file.seek(0)
        found = {name: (shape, kind) for name, shape, kind in scipy.io.whosmat(file)}
    for name, shape in (("X", (*PICTURE, count)), ("y", (count, 1))):
        if name not in found:
            raise DataError(f"{path} has no array {name}: it is truncated or another file; get SVHN's file again")
        if found[name][0] != shape:
            raise DataError(
                f"{path} holds {name} of shape {found[name][0]}, expected {shape}; get SVHN's file"
            )
    if found["X"][1] != "uint8":
        raise DataError(f"{path} holds X of type {found['X'][1]}, expected uint8; get SVHN's file")
    if found["y"][1] not in NUMBERS:
        raise DataError(f"{path} holds y of type {found['y'][1]}, expected numbers; get SVHN's file")


def read_labels(path, count):
    """Return the labels of `count` pictures, int32 (count, 1), in 1 to 10; 10 is the digit 0.

    Raises
    ------
    DataError
        The file is damaged or not one of SVHN's, or a label is not one of 1 to 10.
    """
    check_mat(path, count)
    labels = _load(path, "y")
    strange = labels[~np.isin(labels, np.arange(1, 11))]
    if strange.size:
        raise DataError(f"{path} holds the label {strange[0]}, expected 1 to 10; get SVHN's file")
    return labels.astype(np.int32)


def read_pictures(path, count):
    """Return a function from a slice of the pictures to their rows of channel planes, uint8 (n, 3072).

    The function holds all pixels in memory, one byte each.

    Raises
    ------
    DataError
        The file is damaged or not one of SVHN's.
    """
    check_mat(path, count)
    # In MATLAB's files the last axis varies slowest: transposed, each picture is contiguous, column by column.
    X = _load(path, "X").T

    def rows(which):
        return X[which].transpose(0, 1, 3, 2).reshape(-1, X[0].size)

    return rows


def _check_lengths(file, most):
    """Raise a ValueError if an array of the open MATLAB file claims more than `most` bytes, or more than there are.

    SciPy would reserve that much memory before it reads.
    """
    header = file.read(128)
    order = ORDERS.get(header[124:])
    if order is None or 0 in header[:4]:  # SciPy takes a zero there for version 4
        raise ValueError("another header")
    end = file.seek(0, os.SEEK_END)
    start = file.seek(128)
    while start < end:
        kind, size = struct.unpack(f"{order}II", file.read(8))
        start += 8 + size
        if start > end:
            raise ValueError("its end is missing")
        head = file.read(min(size, HEAD))
        if kind == COMPRESSED:
            head = zlib.decompressobj().decompress(head, HEAD)
            (kind,), head = struct.unpack(f"{order}I", head[:4]), head[8:]
        if kind == MATRIX:
            _check_length(head, order, most)
        file.seek(start)


def _check_length(head, order, most):
    """The same for one array, whose first bytes are `head`: flags, shape, name, and the length of its numbers.

    An unknown type of numbers, in which SciPy crashes, is a ValueError, too.
    """
    place = 0
    for _ in range(4):
        kind, size = struct.unpack(f"{order}II", head[place : place + 8])
        if kind >> 16:  # the length is in the upper half, and a few bytes of content take the place of the lower word
            kind, size = kind & 0xFFFF, 0
        if kind not in NUMERIC:
            raise ValueError(f"an element of type {kind}")
        if size > most:
            raise ValueError(f"an array of {size:,} bytes")
        place += 8 + size + -size % 8
    if struct.unpack(f"{order}I", head[8:12])[0] & COMPLEX:
        raise ValueError("complex numbers")


def _load(path, name):
    with open_content(path) as file, _parsing(path):
        return scipy.io.loadmat(file, variable_names=[name])[name]


@contextlib.contextmanager
def _parsing(path):
    """Turn whatever SciPy's parser raises on a damaged or foreign file into a DataError."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        reason = one_line(error)
        raise DataError(
            f"{path} is truncated, damaged or no MATLAB 5 file ({reason}); get SVHN's file again"
        ) from error
