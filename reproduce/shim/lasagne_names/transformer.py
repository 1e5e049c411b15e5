"""The spatial transformer of Lasagne 0.2.dev1."""

import numpy as np
import theano.tensor as T
from lasagne.layers import MergeLayer
from lasagne.utils import as_tuple

__all__ = ["TransformerLayer"]


class TransformerLayer(MergeLayer):
    """Samples a picture, bilinearly, at an affine image of a regular grid (Jaderberg et al., 2015).

    Parameters
    ----------
    incoming : lasagne.layers.Layer or tuple
        Pictures, (batch, channels, rows, columns).
    localization_network : lasagne.layers.Layer
        θ, (batch, 6): row-wise the 2 × 3 matrix that takes (x, y, 1) of the output to (x, y) of the input, both from −1
        to 1 along each axis.
    downsample_factor : float or pair of float
        The input's size by the output's.
    border_mode : {"nearest", "mirror", "wrap"}
        What lies outside of the picture.
    """

    def __init__(self, incoming, localization_network, downsample_factor=1, border_mode="nearest", **kwargs):
        super().__init__([incoming, localization_network], **kwargs)
        self.downsample_factor, self.border_mode = as_tuple(downsample_factor, 2), border_mode
        pictures, theta = self.input_shapes
        if len(pictures) != 4 or len(theta) != 2 or theta[-1] != 6:
            raise ValueError(f"TransformerLayer needs 4 axes and θ of (batch, 6), got {pictures} and {theta}")

    def get_output_shape_for(self, input_shapes):
        lengths = zip(input_shapes[0][2:], self.downsample_factor, strict=True)
        return (*input_shapes[0][:2], *(length and int(length / factor) for length, factor in lengths))

    def get_output_for(self, inputs, **kwargs):
        pictures, theta = inputs
        batch, channels, rows, columns = pictures.shape
        new_rows = T.cast(rows / self.downsample_factor[0], "int64")
        new_columns = T.cast(columns / self.downsample_factor[1], "int64")
        x = T.tile(_from_minus_one_to_one(new_columns), new_rows)
        y = T.repeat(_from_minus_one_to_one(new_rows), new_columns)
        grid = T.stack([x, y, T.ones_like(x)])
        places = T.dot(theta.reshape((-1, 2, 3)), T.cast(grid, theta.dtype))  # batch, 2, places
        sampled = self._sample(pictures, places[:, 0], places[:, 1])
        return sampled.reshape((batch, new_rows, new_columns, channels)).dimshuffle(0, 3, 1, 2)

    def _sample(self, pictures, x, y):
        """(batch, places, channels): `pictures` at the coordinates (batch, places)."""
        _, _, rows, columns = pictures.shape
        x, y = (x + 1) / 2 * (columns - 1), (y + 1) / 2 * (rows - 1)
        left, top = T.floor(x), T.floor(y)
        batch = T.arange(pictures.shape[0])[:, None]
        values = pictures.dimshuffle(0, 2, 3, 1)
        total = 0
        for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
            weight = (1 - abs(x - column)) * (1 - abs(y - row))
            total += T.shape_padright(weight) * values[batch, self._within(row, rows), self._within(column, columns)]
        return T.cast(total, pictures.dtype)

    def _within(self, index, length):
        index = T.cast(index, "int64")
        if self.border_mode == "nearest":
            return T.clip(index, 0, length - 1)
        if self.border_mode == "wrap":
            return index % length
        if self.border_mode == "mirror":
            period = 2 * (length - 1)
            index = abs(index) % period
            return T.minimum(index, period - index)
        raise ValueError(f"border_mode must be one of 'nearest', 'mirror', 'wrap', got {self.border_mode!r}")


def _from_minus_one_to_one(length):
    return T.arange(length) * (np.float64(2) / T.maximum(length - 1, 1)) - 1
