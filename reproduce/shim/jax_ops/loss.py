"""Cross-entropy with integer targets, alone and fused with a softmax.

A target out of range raises in C; compiled JAX code cannot.
"""

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.nnet.basic import (
    CrossentropyCategorical1Hot,
    CrossentropyCategorical1HotGrad,
    CrossentropySoftmax1HotWithBiasDx,
    CrossentropySoftmaxArgmax1HotWithBias,
    SoftmaxWithBias,
)

from reproduce.shim.jax_ops.dtypes import device_dtype


def _of_targets(x, targets):
    """Element `targets[i]` of each row i."""
    return jnp.take_along_axis(x, jnp.asarray(targets)[:, None], axis=1)[:, 0]


def _one_hot(targets, like):
    return jax.nn.one_hot(targets, like.shape[1], dtype=like.dtype)


@jax_funcify.register(CrossentropyCategorical1Hot)
def jax_funcify_CrossentropyCategorical1Hot(op, **kwargs):
    def crossentropy(probabilities, targets):
        return -jnp.log(_of_targets(probabilities, targets))

    return crossentropy


@jax_funcify.register(CrossentropyCategorical1HotGrad)
def jax_funcify_CrossentropyCategorical1HotGrad(op, **kwargs):
    def crossentropy_grad(g, probabilities, targets):
        at_target = -g / _of_targets(probabilities, targets)
        # Not a product: it would be NaN beside an infinite gradient.
        hot = _one_hot(targets, probabilities) != 0
        return jnp.where(hot, at_target[:, None], 0).astype(probabilities.dtype)

    return crossentropy_grad


@jax_funcify.register(SoftmaxWithBias)
def jax_funcify_SoftmaxWithBias(op, **kwargs):
    def softmax_with_bias(x, b):
        return jax.nn.softmax(x + b, axis=-1)

    return softmax_with_bias


@jax_funcify.register(CrossentropySoftmaxArgmax1HotWithBias)
def jax_funcify_CrossentropySoftmaxArgmax1HotWithBias(op, node=None, **kwargs):
    index_dtype = node.outputs[2].type.dtype

    def crossentropy_softmax_argmax(x, b, targets):
        logits = x + b
        log_softmax = jax.nn.log_softmax(logits, axis=1)
        argmax = jnp.argmax(logits, axis=1).astype(device_dtype(index_dtype))
        return -_of_targets(log_softmax, targets), jnp.exp(log_softmax), argmax

    return crossentropy_softmax_argmax


@jax_funcify.register(CrossentropySoftmax1HotWithBiasDx)
def jax_funcify_CrossentropySoftmax1HotWithBiasDx(op, **kwargs):
    def crossentropy_softmax_dx(dy, softmax, targets):
        return jnp.reshape(dy, (-1, 1)) * (softmax - _one_hot(targets, softmax))

    return crossentropy_softmax_dx
