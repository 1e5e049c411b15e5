"""SVHN with pylearn2's class and arguments; its pictures stay on disk."""

from pathlib import Path

import numpy as np

from datasets.design_matrix import DefaultViewConverter, DenseDesignMatrix
from datasets.errors import BadArgumentError, NotPreparedError, prepare_command
from datasets.paths import data_root, expand_variables
from datasets.storage.stored_rows import StoredRows
from datasets.svhn.h5 import h5_path, read_h5
from datasets.svhn.source import PREPROCESSED, SVHNSource
from datasets.svhn.split import PARTS

NUM_CLASSES = 10
FITTED = ("train", "train_all", "splitted_train")


class SVHN(DenseDesignMatrix):
    """House-number digits: `X` float32 (n, 3072) on disk, `y` int32 (n, 1), `y_labels` 10.

    Classes 0 to 8 are the digits 1 to 9, class 9 is the digit 0. `X` is a `StoredRows`: rows are read by
    ``X[indices]``, all of them by ``np.asarray(X)``.

    Parameters
    ----------
    which_set : {'train', 'test', 'extra', 'train_all', 'valid', 'splitted_train'}
        The three published sets; extra, then train; 6,000 examples of both to validate on; the other 598,388
        of both. Each is in pylearn2's shuffled order.
    path : path or None
        None: pixels in 0 to 255 from ``svhn/svhn.h5`` under `data_path`. Else a folder (``${NAME}`` in it is
        replaced by that environment variable) with preprocessed pictures: pylearn2's own file
        ``h5/<which_set>_32x32.h5`` in it, or our ``svhn/svhn.h5``, which has splitted_train, valid and test.
    center, scale : bool
        With `path` only. Subtract 127.5; divide by 127.5 where centred, else by 255. The file stays as it is.
    start, stop : int or None
        With `path` only. Keep the examples `start` to `stop` (exclusive).
    axes : sequence
        The order of the topological view's axes, a permutation of 'b', 0, 1, 'c'.
    preprocessor : object with ``apply(dataset, can_fit)`` or None
        Applied last, in memory, so that `X` becomes an array; it may fit to the sets to train on.
    data_path : path or None
        The folder of prepared data; ``$PYLEARN2_DATA_PATH`` by default.
    lcn_channels : {'red', 'all'}
        Which of our preprocessed pictures: see `datasets.svhn.source`.

    Raises
    ------
    NotPreparedError
        The file is missing; also an OSError.
    BadArgumentError
        `which_set`, the slice or a combination of arguments does not exist; also a ValueError and an
        AssertionError.
    DataError
        The file is damaged, or compressed and hdf5plugin is missing.
    """

    on_disk = True

    def __init__(
        self,
        which_set,
        path=None,
        center=False,
        scale=False,
        start=None,
        stop=None,
        axes=("b", 0, 1, "c"),
        preprocessor=None,
        data_path=None,
        lcn_channels="red",
    ):
        if which_set not in PARTS:
            raise BadArgumentError(f"SVHN has no set {which_set!r}; one of: {', '.join(PARTS)}")
        if lcn_channels not in ("red", "all"):
            raise BadArgumentError(f"lcn_channels is {lcn_channels!r}; one of: red, all")
        if path is None and (center or scale or start is not None or stop is not None):
            raise BadArgumentError("center, scale, start and stop go with path only; give one, or slice X")
        self.which_set = which_set
        change = _scaling(center, scale)
        if path is None:
            X, y = _pixels(which_set, data_root(data_path), lcn_channels)
        else:
            X, y = _working_copy(which_set, Path(expand_variables(path)), lcn_channels, (start, stop), change)
        super().__init__(
            X=X,
            y=y,
            view_converter=DefaultViewConverter((32, 32, 3), axes),
            y_labels=NUM_CLASSES,
            preprocessor=preprocessor,
            fit_preprocessor=which_set in FITTED,
        )

    def get_test_set(self):
        """Return the pristine test set, with this set's axes."""
        return SVHN("test", axes=self.view_converter.axes)


def _pixels(which_set, root, lcn_channels):
    source = SVHNSource(lcn_channels)
    order, y = source.read(root, f"sets/{which_set}", "pixels/y")
    return StoredRows(source.path(root), "pixels/X", order), y[order]


def _working_copy(which_set, folder, lcn_channels, bounds, change):
    source = SVHNSource(lcn_channels)
    theirs = h5_path(folder, which_set)
    if theirs.is_file():
        path, name, y = theirs, "Data/X", read_h5(theirs)
    elif source.path(folder).is_file():
        if which_set not in PREPROCESSED:
            raise BadArgumentError(f"{which_set} is not preprocessed; one of: {', '.join(PREPROCESSED)}")
        path, name = source.path(folder), f"preprocessed/{which_set}"
        order, y = source.read(folder, f"sets/{which_set}", "pixels/y")
        y = y[order]
    else:
        command = prepare_command(source.name, folder)
        raise NotPreparedError(f"there is neither {theirs} nor {source.path(folder)}; run: {command}")
    start, stop = bounds
    if start is None and stop is None:
        return StoredRows(path, name, change=change), y
    start = 0 if start is None else start
    stop = len(y) if stop is None else stop
    if not 0 <= start < stop <= len(y):
        raise BadArgumentError(f"start {start} and stop {stop} must satisfy 0 <= start < stop <= {len(y)}")
    return StoredRows(path, name, np.arange(start, stop), change), y[start:stop]


def _scaling(center, scale):
    """Return the function that scales rows of pixels; None where they stay."""
    if not center and not scale:
        return None
    middle = np.float32(127.5 if center else 0)
    largest = np.float32((127.5 if center else 255) if scale else 1)
    return lambda X: (X - middle) / largest
