"""Indexing, and writing or adding to a part of an array.

Bounds of slices must be known when JAX traces; scalar indices and arrays of indices may be traced. An index
out of bounds raises in C; compiled JAX code cannot, it reads the nearest element and writes nothing.
"""

import jax
import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.subtensor import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    IncSubtensor,
    Subtensor,
    indices_from_subtensor,
)
from aesara.tensor.type_other import MakeSlice

from reproduce.shim.jax_ops import moving_slices
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.values import is_known


def _indices(op, node, values):
    """What goes between the brackets, slices made of int, masks of arrays of int."""
    idx_list = getattr(op, "idx_list", None)
    indices = []
    for value in indices_from_subtensor(values, idx_list):
        index = _index(value, op, node)
        is_mask = getattr(index, "dtype", None) == "bool" and np.ndim(index) > 0
        indices.extend(jnp.nonzero(index) if is_mask else [index])
    return tuple(indices)


def _index(index, op, node):
    if isinstance(index, slice):
        if not is_known(index):
            raise unsupported(
                op,
                node,
                "the bounds of a slice depend on values of arrays",
                "take rows by an array of indices, X[indices], or by a slice between constants or shapes",
            )
        bounds = (index.start, index.stop, index.step)
        return slice(*(None if bound is None else int(bound) for bound in bounds))
    if not is_known(index) and index.dtype == "bool":
        raise unsupported(op, node, "the length of x[mask] depends on values of the mask", "use switch(mask, x, 0)")
    return index


@jax_funcify.register(Subtensor)
@jax_funcify.register(AdvancedSubtensor)
@jax_funcify.register(AdvancedSubtensor1)
def jax_funcify_Subtensor(op, node=None, **kwargs):
    lengths = moving_slices.lengths(node)

    def subtensor(x, *values):
        if lengths:
            moved = moving_slices.take(x, indices_from_subtensor(values, op.idx_list), lengths)
            if moved is not None:
                x, values = moved
                return x[values]
        x, indices = jnp.asarray(x), _indices(op, node, values)
        return _sliced(x, indices) if all(isinstance(index, slice) for index in indices) else x[indices]

    return subtensor


def _sliced(x, slices):
    """``x[slices]``. Where one goes backwards, JAX by itself would gather element by element."""
    turned = [axis for axis, part in enumerate(slices) if part.step == -1]
    forwards = list(slices)
    for axis in turned:
        places = range(x.shape[axis])[slices[axis]]
        forwards[axis] = slice(places[-1], places[0] + 1) if places else slice(0)
    return jnp.flip(x[tuple(forwards)], turned) if turned else x[slices]


@jax_funcify.register(IncSubtensor)
@jax_funcify.register(AdvancedIncSubtensor)
@jax_funcify.register(AdvancedIncSubtensor1)
def jax_funcify_IncSubtensor(op, node=None, **kwargs):
    if getattr(op, "ignore_duplicates", False):
        raise unsupported(op, node, "JAX always adds at duplicate indices", "leave ignore_duplicates unset")

    lengths = moving_slices.lengths(node)

    def inc_subtensor(x, y, *values):
        if lengths:
            moved = moving_slices.write(x, y, indices_from_subtensor(values, op.idx_list), lengths, op)
            if moved is not None:
                return moved
        x, y = jnp.asarray(x), jnp.asarray(y).astype(x.dtype)
        if len(values) == 1 and _is_traced_mask(values[0], x) and y.size == 1:
            y = jnp.reshape(y, ())
            return jnp.where(values[0], y if op.set_instead_of_inc else x + y, x)
        indices = _indices(op, node, values)
        if _are_everything(indices, x.shape):
            return jnp.broadcast_to(y, x.shape) if op.set_instead_of_inc else x + y
        part = x.at[indices]
        return part.set(y) if op.set_instead_of_inc else part.add(y)

    return inc_subtensor


def _is_traced_mask(index, x):
    return isinstance(index, jax.core.Tracer) and index.dtype == bool and index.ndim == x.ndim


def _are_everything(indices, shape):
    """Whether `indices` are slices that take all of an array in order.

    JAX would scatter then, and XLA of jaxlib 0.11 and 0.12 aborts where such a scatter is reversed.
    """
    return all(
        isinstance(index, slice) and index.indices(length) == (0, length, 1)
        for index, length in zip(indices, shape, strict=False)
    )


@jax_funcify.register(MakeSlice)
def jax_funcify_MakeSlice(op, **kwargs):
    def make_slice(*bounds):
        return slice(*bounds)

    return make_slice
