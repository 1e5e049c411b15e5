"""The JAX twins of our own operations; importing this module registers them with Aesara's JAX linker."""

import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify

from reproduce.ops.adam import AdamStep
from reproduce.ops.sign import Sign


@jax_funcify.register(Sign)
def jax_funcify_Sign(op, **kwargs):
    relation = jnp.greater_equal if op.zero_is_positive else jnp.greater

    def sign(x):
        one = jnp.ones((), x.dtype)
        return jnp.where(relation(x + one, one), one, -one)

    return sign


@jax_funcify.register(AdamStep)
def jax_funcify_AdamStep(op, **kwargs):
    beta1, rest1, beta2, rest2, epsilon = op.constants

    def adam_step(w, m, v, g, step_size):
        m = beta1 * m + rest1 * g
        v = beta2 * v + rest2 * (g * g)
        d = jnp.sqrt(v) + epsilon
        w = w - step_size * m / d
        if op.clip:
            w = jnp.clip(w, -1, 1)
        if op.scale == "curvature":
            return w, m, v, (d * abs(w)).sum() / d.sum()
        if op.scale == "mean_abs":
            return w, m, v, abs(w).mean()
        return w, m, v

    return adam_step
