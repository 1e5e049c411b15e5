"""Slices between values whose distance is a constant, ``X[i*b:(i+1)*b]``: XLA's dynamic slices.

The difference of the bounds is found by algebra on the graph that computes them. A dynamic slice never ends beyond the
array; where the slice would, the compiled function is not used.
"""

import jax
import jax.numpy as jnp
import numpy as np
from aesara.graph.basic import Constant
from aesara.scalar.basic import Add, Cast, Mul, Neg, Sub
from aesara.tensor.basic import ScalarFromTensor, TensorFromScalar
from aesara.tensor.elemwise import DimShuffle
from aesara.tensor.subtensor import IncSubtensor, Subtensor, get_idx_list

from reproduce.shim.jax_ops import tracing


def lengths(node):
    """Axis: length, of the slices that `node` takes or writes whose bounds move and whose length is constant."""
    if node is None or not isinstance(node.op, Subtensor | IncSubtensor):
        return {}
    found = {}
    values = node.inputs if isinstance(node.op, Subtensor) else node.inputs[1:]
    for axis, index in enumerate(get_idx_list(values, node.op.idx_list)):
        if isinstance(index, slice) and index.step in (None, 1) and _moves(index.start) and _moves(index.stop):
            length = _constant(_difference(_polynomial(index.stop), _polynomial(index.start)))
            if length is not None and length > 0:
                found[axis] = length
    return found


def take(x, indices, lengths):
    """(what is left of `x`, the indices that are left to apply), or None where a condition could not be checked."""
    starts = _starts(x, indices, lengths)
    if starts is None:
        return None
    x, indices = jnp.asarray(x), list(indices)
    for axis, length in lengths.items():
        x = jax.lax.dynamic_slice_in_dim(x, starts[axis], length, axis)
        indices[axis] = slice(None)
    return x, tuple(indices)


def write(x, y, indices, lengths, op):
    """`x` with `y` set or added where `indices` say, or None where that takes other means."""
    if not all(axis in lengths or index == slice(None) for axis, index in enumerate(indices)):
        return None
    starts = _starts(x, indices, lengths)
    if starts is None:
        return None
    x = jnp.asarray(x)
    corner = [starts.get(axis, 0) for axis in range(x.ndim)]
    part = jax.lax.dynamic_slice(x, corner, [lengths.get(axis, length) for axis, length in enumerate(x.shape)])
    y = jnp.asarray(y).astype(x.dtype)
    new = jnp.broadcast_to(y, part.shape) if op.set_instead_of_inc else part + y
    return jax.lax.dynamic_update_slice(x, new, corner)


def _starts(x, indices, lengths):
    """Axis: where its slice begins; None where that is known anyway, or nobody would check that the slice fits."""
    starts = {}
    for axis, length in lengths.items():
        start = indices[axis].start
        if not isinstance(start, jax.core.Tracer) or length > x.shape[axis]:
            return None
        start = jnp.reshape(start, ())
        if not tracing.require((start >= 0) & (start + length <= x.shape[axis])):
            return None
        starts[axis] = start
    return starts


def _moves(bound):
    return bound is not None and hasattr(bound, "type") and not isinstance(bound, Constant)


def _polynomial(variable):
    """The integer `variable` as a sum: {sorted tuple of the factors' ids: coefficient}."""
    if isinstance(variable, Constant):
        return {(): int(variable.data)}
    node = variable.owner
    operation = getattr(node and node.op, "scalar_op", node and node.op)
    if (
        isinstance(operation, ScalarFromTensor | TensorFromScalar)
        or (isinstance(operation, DimShuffle) and _is_one(node))
        or (isinstance(operation, Cast) and _keeps_integers(node))
    ):
        return _polynomial(node.inputs[0])
    if isinstance(operation, Add | Sub | Mul | Neg) and variable.type.dtype.startswith(("int", "uint")):
        parts = [_polynomial(part) for part in node.inputs]
        if isinstance(operation, Neg):
            return _difference({}, parts[0])
        if isinstance(operation, Sub):
            return _difference(*parts)
        total = parts[0]
        for part in parts[1:]:
            total = _sum(total, part) if isinstance(operation, Add) else _product(total, part)
        return total
    return {(id(variable),): 1}


def _is_one(node):
    return node.outputs[0].type.ndim == 0 or all(length == 1 for length in node.outputs[0].type.shape)


def _keeps_integers(node):
    given, result = (np.dtype(variable.type.dtype) for variable in (node.inputs[0], node.outputs[0]))
    return given.kind in "iu" and np.can_cast(given, result)


def _sum(p, q, sign=1):
    total = dict(p)
    for factors, coefficient in q.items():
        total[factors] = total.get(factors, 0) + sign * coefficient
    return total


def _difference(p, q):
    return _sum(p, q, -1)


def _product(p, q):
    total = {}
    for left, a in p.items():
        for right, b in q.items():
            factors = tuple(sorted(left + right))
            total[factors] = total.get(factors, 0) + a * b
    return total


def _constant(polynomial):
    """Its value where no variable is left in it, else None."""
    if any(coefficient for factors, coefficient in polynomial.items() if factors):
        return None
    return polynomial.get((), 0)
