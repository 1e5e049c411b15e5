"""The Ops that Aesara's JAX linker lacks or gets wrong.

Importing this package registers them with Aesara's own dispatcher, ``jax_funcify``; ``mode()`` is the mode to
compile with. `docs/jax_ops.md` lists every Op with its supported forms and its test.
"""

from reproduce.shim.jax_ops import (  # noqa: F401  each registers its rules
    convolution,
    elemwise,
    loss,
    pooling,
    products,
    random,
    reduction,
    scan,
    shape,
    subtensor,
)
from reproduce.shim.jax_ops.errors import JaxOpError
from reproduce.shim.jax_ops.modes import mode
from reproduce.shim.jax_ops.results import return_numpy

__all__ = ["JaxOpError", "mode", "return_numpy"]
