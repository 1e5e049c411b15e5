"""Products of matrices.

XLA multiplies by a transposed matrix several times more slowly on a CPU than by one that is not: it packs rows that lie
whole pages apart. Such a product, the gradient of a dense layer's input among them, is computed as the transpose of
``yᵀᵀ·xᵀ``, where transposing `x` and the result costs less than it saves.
"""

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.elemwise import DimShuffle
from aesara.tensor.math import Dot


@jax_funcify.register(Dot)
def jax_funcify_Dot(op, node=None, **kwargs):
    by_transposed = node is not None and _is_transposed(node.inputs[1])

    def dot(x, y):
        if by_transposed and x.ndim == 2 and x.size + x.shape[0] * y.shape[1] < y.size:
            return jax.lax.platform_dependent(x, y, cpu=_by_transposes, default=jnp.dot)
        return jnp.dot(x, y)

    return dot


def _is_transposed(y):
    return y.owner is not None and isinstance(y.owner.op, DimShuffle) and tuple(y.owner.op.new_order) == (1, 0)


def _by_transposes(x, y):
    """``x·y``; the barriers keep XLA from folding the transpositions into the product again."""
    barrier = jax.lax.optimization_barrier
    return barrier(y.T @ barrier(x.T)).T
