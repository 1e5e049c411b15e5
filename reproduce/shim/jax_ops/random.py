"""Random draws: the streams of `MRG_RandomStreams` and the distributions of ``aesara.tensor.random``.

MRG31k3p (L'Ecuyer & Touzin, 2000) keeps two recurrences modulo M1 and M2 for each stream, in 32-bit integers whose
overflow wraps around; draw number i comes from stream i mod (number of streams). In JAX it gives the numbers that
Aesara's C code gives. NumPy's generators are not written anew: what is drawn from one under JAX begins with a JAX key
made of its state, so it is determined by the seed and has the right distribution, but other values.
"""

import functools
import math
from types import SimpleNamespace

import aesara
import aesara.tensor.random.basic as distributions
import jax
import jax.numpy as jnp
import numpy as np
from aesara.compile.mode import Mode
from aesara.link.jax.dispatch import jax_funcify, jax_typify
from aesara.link.jax.dispatch import random as aesara_random
from aesara.sandbox import rng_mrg
from aesara.sandbox.multinomial import MultinomialFromUniform
from aesara.tensor.random.op import RandomVariable

from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.static import static_ints

# Streams are spaced on the host, in 64-bit integers, when they are made: not in the default mode, which may be JAX's.
rng_mrg.function = functools.partial(aesara.function, mode=Mode("vm", "fast_run"))

M1, M2 = 2**31 - 1, 2**31 - 21069


def _wrapped(y, modulus):
    """The sum `y`, which may have overflowed, less `modulus` where it is out of its range."""
    return jnp.where((y < 0) | (y >= modulus), y - modulus, y)


def _next(state):
    """One draw from each stream: the new states (streams, 6), and integers from 1 to M1."""
    x11, x12, x13, x21, x22, x23 = state.T
    y1 = _wrapped(((x12 & 511) << 22) + (x12 >> 9) + ((x13 & 16777215) << 7) + (x13 >> 24), M1)
    y1 = _wrapped(y1 + x13, M1)
    y2 = _wrapped(((x21 & 65535) << 15) + 21069 * (x21 >> 16), M2)
    y3 = _wrapped(((x23 & 65535) << 15) + 21069 * (x23 >> 16), M2)
    y2 = _wrapped(_wrapped(y3 + x23, M2) + y2, M2)
    drawn = jnp.where(y1 <= y2, y1 - y2 + M1, y1 - y2)
    return jnp.stack([y1, x11, x12, y2, x21, x22], axis=1), drawn


@jax_funcify.register(rng_mrg.mrg_uniform)
def jax_funcify_mrg_uniform(op, node=None, **kwargs):
    if op.output_type.dtype == "float16":
        raise unsupported(op, node, "float16 has no rule", "draw float32 and cast")
    dtype = device_dtype(op.output_type.dtype)
    norm = np.float32(4.6566126e-10) if dtype == "float32" else 2.0**-31

    def uniform(state, size):
        shape = static_ints(size, op, node, "shapes")
        rounds, rest = divmod(math.prod(shape), len(state))
        state, drawn = jax.lax.scan(lambda state, _: _next(state), jnp.asarray(state), length=rounds)
        first, last = _next(state[:rest])
        state = jnp.concatenate([first, state[rest:]])
        drawn = jnp.concatenate([drawn.ravel(), last])
        return state, jnp.reshape(drawn.astype(dtype) * norm, shape)

    return uniform


@jax_typify.register(np.random.Generator)
def jax_typify_Generator(rng, **kwargs):
    """Aesara's own, which asks the generator for its state; one of NumPy 2 answers None."""
    return aesara_random.jax_typify_Generator(SimpleNamespace(__getstate__=lambda: rng.bit_generator.state))


@jax_funcify.register(RandomVariable)
def jax_funcify_RandomVariable(op, node=None, **kwargs):
    """Aesara's own sampler, for any size that is known when JAX traces, and in Aesara's dtype."""
    try:
        sample = aesara_random.jax_sample_fn(op)
    except NotImplementedError:
        advice = "compute it from uniform draws"
        raise unsupported(op, node, "JAX has no sampler of this distribution", advice) from None
    dtype = device_dtype(node.outputs[1].type.dtype)

    def draw(rng, size, _, *parameters):
        shape = static_ints(size, op, node, "shapes")
        if not shape and not any(op.ndims_params):
            shape = jnp.broadcast_shapes(*map(jnp.shape, parameters))
        rng, drawn = sample(dict(rng), shape, dtype, *parameters)  # a copy, which samplers write into
        return rng, drawn.astype(dtype)

    return draw


def _sampler(function):
    """What Aesara expects for a distribution, around `function` (key, size, dtype, parameters) → sample."""

    def sample(rng, size, dtype, *parameters):
        rng["jax_state"], key = jax.random.split(rng["jax_state"])
        return rng, function(key, size, dtype, *parameters)

    return sample


@aesara_random.jax_sample_fn.register(distributions.IntegersRV)
def jax_sample_fn_integers(op):
    return _sampler(lambda key, size, dtype, low, high: jax.random.randint(key, size, low, high, dtype))


@aesara_random.jax_sample_fn.register(distributions.BinomialRV)
def jax_sample_fn_binomial(op):
    return _sampler(lambda key, size, dtype, n, p: jax.random.binomial(key, n, p, size))


@jax_funcify.register(MultinomialFromUniform)
def jax_funcify_MultinomialFromUniform(op, node=None, **kwargs):
    """How often each outcome is drawn: the first at which the probabilities so far exceed a uniform number."""
    dtype = device_dtype(node.outputs[0].type.dtype)

    def multinomial(probabilities, uniform, n=1):
        (n,) = static_ints((n,), op, node, "numbers of samples")
        total = jnp.cumsum(probabilities, axis=1)
        exceeds = total > jnp.reshape(uniform, (n, -1, 1))
        first = exceeds & (jnp.cumsum(exceeds, axis=2) == 1)
        return jnp.sum(first, axis=0).astype(dtype)

    return multinomial
