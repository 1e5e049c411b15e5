"""The Ops that Aesara's JAX linker lacks or gets wrong.

Importing this package registers them with Aesara's own dispatcher, ``jax_funcify``; ``mode()`` is the mode to compile
with. `docs/jax_ops.md` lists every Op with its supported forms and its test.
"""

from reproduce.shim.jax_ops import elemwise, loss, reduction, shape, subtensor  # noqa: F401  register their rules
from reproduce.shim.jax_ops.errors import JaxOpError
from reproduce.shim.jax_ops.modes import mode

__all__ = ["JaxOpError", "mode"]
