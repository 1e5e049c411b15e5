"""JAX implementations of our own Ops; importing this module registers them with Aesara's JAX linker."""

import functools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify

from reproduce import formulas
from reproduce.model.ops.adam import AdamStep
from reproduce.model.ops.lstm_gates import LSTMGates, LSTMGatesGradient
from reproduce.model.ops.sign import Sign

JAX = SimpleNamespace(
    sqrt=jnp.sqrt, square=jnp.square, where=jnp.where, tanh=jnp.tanh, sigmoid=jax.nn.sigmoid, clip=jnp.clip,
    split=jnp.split, concatenate=jnp.concatenate, sum=jnp.sum, mean=jnp.mean,
)  # fmt: skip
"""Functions by which `reproduce.formulas` computes JAX's arrays; sums accumulate in float32."""


@jax_funcify.register(Sign)
def jax_funcify_Sign(op, **kwargs):
    return functools.partial(formulas.sign, JAX, zero_is_positive=op.zero_is_positive)


@jax_funcify.register(AdamStep)
def jax_funcify_AdamStep(op, **kwargs):
    return functools.partial(op.step, JAX)


@jax_funcify.register(LSTMGates)
def jax_funcify_LSTMGates(op, **kwargs):
    return functools.partial(formulas.lstm_gates, JAX, binarize=op.binarize)


@jax_funcify.register(LSTMGatesGradient)
def jax_funcify_LSTMGatesGradient(op, **kwargs):
    return functools.partial(formulas.lstm_gates_gradient, JAX, binarize=op.binarize, clip=op.clip)
