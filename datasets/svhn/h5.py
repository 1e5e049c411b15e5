"""Reading SVHN from the HDF5 files that pylearn2 wrote with PyTables.

Nothing vouches for such a file. So it is first read through in a child process, where libhdf5 may crash on it.
"""

from pathlib import Path

import h5py
import numpy as np

from datasets.errors import DataError, reporting_damage
from datasets.storage.blosc import require_filters
from datasets.storage.limits import call_limited
from datasets.storage.verified import is_verified, verifying

FEATURES = 3072
NUM_CLASSES = 10
ROWS_A_TIME = 1000
REMEDY = "make it again with pylearn2, or remove it"


def h5_path(folder, which_set):
    """Return the path of pylearn2's file of a set in its working folder, ``$SVHN_LOCAL_PATH``."""
    return Path(folder) / "h5" / f"{which_set}_32x32.h5"


def read_h5(path):
    """Check pylearn2's file of a set and return its labels, int32 (n, 1), in 0 to 9.

    The first time, and after each change, all of the file is read.

    Raises
    ------
    DataError
        The file is damaged, half-written or not pylearn2's, or its compression cannot be read.
    """
    with reporting_damage(path, REMEDY):
        if not is_verified(path):
            with verifying(path):
                call_limited(read_through, str(path), size=path.stat().st_size)
        with h5py.File(path, "r") as h5:
            require_filters(h5["Data/y"], path)
            return h5["Data/y"][...].astype(np.int32)


def read_through(path):
    """Raise a DataError unless the HDF5 file at `path` has pylearn2's layout and all of it can be read."""
    with h5py.File(path, "r") as h5:
        for name in ("Data/X", "Data/y"):
            if not isinstance(h5.get(name), h5py.Dataset):
                raise DataError(f"{path} has no array {name}; {REMEDY}")
        X, y = h5["Data/X"], h5["Data/y"]
        if X.ndim != 2 or X.shape[1] != FEATURES or not np.issubdtype(X.dtype, np.floating):
            expected = f"expected floats (n, {FEATURES})"
            raise DataError(f"{path} holds Data/X of {X.dtype} {X.shape}, {expected}; {REMEDY}")
        if y.shape != (len(X), 1) or not np.issubdtype(y.dtype, np.integer):
            expected = f"expected integers ({len(X)}, 1)"
            raise DataError(f"{path} holds Data/y of {y.dtype} {y.shape}, {expected}; {REMEDY}")
        for array in (X, y):
            require_filters(array, path)
        y = y[...]
        # pylearn2 fills the file with zeros before it reads the pictures.
        if not y.any() or y.min() < 0 or y.max() >= NUM_CLASSES:
            raise DataError(
                f"{path} holds labels {y.min()} to {y.max()}, expected 0 to 9: it is half-written or not pylearn2's; "
                f"{REMEDY}"
            )
        for start in range(0, len(X), ROWS_A_TIME):
            _ = X[start : start + ROWS_A_TIME]
