"""The JAX twins of our own operations; importing this module registers them with Aesara's JAX linker."""

import functools

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify

from reproduce.model.ops.adam import AdamStep
from reproduce.model.ops.lstm_gates import LSTMGates, LSTMGatesGradient
from reproduce.model.ops.sign import Sign


@jax_funcify.register(Sign)
def jax_funcify_Sign(op, **kwargs):
    relation = jnp.greater_equal if op.zero_is_positive else jnp.greater

    return functools.partial(_sign, relation)


def _sign(relation, x):
    one = jnp.ones((), x.dtype)
    return jnp.where(relation(x + one, one), one, -one)


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


@jax_funcify.register(LSTMGates)
def jax_funcify_LSTMGates(op, **kwargs):
    sign = functools.partial(_sign, jnp.greater_equal)

    def gates(pre, cell):
        i, f, c, o = jnp.split(pre, 4, axis=1)
        i, f, c, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(c), jax.nn.sigmoid(o)
        cell = f * cell + i * c
        s = sign(cell) if op.binarize == "cell_output" else jnp.tanh(cell)
        hidden = sign(o * s) if op.binarize == "hidden_state" else o * s
        return cell, hidden, jnp.concatenate([i, f, c, o, s], axis=1)

    return gates


@jax_funcify.register(LSTMGatesGradient)
def jax_funcify_LSTMGatesGradient(op, **kwargs):
    def passed(gradient, x):
        return jnp.where((x >= -1) & (x <= 1), gradient, 0)

    def gates_gradient(kept, before, after, by_cell, by_hidden):
        i, f, c, o, s = jnp.split(kept, 5, axis=1)
        if op.binarize == "hidden_state":
            by_hidden = passed(by_hidden, o * s)
        by_s = by_hidden * o
        by_cell = by_cell + (passed(by_s, after) if op.binarize == "cell_output" else by_s * (1 - s * s))
        by_pre = [by_cell * c * i * (1 - i), by_cell * before * f * (1 - f), by_cell * i * (1 - c * c)]
        by_pre = jnp.concatenate([*by_pre, by_hidden * s * o * (1 - o)], axis=1)
        return jnp.clip(by_pre, -op.clip, op.clip) if op.clip else by_pre, by_cell * f

    return gates_gradient
