"""Reading SVHN from the HDF5 files that pylearn2 wrote with PyTables."""

import contextlib
from pathlib import Path

import h5py
import numpy as np

from datasets.errors import DataError, one_line
from datasets.storage.blosc import require_filters

FEATURES = 3072
NUM_CLASSES = 10


def h5_path(folder, which_set):
    """Return the path of pylearn2's file of a set in its working folder, ``$SVHN_LOCAL_PATH``."""
    return Path(folder) / "h5" / f"{which_set}_32x32.h5"


def read_h5(path):
    """Check pylearn2's file of a set and return its labels, int32 (n, 1), in 0 to 9. ``Data/X`` is not read.

    Raises
    ------
    DataError
        The file is damaged, half-written or not pylearn2's, or its compression cannot be read.
    """
    with _reading(path), h5py.File(path, "r") as h5:
        for name in ("Data/X", "Data/y"):
            if not isinstance(h5.get(name), h5py.Dataset):
                raise DataError(f"{path} has no array {name}; make it again with pylearn2, or remove it")
        X, y = h5["Data/X"], h5["Data/y"]
        if X.ndim != 2 or X.shape[1] != FEATURES or not np.issubdtype(X.dtype, np.floating):
            raise DataError(
                f"{path} holds Data/X of {X.dtype} {X.shape}, expected floats (n, {FEATURES}); "
                "make it again with pylearn2, or remove it"
            )
        if y.shape != (len(X), 1) or not np.issubdtype(y.dtype, np.integer):
            raise DataError(
                f"{path} holds Data/y of {y.dtype} {y.shape}, expected integers ({len(X)}, 1); "
                "make it again with pylearn2, or remove it"
            )
        for array in (X, y):
            require_filters(array, path)
        y = y[...]
        _ = X[:1]  # fails now if pixels cannot be decompressed
    # pylearn2 fills the file with zeros before it reads the pictures.
    if not y.any() or y.min() < 0 or y.max() >= NUM_CLASSES:
        raise DataError(
            f"{path} holds labels {y.min()} to {y.max()}, expected 0 to 9: it is half-written or not pylearn2's; "
            "make it again with pylearn2, or remove it"
        )
    return y.astype(np.int32)


@contextlib.contextmanager
def _reading(path):
    try:
        yield
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise DataError(
            f"{path} is damaged ({one_line(error)}); make it again with pylearn2, or remove it"
        ) from error
