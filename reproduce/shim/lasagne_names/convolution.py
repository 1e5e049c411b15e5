"""The convolutional layers of Lasagne 0.2.dev1 that 0.1 lacks, with those that it had for cuDNN and corrmm."""

import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Layer
from lasagne.layers.conv import conv_output_length
from lasagne.utils import as_tuple
from theano.tensor.nnet.abstract_conv import AbstractConv2d_gradInputs, conv2d, conv3d

__all__ = [
    "Conv3DLayer", "Deconv2DLayer", "DilatedConv2DLayer", "LocallyConnected2DLayer", "TransposedConv2DLayer",
]  # fmt: skip


class BaseConvLayer(Layer):
    """A convolution over `places` axes, a bias and a nonlinearity.

    Parameters
    ----------
    num_filters : int
    filter_size, stride : int or tuple of int
    pad : int, tuple of int, "valid", "same" or "full"
        Zeros on both sides; ``same`` is for filters of odd size.
    untie_biases : bool
        Whether each place has a bias of its own.
    flip_filters : bool
        Whether it is a convolution proper; a correlation otherwise.
    """

    places = 2

    def __init__(
        self, incoming, num_filters, filter_size, stride=1, pad=0, untie_biases=False, W=init.GlorotUniform(),
        b=init.Constant(0.0), nonlinearity=nonlinearities.rectify, flip_filters=True, **kwargs,
    ):  # fmt: skip
        super().__init__(incoming, **kwargs)
        self.nonlinearity = nonlinearities.identity if nonlinearity is None else nonlinearity
        self.num_filters, self.flip_filters, self.untie_biases = num_filters, flip_filters, untie_biases
        self.filter_size = as_tuple(filter_size, self.places, int)
        self.stride = as_tuple(stride, self.places, int)
        self.pad = self._padding(pad)
        if len(self.input_shape) != self.places + 2:
            needed = f"{self.places + 2} axes (batch, channels and {self.places} of places)"
            raise ValueError(f"Tried to create a {type(self).__name__} on {self.input_shape}; it needs {needed}")
        self.W = self.add_param(W, self.get_W_shape(), name="W")
        shape = (num_filters, *(self.output_shape[2:] if untie_biases else ()))
        self.b = None if b is None else self.add_param(b, shape, name="b", regularizable=False)

    def _padding(self, pad):
        if pad == "valid":
            return (0,) * self.places
        if pad == "full":
            return tuple(size - 1 for size in self.filter_size)
        if pad == "same":
            return tuple((size - 1) // 2 for size in self.filter_size)
        return as_tuple(pad, self.places, int)

    def get_W_shape(self):
        """(filters, channels, sizes …)."""
        return (self.num_filters, self.input_shape[1], *self.filter_size)

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.filter_size, self.stride, self.pad, strict=True)
        return (input_shape[0], self.num_filters, *(conv_output_length(*each) for each in sizes))

    def convolve(self, input):
        convolution = conv3d if self.places == 3 else conv2d
        return convolution(
            input, self.W, self.input_shape, self.get_W_shape(), border_mode=self.pad, subsample=self.stride,
            filter_flip=self.flip_filters,
        )  # fmt: skip

    def get_output_for(self, input, **kwargs):
        output = self.convolve(input)
        if self.b is not None:
            places = range(1, self.places + 1) if self.untie_biases else ["x"] * self.places
            output = output + self.b.dimshuffle("x", 0, *places)
        return self.nonlinearity(output)


class Conv3DLayer(BaseConvLayer):
    __doc__ = BaseConvLayer.__doc__
    places = 3


class TransposedConv2DLayer(BaseConvLayer):
    """The gradient of a convolution by its input, which upsamples by `stride`; `crop` undoes that convolution's `pad`.

    `W` is (channels of the input, filters, rows, columns), as that convolution's, and an output is
    stride·(length − 1) + filter − 2·crop long, unless `output_size` says so.
    """

    def __init__(
        self, incoming, num_filters, filter_size, stride=(1, 1), crop=0, untie_biases=False, W=init.GlorotUniform(),
        b=init.Constant(0.0), nonlinearity=nonlinearities.rectify, flip_filters=False, output_size=None, **kwargs,
    ):  # fmt: skip
        self.output_size = None if output_size is None else as_tuple(output_size, 2)
        super().__init__(
            incoming, num_filters, filter_size, stride, crop, untie_biases, W, b, nonlinearity, flip_filters, **kwargs
        )

    @property
    def crop(self):
        return self.pad

    def get_W_shape(self):
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.filter_size, self.stride, self.pad, strict=True)
        lengths = self.output_size or [
            None if length is None else stride * (length - 1) + size - 2 * crop for length, size, stride, crop in sizes
        ]
        return (input_shape[0], self.num_filters, *lengths)

    def convolve(self, input):
        shape = self.get_output_shape_for(self.input_shape)
        found = self.get_output_shape_for(tuple(input.shape))
        lengths = [found[axis] if shape[axis] is None else shape[axis] for axis in (2, 3)]
        gradient = AbstractConv2d_gradInputs(
            (None, *shape[1:]), self.get_W_shape(), self.pad, self.stride, filter_flip=not self.flip_filters
        )
        return gradient(self.W, input, T.stack(lengths))


Deconv2DLayer = TransposedConv2DLayer


class DilatedConv2DLayer(BaseConvLayer):
    """A correlation with filters whose values lie `dilation` apart; `W` is (channels, filters, rows, columns)."""

    def __init__(
        self, incoming, num_filters, filter_size, dilation=(1, 1), pad=0, untie_biases=False, W=init.GlorotUniform(),
        b=init.Constant(0.0), nonlinearity=nonlinearities.rectify, flip_filters=False, **kwargs,
    ):  # fmt: skip
        if pad != "valid" and as_tuple(pad, 2) != (0, 0):
            raise NotImplementedError(f"DilatedConv2DLayer needs pad=0, got {pad}")
        self.dilation = as_tuple(dilation, 2, int)
        super().__init__(
            incoming, num_filters, filter_size, 1, 0, untie_biases, W, b, nonlinearity, flip_filters, **kwargs
        )

    def get_W_shape(self):
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.filter_size, self.dilation, strict=True)
        lengths = [length and length - (size - 1) * dilation for length, size, dilation in sizes]
        return (input_shape[0], self.num_filters, *lengths)

    def convolve(self, input):
        filters = self.W.dimshuffle(1, 0, 2, 3)
        channels, filters_shape = self.get_W_shape()[:2]
        return conv2d(
            input, filters, self.input_shape, (filters_shape, channels, *self.filter_size), border_mode="valid",
            filter_flip=self.flip_filters, filter_dilation=self.dilation,
        )  # fmt: skip


class LocallyConnected2DLayer(BaseConvLayer):
    """A convolution with filters of their own for each place; `W` is (filters, channels, size, size, rows, columns)."""

    def __init__(self, incoming, num_filters, filter_size, stride=1, pad="same", untie_biases=False, **kwargs):
        if pad != "same" or as_tuple(stride, 2) != (1, 1):
            raise NotImplementedError("LocallyConnected2DLayer requires stride=1 and pad='same'")
        super().__init__(incoming, num_filters, filter_size, stride, pad, untie_biases, **kwargs)

    def get_W_shape(self):
        return (*super().get_W_shape(), *self.input_shape[2:])

    def convolve(self, input):
        rows, columns = self.input_shape[2:]
        up, left = self.pad
        padded = T.zeros((input.shape[0], self.input_shape[1], rows + 2 * up, columns + 2 * left), input.dtype)
        padded = T.set_subtensor(padded[:, :, up : up + rows, left : left + columns], input)
        filters = self.W[:, :, ::-1, ::-1] if self.flip_filters else self.W
        products = [
            padded[:, None, :, i : i + rows, j : j + columns] * filters[None, :, :, i, j]
            for i in range(self.filter_size[0])
            for j in range(self.filter_size[1])
        ]
        return sum(products).sum(axis=2)
