"""``lasagne.layers.corrmm``: the convolution that ran through caffe's GPU code, on what runs here."""

from lasagne.layers import Layer

from reproduce.shim.lasagne_names import dnn

__all__ = ["Conv2DMMLayer"]


class MMLayer(Layer):
    """Whatever ran through caffe's code."""


class Conv2DMMLayer(dnn.Conv2DDNNLayer, MMLayer):
    __doc__ = dnn.Conv2DDNNLayer.__doc__
