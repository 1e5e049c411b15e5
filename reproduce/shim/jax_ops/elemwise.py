"""Elementwise Ops and the scalar Ops inside them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.scalar.basic import (
    Cast,
    Composite,
    InRange,
    Pow,
    Reciprocal,
    RoundHalfAwayFromZero,
    ScalarOp,
    Second,
    TrueDivide,
)
from aesara.tensor.elemwise import DimShuffle, Elemwise
from aesara.tensor.nnet.basic import ScalarSoftsign
from aesara.tensor.nnet.sigm import UltraFastScalarSigmoid

from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.static import is_static


@jax_funcify.register(Elemwise)
def jax_funcify_Elemwise(op, node=None, **kwargs):
    return jax_funcify(op.scalar_op, node=node, **kwargs)


@jax_funcify.register(ScalarOp)
def jax_funcify_ScalarOp(op, node=None, **kwargs):
    """JAX's function of the name that Aesara knows NumPy's or SciPy's by, in Aesara's output dtype."""
    name, arity, _ = _numpys_name(op) or (None, None, None)
    function = name and _lookup(name)
    if function is None:
        raise unsupported(op, node, "JAX has no such function", "write it with Ops that JAX has")
    if hasattr(op, "nfunc_variadic"):
        binary = function

        def function(*arrays):
            return functools.reduce(binary, arrays)

        if not arity:
            raise unsupported(op, node, "it takes no fixed number of inputs", "write it with binary Ops")
    return _in_dtype_of(node, function)


def _numpys_name(op):
    """Aesara's ``nfunc_spec`` of `op`, unless a subclass inherited it and computes something else."""
    spec = getattr(op, "nfunc_spec", None)
    for kind in type(op).__mro__:
        if spec is None or "nfunc_spec" in vars(kind) or kind is ScalarOp:
            return spec
        if {"impl", "c_code"} & vars(kind).keys():
            return None
    return spec


@jax_funcify.register(TrueDivide)
def jax_funcify_TrueDivide(op, node=None, **kwargs):
    """The quotient of numbers: of Booleans, jax.numpy's 0/0 is 0."""

    def divide(x, y):
        x, y = (part.astype("int8") if part.dtype == bool else part for part in map(jnp.asarray, (x, y)))
        return jnp.true_divide(x, y)

    return _in_dtype_of(node, divide)


def _lookup(name):
    """jax.numpy.NAME, or for dotted names jax.NAME; None where there is no such function."""
    path = ["numpy", name] if "." not in name else name.split(".")
    return functools.reduce(lambda module, part: getattr(module, part, None), path, jax)


def _in_dtype_of(node, function):
    """`function` with its result in the dtype that Aesara gives the output of `node`."""
    if node is None:
        return function
    dtype = node.outputs[0].type.dtype

    def cast(*arrays):
        result = function(*arrays)
        return result if result.dtype == dtype else result.astype(device_dtype(dtype))

    return cast


@jax_funcify.register(Composite)
def jax_funcify_Composite(op, **kwargs):
    function = jax_funcify(op.fgraph)

    def composite(*arrays):
        results = function(*arrays)
        return results[0] if len(results) == 1 else results

    return composite


@jax_funcify.register(Cast)
def jax_funcify_Cast(op, **kwargs):
    def cast(x):
        return jnp.asarray(x).astype(device_dtype(op.o_type.dtype))

    return cast


@jax_funcify.register(Second)
def jax_funcify_Second(op, **kwargs):
    def second(x, y):
        return jnp.broadcast_to(y, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(y)))

    return second


@jax_funcify.register(Pow)
def jax_funcify_Pow(op, node=None, **kwargs):
    def power(x, y):
        # An exponent known to be a small integer becomes multiplications, as in Aesara's own rewriting.
        if is_static(y) and np.size(y) == 1 and jnp.issubdtype(x.dtype, jnp.inexact):
            exponent = float(np.ravel(y)[0])
            if exponent.is_integer() and abs(exponent) <= 8:
                shape = jnp.broadcast_shapes(x.shape, np.shape(y))
                return jnp.broadcast_to(jax.lax.integer_pow(x, int(exponent)), shape)
        return jnp.power(x, y)

    return _in_dtype_of(node, power)


@jax_funcify.register(ScalarSoftsign)
def jax_funcify_ScalarSoftsign(op, node=None, **kwargs):
    return _in_dtype_of(node, lambda x: x / (1 + jnp.abs(x)))


@jax_funcify.register(UltraFastScalarSigmoid)
def jax_funcify_UltraFastScalarSigmoid(op, node=None, **kwargs):
    """The approximation of Aesara's C code."""

    def sigmoid(x):
        half = jnp.abs(x) / 2
        flat = jnp.where(half < 3, 0.935409070603099 + 0.0458812946797165 * (half - 1.7), 0.99505475368673)
        steep = jnp.where(half < 1.7, 1.5 * half / (1 + half), flat)
        return (jnp.sign(x) * steep + 1) / 2

    return _in_dtype_of(node, sigmoid)


@jax_funcify.register(Reciprocal)
def jax_funcify_Reciprocal(op, node=None, **kwargs):
    return _in_dtype_of(node, lambda x: 1 / x)


@jax_funcify.register(RoundHalfAwayFromZero)
def jax_funcify_RoundHalfAwayFromZero(op, **kwargs):
    def round_half_away_from_zero(x):
        whole = jnp.trunc(x)
        # Adding 0.5 first would round 0.49999997 up.
        return whole + jnp.sign(x) * (jnp.abs(x - whole) >= 0.5).astype(whole.dtype)

    return round_half_away_from_zero


@jax_funcify.register(InRange)
def jax_funcify_InRange(op, node=None, **kwargs):
    above = jnp.greater if op.openlow else jnp.greater_equal
    below = jnp.less if op.openhi else jnp.less_equal

    def in_range(x, low, high):
        return above(x, low) & below(x, high)

    return _in_dtype_of(node, in_range)


@jax_funcify.register(DimShuffle)
def jax_funcify_DimShuffle(op, **kwargs):
    order = op.transposition

    def dimshuffle(x):
        x = jnp.transpose(x, order)
        shape = list(x.shape[: len(op.shuffle)])
        for axis in op.augment:
            shape.insert(axis, 1)
        return jnp.reshape(x, shape)

    return dimshuffle
