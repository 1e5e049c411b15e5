"""Functions whose arguments changed between Theano and Aesara, with Theano's arguments."""

import aesara
import numpy as np
from aesara.graph.basic import clone_replace
from aesara.tensor.nnet.abstract_conv import conv2d as abstract_conv2d
from aesara.tensor.signal.pool import pool_2d


def shared(value, name=None, strict=False, allow_downcast=None, **arguments):
    """A shared variable whose static shape is that of its value.

    Aesara leaves the static shape of shared variables open, and reshapes and allocations that depend on it then
    cannot be compiled by JAX. A variable that is to change shape asks for it: ``shape=(None, None)``.
    """
    if isinstance(value, np.ndarray) and not {"shape", "broadcastable"} & arguments.keys():
        arguments["shape"] = value.shape
    return aesara.shared(value, name, strict=strict, allow_downcast=allow_downcast, **arguments)


def clone(output, replace=None, strict=True, share_inputs=True):
    """A copy of the graph of `output`, with the variables in `replace` replaced."""
    return clone_replace(output, replace, rebuild_strict=strict, copy_inputs_over=share_inputs)


def conv2d(input, filters, input_shape=None, filter_shape=None, border_mode="valid", subsample=(1, 1),
           filter_flip=True, image_shape=None, **arguments):
    """Two-dimensional convolution; `image_shape` is the older name of `input_shape`."""
    return abstract_conv2d(input, filters, input_shape or image_shape, filter_shape, border_mode, subsample,
                           filter_flip, **arguments)


def max_pool_2d(input, ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """Pooling over the two last dimensions, with the argument names of Theano 0.7."""
    return pool_2d(input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode)
