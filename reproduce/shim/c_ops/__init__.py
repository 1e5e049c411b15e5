"""Faster C code for Ops of Aesara's own, as rewrites of its graphs; importing this package registers them.

- `convolution`: convolutions over two axes and their gradients, by oneDNN where that library is installed.
- `elementwise`: vectorised loops on all threads, for elementwise Ops.
- `pooling`: max-pooling in windows that lie side by side.
"""

from reproduce.shim.c_ops import convolution, elementwise, pooling  # noqa: F401  each registers its rewrites
