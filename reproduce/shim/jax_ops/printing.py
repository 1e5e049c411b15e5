"""``theano.printing.Print``, whose value goes to the host to be printed."""

import jax
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.printing import Print

from reproduce.shim.jax_ops import tracing


@jax_funcify.register(Print)
def jax_funcify_Print(op, **kwargs):
    def show(x):
        if not tracing.is_silent():
            jax.debug.callback(lambda value: op.global_fn(op, np.asarray(value)), x)
        return x

    return show
