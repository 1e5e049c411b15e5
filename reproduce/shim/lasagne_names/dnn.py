"""``lasagne.layers.dnn``: the layers that ran on cuDNN, on what runs here; filters are not flipped unless told."""

from lasagne import init, nonlinearities
from lasagne.layers import Layer

from reproduce.shim.lasagne_names import convolution, normalization, pooling

__all__ = [
    "BatchNormDNNLayer", "Conv2DDNNLayer", "Conv3DDNNLayer", "MaxPool2DDNNLayer", "MaxPool3DDNNLayer",
    "Pool2DDNNLayer", "Pool3DDNNLayer", "SpatialPyramidPoolingDNNLayer", "batch_norm_dnn",
]  # fmt: skip


class DNNLayer(Layer):
    """Whatever ran on cuDNN."""


class Conv2DDNNLayer(convolution.BaseConvLayer, DNNLayer):
    __doc__ = convolution.BaseConvLayer.__doc__

    def __init__(
        self, incoming, num_filters, filter_size, stride=1, pad=0, untie_biases=False, W=init.GlorotUniform(),
        b=init.Constant(0.0), nonlinearity=nonlinearities.rectify, flip_filters=False, **kwargs,
    ):  # fmt: skip
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity, flip_filters, **kwargs
        )


class Conv3DDNNLayer(Conv2DDNNLayer):
    __doc__ = convolution.BaseConvLayer.__doc__
    places = 3


class _PoolDNNLayer(pooling.PoolLayer, DNNLayer):
    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, mode="max", **kwargs):
        if not ignore_border:
            raise NotImplementedError(f"{type(self).__name__} does not support ignore_border=False.")
        super().__init__(incoming, pool_size, stride, pad, True, mode, **kwargs)


class Pool2DDNNLayer(_PoolDNNLayer):
    __doc__ = pooling.PoolLayer.__doc__
    places = 2


class Pool3DDNNLayer(_PoolDNNLayer):
    __doc__ = pooling.PoolLayer.__doc__
    places = 3


class MaxPool2DDNNLayer(Pool2DDNNLayer):
    """`Pool2DDNNLayer` of the maximum."""

    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border, mode="max", **kwargs)


class MaxPool3DDNNLayer(Pool3DDNNLayer):
    """`Pool3DDNNLayer` of the maximum."""

    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border, mode="max", **kwargs)


class SpatialPyramidPoolingDNNLayer(pooling.SpatialPyramidPoolingLayer, DNNLayer):
    __doc__ = pooling.SpatialPyramidPoolingLayer.__doc__


class BatchNormDNNLayer(normalization.BatchNormLayer, DNNLayer):
    __doc__ = normalization.BatchNormLayer.__doc__


batch_norm_dnn = normalization.batch_norm
