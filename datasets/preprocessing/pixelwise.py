"""Preprocessors that change images block by block."""

from abc import ABC, abstractmethod

import numpy as np

from datasets.design_matrix import DefaultViewConverter
from datasets.errors import BadArgumentError


class PixelwisePreprocessor(ABC):
    """A preprocessor that sees its data set as float32 images, some at a time; it has nothing to fit.

    pylearn2 writes the rows of a data set in memory back interleaved, as (row, column, channel), where
    `batch_size` differs from the number of examples, though everything else takes rows for channel planes.
    Whoever wants planes from it sets `batch_size` to that number. Data sets on disk keep planes.

    Parameters
    ----------
    batch_size : int
        Images changed at a time; each by itself.
    img_shape : pair of ints or None
        (rows, columns); None: as the data set's view converter has it.
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
            raise BadArgumentError(f"rows of {features} features are no images of {rows} x {columns}")
        return features // (rows * columns), rows, columns
