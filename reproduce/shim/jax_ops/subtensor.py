"""Indexing, and writing or adding to a part of an array.

Bounds of slices must be known when JAX traces; scalar indices and arrays of indices may be traced. An index
out of bounds raises in C; compiled JAX code cannot, it reads the nearest element and writes nothing.
"""

import jax.numpy as jnp
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

from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.static import is_static


def _indices(op, node, values):
    """What goes between the brackets, slices made of int."""
    idx_list = getattr(op, "idx_list", None)
    return tuple(_index(index, op, node) for index in indices_from_subtensor(values, idx_list))


def _index(index, op, node):
    if isinstance(index, slice):
        if not is_static(index):
            raise unsupported(
                op,
                node,
                "the bounds of a slice depend on values of arrays",
                "take rows by an array of indices, X[indices], or by a slice between constants or shapes",
            )
        bounds = (index.start, index.stop, index.step)
        return slice(*(None if bound is None else int(bound) for bound in bounds))
    if not is_static(index) and index.dtype == "bool":
        raise unsupported(op, node, "the length of x[mask] depends on values of the mask", "use switch(mask, x, 0)")
    return index


@jax_funcify.register(Subtensor)
@jax_funcify.register(AdvancedSubtensor)
@jax_funcify.register(AdvancedSubtensor1)
def jax_funcify_Subtensor(op, node=None, **kwargs):
    def subtensor(x, *values):
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

    def inc_subtensor(x, y, *values):
        x, indices = jnp.asarray(x), _indices(op, node, values)
        y = jnp.asarray(y).astype(x.dtype)
        if _are_everything(indices, x.shape):
            return jnp.broadcast_to(y, x.shape) if op.set_instead_of_inc else x + y
        part = x.at[indices]
        return part.set(y) if op.set_instead_of_inc else part.add(y)

    return inc_subtensor


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
