"""Values on the host and on the device: arrays, and the states of NumPy's generators."""

import jax
import numpy as np
from aesara.link.jax.dispatch import jax_typify
from aesara.tensor.random.type import RandomGeneratorType, RandomType

from reproduce.shim.jax_ops.dtypes import device_dtype


def is_known(value):
    """Whether `value` can be read now: there is no tracer in it."""
    if isinstance(value, slice):
        value = value.start, value.stop, value.step
    if isinstance(value, tuple | list):
        return all(map(is_known, value))
    return not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(value))


def to_device(value, variable_type):
    """What a JAX function takes for `value`, on the device."""
    if isinstance(variable_type, RandomType):
        return value if isinstance(value, dict) else jax.device_put(jax_typify(value))
    return jax.device_put(value)


def to_host(value, variable_type):
    """What Aesara takes for `value`: a NumPy array of its own memory, in the dtype of its type, or a generator.

    A generator that was drawn from on the device goes on from the key that it has there.
    """
    if isinstance(value, dict):
        key = np.asarray(value["jax_state"]).ravel()
        if isinstance(variable_type, RandomGeneratorType):
            return np.random.Generator(np.random.PCG64([int(word) for word in key]))
        return np.random.RandomState([int(word) for word in key])
    if value is None or isinstance(value, slice):
        return value
    dtype = getattr(variable_type, "dtype", None)
    return np.array(value, dtype=dtype)


def from_host(value, variable_type):
    """What a host function gave, as a JAX function gives it."""
    if isinstance(variable_type, RandomType):
        return jax_typify(value)
    return np.asarray(value, dtype=device_dtype(variable_type.dtype))
