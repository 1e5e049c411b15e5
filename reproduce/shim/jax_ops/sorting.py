"""Sorting, and what gives arrays of a length that depends on values: such a function's operations run one by one."""

import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.basic import Nonzero
from aesara.tensor.extra_ops import Unique
from aesara.tensor.sort import ArgSortOp, SortOp

from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.static import static_ints
from reproduce.shim.jax_ops.values import is_known


def _axis(axis, op, node):
    return None if axis is None else static_ints((axis,), op, node, "axes")[0]


@jax_funcify.register(SortOp)
def jax_funcify_SortOp(op, node=None, **kwargs):
    def sort(x, axis):
        return jnp.sort(x, axis=_axis(axis, op, node))

    return sort


@jax_funcify.register(ArgSortOp)
def jax_funcify_ArgSortOp(op, node=None, **kwargs):
    """Equal elements stay in their order, whatever `kind` says."""

    def argsort(x, axis):
        return jnp.argsort(x, axis=_axis(axis, op, node), stable=True).astype(device_dtype("int64"))

    return argsort


def _by_values(function, op, node):
    """`function` of an array whose values decide the lengths of the results."""

    def run(x):
        if not is_known(x):
            problem = "the length of its result depends on values"
            raise unsupported(op, node, problem, "mask with switch where a fixed length will do")
        results = [part.astype(device_dtype(v.type.dtype)) for part, v in zip(function(x), node.outputs, strict=True)]
        return results[0] if len(results) == 1 else results

    return run


@jax_funcify.register(Nonzero)
def jax_funcify_Nonzero(op, node=None, **kwargs):
    return _by_values(jnp.nonzero, op, node)


@jax_funcify.register(Unique)
def jax_funcify_Unique(op, node=None, **kwargs):
    parts = {"return_index": op.return_index, "return_inverse": op.return_inverse, "return_counts": op.return_counts}

    def unique(x):
        results = jnp.unique(x, axis=op.axis, **parts)
        return results if any(parts.values()) else [results]

    return _by_values(unique, op, node)
