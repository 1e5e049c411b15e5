"""A pytest plugin that has Theano's functions compiled by JAX, with 64-bit numbers, as tests of the era expect."""

import aesara
import jax

from reproduce.shim import jax_ops  # installs the shim

jax.config.update("jax_enable_x64", True)
aesara.config.mode = jax_ops.mode()
