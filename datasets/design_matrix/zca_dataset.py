"""pylearn2's class for a slice of a whitened data set, which can also undo the whitening."""

import warnings

import numpy as np

from datasets.design_matrix.dense_design_matrix import DenseDesignMatrix
from datasets.design_matrix.splits import sliced
from datasets.errors import BadArgumentError


class ZCA_Dataset(DenseDesignMatrix):
    """Examples of a whitened data set, and the preprocessor that whitened them.

    The preprocessor is not applied again. `X` and `y` are views of the inner data set's arrays; its view converter,
    generator and number of classes are shared.

    Parameters
    ----------
    preprocessed_dataset : DenseDesignMatrix
        The whitened data set, whose `y` has two axes.
    preprocessor : object with ``inverse(X)``
        Such as a ZCA.
    start, stop : int or None
        Keep the examples `start` to `stop` (exclusive), or all if `start` is None.
    axes : sequence or None
        Ignored with a warning; the inner data set's axes are used.

    Raises
    ------
    BadArgumentError
        The slice does not exist, or `y` does not have two axes; also a ValueError.

    Examples
    --------
    >>> from datasets.preprocessing import ZCA
    >>> X = np.random.RandomState(0).rand(20, 4).astype(np.float32)
    >>> inner, zca = DenseDesignMatrix(X=X, y=np.zeros((20, 1), int)), ZCA()
    >>> inner.apply_preprocessor(zca, can_fit=True)
    >>> valid = ZCA_Dataset(inner, zca, start=15, stop=20)
    >>> valid.X.shape, valid.y.shape, bool(np.allclose(valid.mapback(valid.X), X[15:20], atol=1e-5))
    ((5, 4), (5, 1), True)
    """

    def __init__(self, preprocessed_dataset, preprocessor, start=None, stop=None, axes=None):
        if axes is not None:
            warnings.warn("ZCA_Dataset ignores axes; set those of the inner data set", stacklevel=2)
        inner = preprocessed_dataset
        if np.ndim(inner.y) != 2:
            raise BadArgumentError(f"the targets have shape {np.shape(inner.y)}, expected 2 axes")
        X, y = sliced(inner.X, inner.y, start, stop)
        super().__init__(
            X=X, y=y, view_converter=inner.view_converter, rng=inner.rng, y_labels=inner.y_labels
        )
        self.preprocessed_dataset, self.preprocessor = inner, preprocessor

    def mapback(self, X):
        """Undo the whitening of rows; the result is contrast-normalized, not pixels."""
        return self.preprocessor.inverse(X)

    def mapback_for_viewer(self, X):
        """Undo the whitening of rows and scale them to [-1, 1] for display."""
        return self.preprocessed_dataset.adjust_for_viewer(self.mapback(X))

    def adjust_for_viewer(self, X):
        """Return whitened rows scaled to [-1, 1] for display."""
        return X / (np.abs(X).max(axis=1, keepdims=True) + 1e-12)

    def get_test_set(self):
        """Return the whole test set of the inner data set, with the same preprocessor."""
        return ZCA_Dataset(self.preprocessed_dataset.get_test_set(), self.preprocessor)

    def iterator(self, mode=None, batch_size=None, num_batches=None, rng=None, data_specs=None):
        """Return an iterator over minibatches as `DenseDesignMatrix.iterator` does; `data_specs` must be given."""
        if data_specs is None:
            raise BadArgumentError("no data_specs given; give them, such as data_specs='features'")
        return super().iterator(mode, batch_size, num_batches, rng, data_specs)
