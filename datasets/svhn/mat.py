"""Reading the MATLAB files in which SVHN is published."""

import contextlib

import numpy as np
import scipy.io

from datasets.errors import DataError, one_line
from datasets.storage.files import open_content

SIDE = 32
PICTURE = (SIDE, SIDE, 3)  # rows, columns, channels


def check_mat(path, count):
    """Raise a DataError unless the file at `path` has the form of one of SVHN's with `count` pictures.

    The pixels are not read, so this takes no memory.
    """
    with open_content(path) as file, _parsing(path):
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
