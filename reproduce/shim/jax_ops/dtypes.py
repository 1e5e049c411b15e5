"""Which of Aesara's dtypes an array on the device really has."""

import jax
import numpy as np

_NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}


def device_dtype(dtype):
    """`dtype` as JAX keeps it: itself, or its 32-bit counterpart unless ``jax_enable_x64`` is set.

    Aesara sets that flag where ``floatX`` is float64. Without it float64 accumulators of float32 sums become
    float32 ones, and int64 indices int32.
    """
    name = np.dtype(dtype).name
    return np.dtype(name if jax.config.jax_enable_x64 else _NARROW.get(name, name))
