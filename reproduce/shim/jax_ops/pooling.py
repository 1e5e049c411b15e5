"""Pooling over the last axes, and its gradients."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.signal.pool import AveragePoolGrad, MaxPoolGrad, Pool

from reproduce.shim.jax_ops.static import static_ints


class _Windows:
    """Where the windows of a pooling Op lie on inputs of one shape.

    Parameters
    ----------
    op, node
        The Op, for error messages and `ndim`.
    shape : tuple of int
        The input's.
    size, stride, pad : arrays of int
        One entry a pooled axis.
    """

    def __init__(self, op, node, shape, size, stride, pad):
        def ints(values):
            return static_ints(values, op, node, "windows")

        self.size, self.stride, self.pad = ints(size), ints(stride), ints(pad)
        self._leading = (1,) * (len(shape) - op.ndim)
        self._lengths = shape[-op.ndim :]
        out = Pool.out_shape(shape, self.size, op.ignore_border, self.stride, self.pad, op.ndim)
        self.counts = tuple(int(length) for length in out[-op.ndim :])
        # Up to which each axis is padded so that the last window, which may stick out, is whole.
        self._ends = tuple(
            max((count - 1) * stride + size - pad - length, 0)
            for count, stride, size, pad, length in zip(
                self.counts, self.stride, self.size, self.pad, self._lengths, strict=True
            )
        )

    def padding(self):
        """(before, after) for every axis of the input."""
        return [(0, 0)] * len(self._leading) + list(zip(self.pad, self._ends, strict=True))

    def reduce(self, x, start, operation):
        """`operation` over every window, beginning with `start`."""
        return jax.lax.reduce_window(
            x,
            start,
            operation,
            self._leading + self.size,
            self._leading + self.stride,
            self.padding(),
        )

    def populations(self, with_padding):
        """Number of elements in each window, without those past the border; an array that broadcasts."""
        result = np.ones((1,) * len(self._leading))
        for axis, (count, stride, size, pad, length) in enumerate(
            zip(self.counts, self.stride, self.size, self.pad, self._lengths, strict=True)
        ):
            first = np.arange(count) * stride
            low, high = (0, length + 2 * pad) if with_padding else (pad, pad + length)
            inside = np.minimum(first + size, high) - np.maximum(first, low)
            result = result[..., None] * inside.reshape((1,) * (axis + len(self._leading)) + (-1,))
        return result

    @property
    def tile(self):
        """Whether windows lie side by side from the input's start."""
        return self.stride == self.size and not any(self.pad)

    def spread(self, values):
        """Each window's value at all of its places where windows tile the input; 0 beyond the last."""
        for axis, (size, length) in enumerate(zip(self.size, self._lengths, strict=True), len(self._leading)):
            values = jnp.repeat(values, size, axis)
            values = jax.lax.slice_in_dim(values, 0, min(values.shape[axis], length), axis=axis)
        config = [(0, 0, 0)] * len(self._leading) + [
            (0, length - covered, 0)
            for length, covered in zip(self._lengths, values.shape[-len(self.size) :], strict=True)
        ]
        return jax.lax.pad(values, jnp.zeros((), values.dtype), config)

    def offsets(self):
        """Every place in a window, as a tuple of int."""
        return itertools.product(*map(range, self.size))

    def gather(self, x, offset):
        """From padded `x`, the element at `offset` of every window."""
        start = (0,) * len(self._leading) + offset
        stop = x.shape[: len(self._leading)] + tuple(
            o + (count - 1) * stride + 1 for o, count, stride in zip(offset, self.counts, self.stride, strict=True)
        )
        return jax.lax.slice(x, start, stop, self._leading + self.stride)

    def scatter(self, values, offset, lengths):
        """The transpose of `gather` for an `x` with `lengths` along the pooled axes."""
        config = [(0, 0, 0)] * len(self._leading) + [
            (o, length - o - (count - 1) * stride - 1, stride - 1)
            for o, length, count, stride in zip(offset, lengths, self.counts, self.stride, strict=True)
        ]
        return jax.lax.pad(values, jnp.zeros((), values.dtype), config)


def _least(dtype):
    return np.array(-np.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min, dtype)


def _total(op, windows, x):
    """Sum or mean over windows."""
    total = windows.reduce(x, np.zeros((), x.dtype), jax.lax.add)
    if op.mode == "sum":
        return total
    return total / windows.populations(op.mode == "average_inc_pad").astype(x.dtype)


@jax_funcify.register(Pool)
def jax_funcify_Pool(op, node=None, **kwargs):
    def pool(x, size, stride, pad):
        windows = _Windows(op, node, x.shape, size, stride, pad)
        if op.mode == "max":
            return windows.reduce(x, _least(x.dtype), jax.lax.max)
        return _total(op, windows, x)

    return pool


@jax_funcify.register(MaxPoolGrad)
def jax_funcify_MaxPoolGrad(op, node=None, **kwargs):
    """Every element equal to its window's maximum receives the whole gradient, as in Aesara's C code."""

    def max_pool_grad(x, maximum, gradient, size, stride, pad):
        windows = _Windows(op, node, x.shape, size, stride, pad)
        if windows.tile:
            chosen = x == windows.spread(maximum)
            return jnp.where(chosen, windows.spread(gradient), jnp.zeros((), gradient.dtype))
        padding = windows.padding()
        padded = jax.lax.pad(x, _least(x.dtype), [(low, high, 0) for low, high in padding])
        lengths = padded.shape[-op.ndim :]
        total = jnp.zeros(padded.shape, gradient.dtype)
        for offset in windows.offsets():
            chosen = jnp.where(windows.gather(padded, offset) == maximum, gradient, 0)
            total = total + windows.scatter(chosen, offset, lengths)
        start = [low for low, _ in padding]
        return jax.lax.slice(total, start, [low + n for low, n in zip(start, x.shape, strict=True)])

    return max_pool_grad


@jax_funcify.register(AveragePoolGrad)
def jax_funcify_AveragePoolGrad(op, node=None, **kwargs):
    def average_pool_grad(x, gradient, size, stride, pad):
        windows = _Windows(op, node, x.shape, size, stride, pad)
        (result,) = jax.linear_transpose(lambda x: _total(op, windows, x), x)(gradient)
        return result

    return average_pool_grad
