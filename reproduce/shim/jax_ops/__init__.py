"""The Ops that Aesara's JAX linker lacks or gets wrong.

Importing this package registers them with Aesara's own dispatcher, ``jax_funcify``; ``mode()`` is the mode to
compile with. `docs/jax_ops.md` lists every Op with its supported forms and its test.
"""

import aesara  # noqa: F401  whose import has everything repaired and installed that follows relies on

from reproduce.shim.jax_mode import mode
from reproduce.shim.jax_ops import (  # noqa: F401  each registers its rules
    branches,
    convolution,
    elemwise,
    loss,
    pooling,
    printing,
    products,
    random,
    reduction,
    scan,
    shape,
    sorting,
    subtensor,
)
from reproduce.shim.jax_ops.errors import JaxOpError

__all__ = ["JaxOpError", "mode"]
