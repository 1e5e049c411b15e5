"""The pooling and upscaling layers of Lasagne 0.2.dev1 that 0.1 lacks."""

import theano.tensor as T
from lasagne.layers import Layer
from lasagne.layers.pool import pool_output_length
from lasagne.utils import as_tuple
from theano.tensor.signal.pool import pool_2d, pool_3d

__all__ = [
    "MaxPool3DLayer", "Pool1DLayer", "Pool3DLayer", "SpatialPyramidPoolingLayer", "Upscale1DLayer", "Upscale2DLayer",
    "Upscale3DLayer",
]  # fmt: skip


class PoolLayer(Layer):
    """Pools over the last axes.

    Parameters
    ----------
    pool_size, stride, pad : int or tuple of int
        `stride` is by default `pool_size`.
    ignore_border : bool
        Whether a part that is smaller than `pool_size` is left out.
    mode : {"max", "average_inc_pad", "average_exc_pad"}
    """

    places = None  # how many axes it pools over

    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, mode="max", **kwargs):
        super().__init__(incoming, **kwargs)
        if len(self.input_shape) != self.places + 2:
            needed = f"{self.places + 2} axes (batch, channels and {self.places} of places)"
            raise ValueError(f"Tried to create a {type(self).__name__} on {self.input_shape}; it needs {needed}")
        self.pool_size = as_tuple(pool_size, self.places)
        self.stride = self.pool_size if stride is None else as_tuple(stride, self.places)
        self.pad = as_tuple(pad, self.places)
        self.ignore_border, self.mode = ignore_border, mode

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.pool_size, self.stride, self.pad, strict=True)
        return (*input_shape[:2], *(pool_output_length(*each, ignore_border=self.ignore_border) for each in sizes))

    def get_output_for(self, input, **kwargs):
        pool = pool_3d if self.places == 3 else pool_2d
        return pool(
            input, ws=self.pool_size, stride=self.stride, pad=self.pad, ignore_border=self.ignore_border, mode=self.mode
        )


class Pool1DLayer(PoolLayer):
    __doc__ = PoolLayer.__doc__
    places = 1

    def get_output_for(self, input, **kwargs):
        pooled = pool_2d(
            T.shape_padright(input, 1), ws=(self.pool_size[0], 1), stride=(self.stride[0], 1), pad=(self.pad[0], 0),
            ignore_border=self.ignore_border, mode=self.mode,
        )  # fmt: skip
        return pooled[:, :, :, 0]


class Pool3DLayer(PoolLayer):
    __doc__ = PoolLayer.__doc__
    places = 3


class MaxPool3DLayer(Pool3DLayer):
    """`Pool3DLayer` of the maximum."""

    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border, mode="max", **kwargs)


class _UpscaleLayer(Layer):
    """Makes the last axes `scale_factor` times as long: ``repeat`` repeats values, ``dilate`` puts zeros after them."""

    places = None

    def __init__(self, incoming, scale_factor, mode="repeat", **kwargs):
        super().__init__(incoming, **kwargs)
        self.scale_factor = as_tuple(scale_factor, self.places)
        if any(factor < 1 for factor in self.scale_factor):
            raise ValueError(f"Scale factor must be >= 1, not {scale_factor}")
        if mode not in ("repeat", "dilate"):
            raise ValueError(f"Mode must be one of 'repeat' or 'dilate', not {mode}")
        self.mode = mode

    def get_output_shape_for(self, input_shape):
        lengths = zip(input_shape[2:], self.scale_factor, strict=True)
        return (*input_shape[:2], *(length and length * factor for length, factor in lengths))

    def get_output_for(self, input, **kwargs):
        if self.mode == "repeat":
            for axis, factor in enumerate(self.scale_factor, 2):
                input = T.extra_ops.repeat(input, factor, axis) if factor > 1 else input
            return input
        shape = [*input.shape[:2], *(input.shape[axis] * f for axis, f in enumerate(self.scale_factor, 2))]
        places = (slice(None), slice(None), *(slice(None, None, factor) for factor in self.scale_factor))
        return T.set_subtensor(T.zeros(shape, input.dtype)[places], input)


class Upscale1DLayer(_UpscaleLayer):
    __doc__ = _UpscaleLayer.__doc__
    places = 1


class Upscale2DLayer(_UpscaleLayer):
    __doc__ = _UpscaleLayer.__doc__
    places = 2


class Upscale3DLayer(_UpscaleLayer):
    __doc__ = _UpscaleLayer.__doc__
    places = 3


class SpatialPyramidPoolingLayer(Layer):
    """Pools over n × n parts of a picture for each n in `pool_dims`: a vector of fixed length (He et al., 2014).

    Part i of n goes from ⌊i·length/n⌋ to ⌈(i + 1)·length/n⌉; its value is its maximum, or its mean where `mode` begins
    with ``average``. This is Lasagne's ``implementation="kaiming"``, and its ``"fast"`` where n divides the length.
    """

    def __init__(self, incoming, pool_dims=(4, 2, 1), mode="max", implementation="fast", **kwargs):
        super().__init__(incoming, **kwargs)
        if len(self.input_shape) != 4 or None in self.input_shape[2:]:
            raise ValueError(f"SpatialPyramidPoolingLayer needs 4 axes of known picture size, got {self.input_shape}")
        self.pool_dims, self.mode = list(pool_dims), mode

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:2], sum(n * n for n in self.pool_dims))

    def get_output_for(self, input, **kwargs):
        pool = T.max if self.mode == "max" else T.mean
        parts = [
            pool(input[:, :, rows, columns], axis=(2, 3))
            for n in self.pool_dims
            for rows in _parts(self.input_shape[2], n)
            for columns in _parts(self.input_shape[3], n)
        ]
        return T.stack(parts, axis=2)


def _parts(length, n):
    return [slice(i * length // n, -(-(i + 1) * length // n)) for i in range(n)]
