"""The base of preprocessors that change images some at a time."""

from abc import ABC, abstractmethod

import numpy as np

from datasets.design_matrix import DefaultViewConverter
from datasets.errors import BadArgumentError


class PixelwisePreprocessor(ABC):
    """A preprocessor that gets its data set as float32 images, some at a time, and has nothing to fit.

    Rows are channel planes. But if `batch_size` differs from the number of examples, pylearn2 writes the rows of a
    data set in memory back interleaved, as (row, column, channel), and so does this class. Set `batch_size` to the
    number of examples to keep planes. Data sets on disk always keep them.

    Parameters
    ----------
    batch_size : int
        The number of images changed at a time. Each image is changed by itself.
    img_shape : pair of ints or None
        (rows, columns); None takes them from the data set's view converter.
    """

    def __init__(self, batch_size=5000, img_shape=None):
        if batch_size < 1:
            raise BadArgumentError(f"batch_size is {batch_size}; it must be at least 1")
        self._batch_size = batch_size
        self._img_shape = img_shape

    @abstractmethod
    def change(self, images):
        """Change the float32 `images`, shape (images, channels, rows, columns), in place."""

    def apply(self, dataset, can_fit=False):
        """Replace the design matrix of `dataset` by a float32 one."""
        stored = dataset.get_design_matrix()
        interleaved = not dataset.on_disk and self._batch_size != len(stored)
        X = np.array(stored, np.float32)
        images = X.reshape(len(X), *self._shape(dataset, X.shape[1]))
        for start in range(0, len(X), self._batch_size):
            self.change(images[start : start + self._batch_size])
        if interleaved:
            X = images.transpose(0, 2, 3, 1).reshape(X.shape)
        dataset.set_design_matrix(X)

    def _shape(self, dataset, features):
        """Return (channels, rows, columns)."""
        shape = self._img_shape
        if shape is None:
            if not isinstance(dataset.view_converter, DefaultViewConverter):
                raise BadArgumentError("this data set has no images; give it a view_converter")
            shape = dataset.view_converter.shape[:2]
        rows, columns = shape
        if features % (rows * columns):
            raise BadArgumentError(f"rows of {features} features cannot be images of {rows} x {columns}")
        return features // (rows * columns), rows, columns
