"""Reductions over axes.

Aesara sums float32 in float64 accumulators. So do these rules where ``jax_enable_x64`` is set; without it
JAX has no float64, and XLA's float32 sums stand in.
"""

import jax
import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.scalar import basic as scalar
from aesara.tensor.elemwise import CAReduce
from aesara.tensor.math import Argmax, MaxAndArgmax, MulWithoutZeros

from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import unsupported


def _product_without_zeros(x, axis, dtype):
    """Zeros are skipped; where there is nothing else the result is zero."""
    product = jnp.prod(jnp.where(x == 0, 1, x), axis=axis, dtype=dtype)
    return jnp.where(jnp.all(x == 0, axis=axis), 0, product)


def _sum(x, axis, dtype):
    """The sum; where kept axes lie between those summed, as features do in batch norm, first over the last ones.

    XLA's CPU code is twice as fast so, but for the barrier it would make one sum of both again.
    """
    last = [a for a in axis if set(range(a, x.ndim)) <= set(axis)]
    if len(last) not in (0, len(axis)):
        x = jax.lax.optimization_barrier(jnp.sum(x, tuple(last), dtype))
        axis = tuple(a for a in axis if a not in last)
    return jnp.sum(x, axis, dtype)


def _bitwise(operation, start):
    """A reduction by a bitwise operation of jax.lax, for booleans and integers."""

    def reduce(x, axis, dtype):
        x = x.astype(dtype)
        return jax.lax.reduce(x, np.array(start).astype(x.dtype), operation, axis)

    return reduce


def _extremum(function):
    return lambda x, axis, dtype: function(x, axis=axis)


_REDUCTIONS = {
    scalar.Add: _sum,
    scalar.Mul: jnp.prod,
    scalar.Mean: jnp.mean,
    scalar.ScalarMaximum: _extremum(jnp.max),
    scalar.ScalarMinimum: _extremum(jnp.min),
    scalar.AND: _bitwise(jax.lax.bitwise_and, -1),
    scalar.OR: _bitwise(jax.lax.bitwise_or, 0),
    scalar.XOR: _bitwise(jax.lax.bitwise_xor, 0),
    MulWithoutZeros: _product_without_zeros,
}


@jax_funcify.register(CAReduce)
def jax_funcify_CAReduce(op, node=None, **kwargs):
    reduce = _REDUCTIONS.get(type(op.scalar_op))
    if reduce is None:
        raise unsupported(op, node, f"no reduction by {op.scalar_op} is known", "use sum, prod, max or min")
    dtype = node.outputs[0].type.dtype
    accumulator = getattr(op, "acc_dtype", None) or dtype

    def careduce(x):
        x = jnp.asarray(x)
        axis = tuple(range(x.ndim)) if op.axis is None else tuple(int(a) for a in op.axis)
        return reduce(x, axis=axis, dtype=device_dtype(accumulator)).astype(device_dtype(dtype))

    return careduce


def _argmax(x, axes):
    """Index of the first maximum along `axes`, taken together in C order."""
    x = jnp.asarray(x)
    kept = [a for a in range(x.ndim) if a not in axes]
    x = jnp.transpose(x, (*kept, *axes))
    x = x.reshape((*x.shape[: len(kept)], -1))
    return jnp.argmax(x, axis=-1).astype(device_dtype("int64"))


def _axes(op, node):
    ndim = node.inputs[0].type.ndim
    return tuple(range(ndim)) if op.axis is None else tuple(int(a) % ndim for a in op.axis)


@jax_funcify.register(Argmax)
def jax_funcify_Argmax(op, node=None, **kwargs):
    axes = _axes(op, node)

    def argmax(x):
        return _argmax(x, axes)

    return argmax


@jax_funcify.register(MaxAndArgmax)
def jax_funcify_MaxAndArgmax(op, node=None, **kwargs):
    axes = _axes(op, node)

    def max_and_argmax(x):
        return jnp.max(x, axis=axes), _argmax(x, axes)

    return max_and_argmax
