"""scikit-learn's handwritten digits in the form of MNIST; they need no download."""

import hashlib

import numpy as np

from datasets.design_matrix import DefaultViewConverter, DenseDesignMatrix
from datasets.design_matrix.splits import check_which_set, sliced
from datasets.errors import DataError
from datasets.storage.source import Source

SIDE = 8
NUM_CLASSES = 10
DARKEST = 16  # the largest pixel value: the number of dark dots in a 4 x 4 block
SPLIT_SEED = 1797
# Of the bytes of all images (float32 in [0, 1]) and of all labels (uint8), in scikit-learn's order.
SHA256 = {
    "X": "9f578524b6cec1fc800cc52dfc87ebe56264983d490aa72a4bd928ba2570ec77",
    "y": "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
}
NUM_TRAIN = 1497


class Digits(DenseDesignMatrix):
    """Handwritten digits: `X` float32 (n, 64) in [0, 1] unless centred, `y` uint8 (n, 1), `y_labels` 10.

    scikit-learn does not divide its 1,797 images. Here they are put into the order
    ``RandomState(SPLIT_SEED).permutation(1797)``; the first 1,497 are the training set, the last 300 the test set. As
    with MNIST, validation examples are a slice of the training set: [0, 1200) to train, [1200, 1497) to validate.

    Parameters
    ----------
    which_set : {'train', 'test'}
    center : bool
        Subtract from each pixel its mean over this whole set, before slicing. So training and validation
        examples share one mean image, and the test set has its own.
    start, stop : int or None
        Keep the examples `start` to `stop` (exclusive). As in MNIST, `stop` without `start` is ignored.

    Raises
    ------
    BadArgumentError
        `which_set` or the slice does not exist; also a ValueError and an AssertionError.

    Examples
    --------
    >>> train = Digits("train", center=True, start=0, stop=1200)
    >>> train.X.shape, train.y.shape, train.get_topological_view().shape
    ((1200, 64), (1200, 1), (1200, 8, 8, 1))
    >>> train.get_test_set().X.shape
    (300, 64)
    """

    def __init__(self, which_set, center=False, start=None, stop=None):
        check_which_set(which_set, "Digits", "start=1200, stop=1497")
        self.which_set, self.center = which_set, center
        X, y = _all_digits()
        order = np.random.RandomState(SPLIT_SEED).permutation(len(X))
        chosen = order[:NUM_TRAIN] if which_set == "train" else order[NUM_TRAIN:]
        X, y = X[chosen], y[chosen]
        if center:
            X -= X.mean(axis=0)
        X, y = sliced(X, y, start, stop)
        super().__init__(X=X, y=y, view_converter=DefaultViewConverter((SIDE, SIDE, 1)), y_labels=NUM_CLASSES)

    def get_test_set(self):
        """Return the whole test set, centred if this set is."""
        return Digits("test", center=self.center)

    def adjust_for_viewer(self, X):
        """Return pixels from [0, 1] scaled to [-1, 1] for display."""
        return np.clip(2 * X - 1, -1, 1)


class DigitsSource(Source):
    """The digits as a source: they are part of scikit-learn, so nothing is downloaded or prepared."""

    name = "digits"
    description = "scikit-learn's 1,797 handwritten digits of 8 x 8 grey pixels, built in"
    prepared_bytes = 0

    def prepare(self, root, from_path=None, allow_unofficial=False):
        if from_path is not None:
            raise DataError("digits is part of scikit-learn and not made from files; leave --from out")
        return "digits: built in, nothing to do"

    def verify(self, root):
        if not self.provenance(root)["official"]:
            raise DataError("this scikit-learn has other digits; install the version in requirements.lock")
        return "digits: verified, official, built in"

    def state(self, root):
        return "built in"

    def provenance(self, root):
        X, y = _all_digits()
        sha256 = {name: hashlib.sha256(array).hexdigest() for name, array in (("X", X), ("y", y))}
        return {"name": self.name, "official": sha256 == SHA256, "sha256": sha256}


def _all_digits():
    """Return scikit-learn's digits in its order: X float32 (1797, 64) in [0, 1], y uint8 (1797, 1)."""
    # scikit-learn takes a second to import; users of other data sets need not wait for it.
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return (X / DARKEST).astype("<f4"), y.astype(np.uint8).reshape(-1, 1)
