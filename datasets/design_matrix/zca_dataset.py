"""A slice of a whitened data set, with the way back, as pylearn2's class of this name."""

import warnings

import numpy as np

from datasets.design_matrix.dense_design_matrix import DenseDesignMatrix
from datasets.design_matrix.splits import sliced
from datasets.errors import BadArgumentError


class ZCA_Dataset(DenseDesignMatrix):
    """Examples of a data set that has been whitened already, and the preprocessor that did it.

    Nothing is applied. `X` and `y` are views of the inner data set's, and its view converter, generator and
    number of classes are shared.

    Parameters
    ----------
    preprocessed_dataset : DenseDesignMatrix
        Whitened; its `y` has two axes.
    preprocessor : object with ``inverse(X)``
        Such as the ZCA.
    start, stop : int or None
        Keep the examples `start` to `stop` (exclusive); without `start`, all.
    axes : sequence or None
        Only for compatibility: the inner data set's axes stay.

    Raises
    ------
    BadArgumentError
        The slice does not exist, or `y` is no matrix; also a ValueError.
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
        """Return whitened rows as they were before the whitening: contrast-normalized, not pixels."""
        return self.preprocessor.inverse(X)

    def mapback_for_viewer(self, X):
        """Return whitened rows as they were before, in [-1, 1] for display."""
        return self.preprocessed_dataset.adjust_for_viewer(self.mapback(X))

    def adjust_for_viewer(self, X):
        """Return whitened rows in [-1, 1] for display."""
        return X / (np.abs(X).max(axis=1, keepdims=True) + 1e-12)

    def get_test_set(self):
        """Return the inner data set's whole test set with the same preprocessor."""
        return ZCA_Dataset(self.preprocessed_dataset.get_test_set(), self.preprocessor)

    def iterator(self, mode=None, batch_size=None, num_batches=None, rng=None, data_specs=None):
        """Return an iterator as `DenseDesignMatrix.iterator` does; here `data_specs` must be given."""
        if data_specs is None:
            raise BadArgumentError("no data_specs given; give them, such as data_specs='features'")
        return super().iterator(mode, batch_size, num_batches, rng, data_specs)
