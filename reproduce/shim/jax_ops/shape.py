"""Ops that make, join and shape arrays; every shape must be known when JAX traces (see `static`)."""

import warnings

import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.raise_op import Assert, CheckAndRaise
from aesara.tensor.basic import (
    Alloc,
    AllocEmpty,
    ARange,
    Eye,
    Join,
    MakeVector,
    ScalarFromTensor,
    Split,
    TensorFromScalar,
    Tri,
)
from aesara.tensor.extra_ops import BroadcastTo, Repeat
from aesara.tensor.shape import Reshape, Shape, SpecifyShape

from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.static import is_static, static_ints
from reproduce.shim.jax_ops.values import is_known


@jax_funcify.register(Shape)
def jax_funcify_Shape(op, **kwargs):
    def shape(x):
        return np.array(jnp.shape(x), dtype="int64")

    return shape


@jax_funcify.register(Reshape)
def jax_funcify_Reshape(op, node=None, **kwargs):
    def reshape(x, shape):
        return jnp.reshape(x, static_ints(shape, op, node, "shapes"))

    return reshape


@jax_funcify.register(SpecifyShape)
def jax_funcify_SpecifyShape(op, node=None, **kwargs):
    def specify_shape(x, *lengths):
        actual = jnp.shape(x)
        for axis, length in enumerate(lengths):
            if length is None:
                continue
            (length,) = static_ints((length,), op, node, "shapes")
            if actual[axis] != length:
                raise ValueError(f"SpecifyShape: expected length {length} along axis {axis}, got {actual}")
        return x

    return specify_shape


@jax_funcify.register(BroadcastTo)
@jax_funcify.register(Alloc)
def jax_funcify_Alloc(op, node=None, **kwargs):
    def alloc(x, *shape):
        return jnp.broadcast_to(x, static_ints(shape, op, node, "shapes"))

    return alloc


@jax_funcify.register(AllocEmpty)
def jax_funcify_AllocEmpty(op, node=None, **kwargs):
    def alloc_empty(*shape):
        return jnp.zeros(static_ints(shape, op, node, "shapes"), device_dtype(op.dtype))

    return alloc_empty


@jax_funcify.register(ARange)
def jax_funcify_ARange(op, node=None, **kwargs):
    def arange(*bounds):
        integers = static_ints(bounds, op, node, "bounds")
        if op.dtype.startswith(("int", "uint")):
            bounds = integers
        return jnp.arange(*bounds, dtype=device_dtype(op.dtype))

    return arange


@jax_funcify.register(Eye)
@jax_funcify.register(Tri)
def jax_funcify_Eye(op, node=None, **kwargs):
    function = jnp.eye if isinstance(op, Eye) else jnp.tri

    def matrix(*sizes):  # rows, columns, diagonal
        return function(*static_ints(sizes, op, node, "sizes"), dtype=device_dtype(op.dtype))

    return matrix


@jax_funcify.register(Join)
def jax_funcify_Join(op, node=None, **kwargs):
    dtype = node.outputs[0].type.dtype

    def join(axis, *arrays):
        (axis,) = static_ints((axis,), op, node, "axes")
        return jnp.concatenate([jnp.asarray(a, device_dtype(dtype)) for a in arrays], axis=axis)

    return join


@jax_funcify.register(Split)
def jax_funcify_Split(op, node=None, **kwargs):
    def split(x, axis, lengths):
        (axis,) = static_ints((axis,), op, node, "axes")
        ends = np.cumsum(static_ints(lengths, op, node, "lengths"))
        if len(ends) != op.len_splits or ends[-1] != x.shape[axis]:
            raise ValueError(f"Split: ends {ends.tolist()} do not divide axis {axis} of {x.shape}")
        parts = jnp.split(x, ends[:-1], axis=axis)
        return parts[0] if len(parts) == 1 else parts

    return split


@jax_funcify.register(Repeat)
def jax_funcify_Repeat(op, node=None, **kwargs):
    def repeat(x, repeats):
        counts = static_ints(np.ravel(repeats) if is_known(repeats) else repeats, op, node, "counts")
        return jnp.repeat(x, np.array(counts), axis=op.axis)

    return repeat


@jax_funcify.register(MakeVector)
def jax_funcify_MakeVector(op, **kwargs):
    def make_vector(*scalars):
        return jnp.stack([jnp.asarray(s, device_dtype(op.dtype)) for s in scalars])

    return make_vector


@jax_funcify.register(TensorFromScalar)
@jax_funcify.register(ScalarFromTensor)
def jax_funcify_scalar(op, **kwargs):
    def scalar(x):
        return jnp.reshape(x, ())

    return scalar


@jax_funcify.register(Assert)
@jax_funcify.register(CheckAndRaise)
def jax_funcify_CheckAndRaise(op, **kwargs):
    """Checks what is known while tracing; compiled code cannot raise."""

    def check(x, *conditions):
        if not all(is_static(condition) for condition in conditions):
            warnings.warn(f"not checked in compiled JAX code: {op.msg}", stacklevel=2)
        if not all(np.all(condition) for condition in conditions if is_static(condition)):
            raise op.exc_type(op.msg)
        return x

    return check
