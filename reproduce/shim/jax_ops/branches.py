"""Branches of which one is computed."""

import jax
import jax.numpy as jnp
from aesara.ifelse import IfElse
from aesara.link.jax.dispatch import jax_funcify

from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.values import is_known


@jax_funcify.register(IfElse)
def jax_funcify_IfElse(op, node=None, **kwargs):
    n = op.n_outs

    def ifelse(condition, *values):
        then, otherwise = values[:n], values[n:]
        if is_known(condition):
            results = then if condition else otherwise
        elif [*map(jnp.shape, then)] != [*map(jnp.shape, otherwise)]:
            raise unsupported(op, node, "its two values differ in shape", "make them alike")
        else:
            dtypes = [v.type.dtype for v in node.outputs]
            then, otherwise = (
                [jnp.asarray(value, device_dtype(dtype)) for value, dtype in zip(part, dtypes, strict=True)]
                for part in (then, otherwise)
            )
            results = jax.lax.cond(jnp.reshape(condition, ()) != 0, lambda: then, lambda: otherwise)
        return results[0] if n == 1 else list(results)

    return ifelse
