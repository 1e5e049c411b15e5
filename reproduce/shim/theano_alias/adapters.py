"""Functions whose arguments changed between Theano and Aesara, with Theano's arguments and results."""

import aesara
import numpy as np
from aesara import tensor
from aesara.graph.basic import clone_replace
from aesara.tensor import random, special
from aesara.tensor.nnet.abstract_conv import conv2d as abstract_conv2d
from aesara.tensor.random.utils import RandomStream
from aesara.tensor.shape import specify_broadcastable, unbroadcast
from aesara.tensor.signal.pool import pool_2d


def shared(value, name=None, strict=False, allow_downcast=None, **arguments):
    """A shared variable whose static shape is that of its value.

    Aesara leaves the static shape of shared variables open, and reshapes and allocations that depend on it then
    cannot be compiled by JAX. A variable that is to change its shape asks for it: ``shape=(None, None)``; an
    empty one is a placeholder for what comes later, and its shape stays open. Theano's `broadcastable` says which
    dimensions of length 1 broadcast.
    """
    if isinstance(value, np.ndarray) and "shape" not in arguments:
        broadcastable = arguments.pop("broadcastable", (True,) * value.ndim)
        if value.size:
            lengths = zip(value.shape, broadcastable, strict=True)
            arguments["shape"] = tuple(None if length == 1 and not flag else length for length, flag in lengths)
    return aesara.shared(value, name, strict=strict, allow_downcast=allow_downcast, **arguments)


def clone(output, replace=None, strict=True, share_inputs=True):
    """A copy of the graph of `output` (one variable or several), with those in `replace` replaced."""
    return clone_replace(output, replace, rebuild_strict=strict, copy_inputs_over=share_inputs)


def patternbroadcast(x, broadcastable):
    """`x`, broadcastable along exactly the dimensions where `broadcastable` is true."""
    open_axes = [axis for axis, flag in enumerate(broadcastable) if not flag]
    x = unbroadcast(tensor.as_tensor_variable(x), *open_axes)
    return specify_broadcastable(x, *(axis for axis, flag in enumerate(broadcastable) if flag))


def softmax(x):
    """Softmax of each row; a vector gives a matrix of one row, as in Theano."""
    x = tensor.as_tensor_variable(x)
    return special.softmax(x.dimshuffle("x", 0) if x.ndim == 1 else x, axis=-1)


def conv2d(
    input,
    filters,
    input_shape=None,
    filter_shape=None,
    border_mode="valid",
    subsample=(1, 1),
    filter_flip=True,
    image_shape=None,
    **arguments,
):
    """Two-dimensional convolution; `image_shape` is the older name of `input_shape`."""
    return abstract_conv2d(
        input, filters, input_shape or image_shape, filter_shape, border_mode, subsample, filter_flip, **arguments
    )


def max_pool_2d(input, ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """Pooling over the two last dimensions, with the argument names of Theano 0.7."""
    return pool_2d(input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode)


class RandomStreams(RandomStream):
    """Random draws with Theano's argument order: the size first. The numbers are not Theano's."""

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype="int64", prob=None):
        return self._draw(random.binomial, n, p if prob is None else prob, size=size, dtype=dtype)

    def choice(self, size=None, a=2, replace=True, p=None, ndim=None, dtype="int64"):
        return self._draw(random.choice, a, size=size, replace=replace, p=p, dtype=dtype)

    def multinomial(self, size=None, n=1, pvals=(0.5, 0.5), ndim=None, dtype="int64"):
        return self._draw(random.multinomial, n, pvals, size=size, dtype=dtype)

    def normal(self, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
        return self._draw(random.normal, avg, std, size=size, dtype=dtype)

    def permutation(self, size=None, n=1, ndim=None, dtype="int64"):
        return self._draw(random.permutation, n, size=size, dtype=dtype)

    def poisson(self, size=None, lam=None, ndim=None, dtype="int64"):
        return self._draw(random.poisson, 1.0 if lam is None else lam, size=size, dtype=dtype)

    def random_integers(self, size=None, low=0, high=1, ndim=None, dtype="int64"):
        """Integers from `low` to `high`, both ends included."""
        return self._draw(random.integers, low, high + 1, size=size, dtype=dtype)

    def uniform(self, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
        return self._draw(random.uniform, low, high, size=size, dtype=dtype)

    def _draw(self, distribution, *parameters, dtype, **arguments):
        return tensor.cast(self.gen(distribution, *parameters, **arguments), dtype or aesara.config.floatX)
