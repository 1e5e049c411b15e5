"""CIFAR-10 with pylearn2's class, arguments and numbers, as pixels or whitened."""

import numpy as np

from datasets.cifar10.source import LABEL_NAMES, CIFAR10Source
from datasets.design_matrix import DefaultViewConverter, DenseDesignMatrix
from datasets.design_matrix.splits import check_which_set, sliced
from datasets.errors import BadArgumentError
from datasets.paths import data_root
from datasets.preprocessing import ZCA, global_contrast_normalize

VALID_SLICE = "start=45000, stop=50000"
HALF = 127.5  # half the largest pixel value


class _CIFAR10Pictures(DenseDesignMatrix):
    """What pixels and whitened pictures have in common."""

    label_names = LABEL_NAMES

    def __init__(self, X, y, axes=("b", 0, 1, "c"), preprocessor=None):
        side = round((X.shape[1] / 3) ** 0.5)
        super().__init__(
            X=X,
            y=y,
            view_converter=DefaultViewConverter((side, side, 3), axes),
            y_labels=len(LABEL_NAMES),
            preprocessor=preprocessor,
        )


class CIFAR10(_CIFAR10Pictures):
    """Photographs: `X` float32 (n, 3072) in 0 to 255 unless scaled, `y` uint8 (n, 1), `y_labels` 10.

    The order of the steps is: center, rescale, toronto_prepro, gcn, slice, preprocess.

    Parameters
    ----------
    which_set : {'train', 'test'}
        50,000 or 10,000 examples, in the order of the published files.
    center : bool
        Subtract 127.5.
    rescale : bool
        Divide by 127.5.
    gcn : float or None
        The norm that global contrast normalization gives each picture; None leaves the step out.
    start, stop : int or None
        Keep the training examples `start` to `stop` (exclusive). As in pylearn2, `stop` without `start` is ignored
        and the test set cannot be sliced.
    axes : sequence
        The order of the topological view's axes, a permutation of 'b', 0, 1, 'c'.
    toronto_prepro : bool
        Divide by 255 and subtract the mean training picture, also from the test set. It excludes `center` and `gcn`.
    preprocessor : object with ``apply(dataset, can_fit)`` or None
        Applied last, without fitting.
    data_path : path or None
        The folder of prepared data, which holds ``cifar10/cifar10.h5``; ``$PYLEARN2_DATA_PATH`` by default.

    Raises
    ------
    NotPreparedError
        There is no ``cifar10.h5``; also an OSError.
    NoDataPathError
        Neither `data_path` nor ``$PYLEARN2_DATA_PATH`` is given.
    BadArgumentError
        `which_set`, the slice or a combination of arguments does not exist; also a ValueError and an
        AssertionError.
    DataError
        ``cifar10.h5`` is damaged.

    Examples
    --------
    >>> train = CIFAR10("train", gcn=55.0, start=0, stop=100)
    >>> train.X.shape, train.y.shape, train.get_topological_view().shape
    ((100, 3072), (100, 1), (100, 32, 32, 3))
    """

    def __init__(
        self,
        which_set,
        center=False,
        rescale=False,
        gcn=None,
        start=None,
        stop=None,
        axes=("b", 0, 1, "c"),
        toronto_prepro=False,
        preprocessor=None,
        data_path=None,
    ):
        check_which_set(which_set, "CIFAR10", VALID_SLICE)
        if toronto_prepro and (center or gcn is not None):
            raise BadArgumentError("toronto_prepro excludes center and gcn; leave one of them out")
        if which_set == "test" and start is not None:
            raise BadArgumentError("CIFAR10's test set cannot be sliced; slice its X and y instead")
        self.which_set, self.center, self.rescale, self.gcn = which_set, center, rescale, gcn
        self.toronto_prepro = toronto_prepro
        self._arguments = {
            "center": center,
            "rescale": rescale,
            "gcn": gcn,
            "axes": axes,
            "toronto_prepro": toronto_prepro,
            "preprocessor": preprocessor,
            "data_path": data_path,
        }
        X, y, train = _read(which_set, data_root(data_path), with_train=toronto_prepro)
        if center:
            X -= np.float32(HALF)
        if rescale:
            X /= np.float32(HALF)
        if toronto_prepro:
            X /= np.float32(255)
            X -= (train / np.float32(255)).mean(axis=0)
        if gcn is not None:
            X = global_contrast_normalize(X, scale=gcn)
        X, y = sliced(X, y, start, stop)
        super().__init__(X, y, axes, preprocessor)

    def get_test_set(self):
        """Return the whole test set, made with this set's other arguments."""
        return CIFAR10("test", **self._arguments)

    def adjust_for_viewer(self, X):
        """Return pictures that were preprocessed as these are, scaled to [-1, 1] for display."""
        if self.gcn is not None:
            return _to_largest(X)
        X = X if self.center else X - HALF
        return np.clip(X if self.rescale else X / HALF, -1, 1)


class WhitenedCIFAR10(_CIFAR10Pictures):
    """CIFAR-10 contrast-normalized to norm 55 and ZCA-whitened: `X` float32 (n, 3072), `y` uint8 (n, 1).

    ZCA is fitted to the whole training set. pylearn2's script make_cifar10_gcn_whitened writes the same as
    ``train.pkl`` and ``test.pkl``; here the pictures are whitened when the data set is prepared.

    Parameters
    ----------
    which_set : {'train', 'test'}
    data_path : path or None
        As for `CIFAR10`, which raises the same errors.

    Examples
    --------
    >>> test = WhitenedCIFAR10("test")
    >>> test.X[:5].shape, test.y[:5].shape
    ((5, 3072), (5, 1))
    """

    def __init__(self, which_set, data_path=None):
        check_which_set(which_set, "WhitenedCIFAR10", VALID_SLICE)
        self.which_set = which_set
        self._data_path = data_path
        X, y = CIFAR10Source().read(data_root(data_path), f"whitened/{which_set}", f"{which_set}/y")
        super().__init__(X, y)

    def get_test_set(self):
        """Return the test set, whitened with the statistics of the training set."""
        return WhitenedCIFAR10("test", self._data_path)

    def adjust_for_viewer(self, X):
        """Return contrast-normalized pictures scaled to [-1, 1] for display."""
        return _to_largest(X)


def whitening(data_path=None):
    """Return the ZCA that whitened `WhitenedCIFAR10`, fitted to the contrast-normalized training set.

    Examples
    --------
    >>> whitening().inverse(WhitenedCIFAR10("test").X[:5]).shape
    (5, 3072)
    """
    return ZCA.fitted(*CIFAR10Source().read(data_root(data_path), "whitening/mean", "whitening/P", "whitening/inv_P"))


def _to_largest(X):
    return X / np.abs(X).max(axis=1, keepdims=True)


def _read(which_set, root, with_train):
    source = CIFAR10Source()
    X, y = source.read(root, f"{which_set}/X", f"{which_set}/y")
    train = source.read(root, "train/X")[0] if with_train else None
    return X.astype(np.float32), y, train
