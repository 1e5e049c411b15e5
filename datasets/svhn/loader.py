"""SVHN with pylearn2's class and arguments. The pictures stay on disk."""

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
TRAINING_SETS = ("train", "train_all", "splitted_train")


class SVHN(DenseDesignMatrix):
    """House-number digits: `X` float32 (n, 3072) on disk, `y` int32 (n, 1), `y_labels` 10.

    Classes 0 to 8 are the digits 1 to 9, class 9 is the digit 0. `X` is a `StoredRows`: ``X[indices]`` reads
    rows, ``np.asarray(X)`` reads all of them.

    Parameters
    ----------
    which_set : {'train', 'test', 'extra', 'train_all', 'valid', 'splitted_train'}
        The three published sets; `train_all` is extra followed by train; `valid` is 6,000 examples of both and
        `splitted_train` the other 598,388. Each set is in pylearn2's shuffled order.
    path : path or None
        None gives pixels in 0 to 255 from ``svhn/svhn.h5`` under `data_path`. A folder gives preprocessed pictures:
        those of pylearn2's own file ``h5/<which_set>_32x32.h5`` in it or, where there is none, those of our
        ``svhn/svhn.h5`` in it, which has splitted_train, valid and test. Each ``${NAME}`` in the path is replaced by
        that environment variable.
    center, scale : bool
        Only with `path`. Subtract 127.5; divide by 127.5 if centred, else by 255. The file is not changed.
    start, stop : int or None
        Only with `path`. Keep the examples `start` to `stop` (exclusive).
    axes : sequence
        The order of the topological view's axes, a permutation of 'b', 0, 1, 'c'.
    preprocessor : object with ``apply(dataset, can_fit)`` or None
        Applied last and in memory, so that `X` becomes an array. It may fit itself to a training set.
    data_path : path or None
        The folder of prepared data; ``$PYLEARN2_DATA_PATH`` by default.
    lcn_channels : {'red', 'all'}
        The planes that were normalized locally; see `datasets.svhn.source`.

    Raises
    ------
    NotPreparedError
        The file is missing; also an OSError.
    BadArgumentError
        `which_set`, the slice or a combination of arguments does not exist; also a ValueError and an
        AssertionError.
    DataError
        The file is damaged, or is compressed and the package hdf5plugin is missing.

    Examples
    --------
    >>> valid = SVHN("valid")
    >>> valid.X[[7, 1, 7]].shape, valid.y[:10].shape
    ((3, 3072), (10, 1))
    >>> X, y = next(valid.iterator("shuffled_sequential", batch_size=50, data_specs=("features", "targets")))
    >>> X.shape, y.shape
    ((50, 3072), (50, 1))
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
            raise BadArgumentError("center, scale, start and stop need a path; give one, or slice X")
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
            fit_preprocessor=which_set in TRAINING_SETS,
        )

    def get_test_set(self):
        """Return the test set as pixels, with this set's axes."""
        return SVHN("test", axes=self.view_converter.axes)


def _pixels(which_set, root, lcn_channels):
    source = SVHNSource(lcn_channels)
    order, y = source.read(root, f"sets/{which_set}", "pixels/y")
    return StoredRows(source.path(root), "pixels/X", order), y[order]


def _working_copy(which_set, folder, lcn_channels, bounds, change):
    source = SVHNSource(lcn_channels)
    pylearn2s = h5_path(folder, which_set)
    if pylearn2s.is_file():
        path, name, y = pylearn2s, "Data/X", read_h5(pylearn2s)
    elif source.path(folder).is_file():
        if which_set not in PREPROCESSED:
            raise BadArgumentError(f"{which_set} is not preprocessed; one of: {', '.join(PREPROCESSED)}")
        path, name = source.path(folder), f"preprocessed/{which_set}"
        order, y = source.read(folder, f"sets/{which_set}", "pixels/y")
        y = y[order]
    else:
        command = prepare_command(source.name, folder)
        raise NotPreparedError(f"there is neither {pylearn2s} nor {source.path(folder)}; run: {command}")
    start, stop = bounds
    if start is None and stop is None:
        return StoredRows(path, name, change=change), y
    start = 0 if start is None else start
    stop = len(y) if stop is None else stop
    if not 0 <= start < stop <= len(y):
        raise BadArgumentError(f"start {start} and stop {stop} must satisfy 0 <= start < stop <= {len(y)}")
    return StoredRows(path, name, np.arange(start, stop), change), y[start:stop]


def _scaling(center, scale):
    """Return the function that scales rows of pixels, or None if they are not scaled."""
    if not center and not scale:
        return None
    middle = np.float32(127.5 if center else 0)
    largest = np.float32((127.5 if center else 255) if scale else 1)
    return lambda X: (X - middle) / largest
