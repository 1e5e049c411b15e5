"""MNIST with pylearn2's class, arguments and numbers."""

import numpy as np

from datasets.design_matrix import DefaultViewConverter, DenseDesignMatrix
from datasets.design_matrix.splits import check_which_set, sliced
from datasets.errors import BadArgumentError
from datasets.mnist.source import NUM_CLASSES, NUM_EXAMPLES, SIDE, MNISTSource
from datasets.paths import data_root

SHUFFLE_SEED = (1, 2, 3)


class MNIST(DenseDesignMatrix):
    """Handwritten digits: `X` float32 (n, 784) in [0, 1] unless centred, `y` uint8 (n, 1), `y_labels` 10.

    The order of the steps is: divide by 255, binarize, center, shuffle, slice, preprocess.

    Parameters
    ----------
    which_set : {'train', 'test'}
        60,000 or 10,000 examples.
    center : bool
        Subtract from each pixel its mean over this whole set: over all 60,000 training examples, whatever the
        slice is, or over the 10,000 test examples.
    shuffle : bool
        Put the examples into pylearn2's fixed random order.
    binarize : bool
        Make each pixel 1 if it is above one half, else 0.
    start, stop : int or None
        Keep the examples `start` to `stop` (exclusive). As in pylearn2, `stop` without `start` is ignored.
    axes : sequence
        The order of the topological view's axes, a permutation of 'b', 0, 1, 'c'.
    preprocessor : object with ``apply(dataset, can_fit)`` or None
    fit_preprocessor : bool
        Whether the preprocessor may fit itself to this set.
    fit_test_preprocessor : bool or None
        The same for the data set that `get_test_set` returns.
    data_path : path or None
        The folder of prepared data, which holds ``mnist/mnist.h5``; ``$PYLEARN2_DATA_PATH`` by default.

    Raises
    ------
    NotPreparedError
        There is no ``mnist.h5``; also an OSError.
    NoDataPathError
        Neither `data_path` nor ``$PYLEARN2_DATA_PATH`` is given.
    BadArgumentError
        `which_set` or the slice does not exist; also a ValueError and an AssertionError.
    DataError
        ``mnist.h5`` is damaged.

    Examples
    --------
    >>> valid = MNIST("train", center=True, start=50000, stop=60000)
    >>> valid.X.shape, valid.y.shape, valid.get_topological_view().shape
    ((10000, 784), (10000, 1), (10000, 28, 28, 1))
    """

    def __init__(
        self,
        which_set,
        center=False,
        shuffle=False,
        binarize=False,
        start=None,
        stop=None,
        axes=("b", 0, 1, "c"),
        preprocessor=None,
        fit_preprocessor=False,
        fit_test_preprocessor=False,
        data_path=None,
    ):
        check_which_set(which_set, "MNIST", "start=50000, stop=60000")
        if which_set == "test" and fit_test_preprocessor not in (None, fit_preprocessor):
            raise BadArgumentError(
                f"fit_preprocessor is {fit_preprocessor}, fit_test_preprocessor {fit_test_preprocessor}; "
                "make them equal for the test set"
            )
        self.which_set = which_set
        self._arguments = {
            "center": center,
            "shuffle": shuffle,
            "binarize": binarize,
            "axes": axes,
            "preprocessor": preprocessor,
            "fit_preprocessor": fit_test_preprocessor,
            "fit_test_preprocessor": fit_test_preprocessor,
            "data_path": data_path,
        }
        X, y = _read(which_set, data_root(data_path))
        if binarize:
            X = (X > 0.5).astype(np.float32)
        if center:
            # The sum over a C-contiguous array in float32 gives pylearn2's bits; it is 2e-5 off the exact mean.
            X -= X.mean(axis=0)
        if shuffle:
            order = _shuffled_order(len(X))
            X, y = X[order], y[order]
        X, y = sliced(X, y, start, stop)
        super().__init__(
            X=X,
            y=y,
            view_converter=DefaultViewConverter((SIDE, SIDE, 1), axes),
            y_labels=NUM_CLASSES,
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )

    def get_test_set(self):
        """Return the whole test set, made with this set's other arguments."""
        return MNIST("test", **self._arguments)

    def adjust_for_viewer(self, X):
        """Return pixels from [0, 1] scaled to [-1, 1] for display."""
        return np.clip(2 * X - 1, -1, 1)


def _read(which_set, root):
    source = MNISTSource()
    X, y = source.read(root, f"{which_set}/X", f"{which_set}/y")
    with source.reporting_damage(root):
        if X.shape != (NUM_EXAMPLES[which_set], SIDE * SIDE) or y.shape != (len(X), 1):
            raise ValueError(f"{which_set} has shapes {X.shape} and {y.shape}")
    X = X.astype(np.float32)
    # A product with 1/255 would round differently.
    X /= np.float32(255)
    return X, y


def _shuffled_order(num_examples):
    """Return pylearn2's order: each place in turn is swapped with any other, which is not Fisher-Yates."""
    order = list(range(num_examples))
    partners = np.random.RandomState(SHUFFLE_SEED).randint(num_examples, size=num_examples)
    for i, j in enumerate(partners.tolist()):
        order[i], order[j] = order[j], order[i]
    return order
