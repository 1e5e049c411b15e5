"""The names of NumPy that Aesara 2.9.4 uses and NumPy 2 took out of its namespace."""

import numpy as np


def is_used():
    """Whether this is NumPy 2 or later: the C code that Aesara writes reads fields that left ``PyArray_Descr``."""
    return int(np.__version__.partition(".")[0]) >= 2


def supply_names():
    """Give ``numpy`` those of the five names that it lacks; with NumPy 1.26 it lacks none.

    They are there to stay: Aesara's functions look them up when they run, not when they are imported.
    """
    for name, value in _names().items():
        if not hasattr(np, name):
            setattr(np, name, value)


def _names():
    from numpy import exceptions

    return {
        "AxisError": exceptions.AxisError,  # where an axis is checked
        "ComplexWarning": exceptions.ComplexWarning,  # where a convolution is computed by SciPy
        "cast": Cast(),  # in the gradients of arccos, arcsin, …
        "obj2sctype": obj2sctype,  # wherever a TensorType is made
        "sctype2char": sctype2char,  # in an Elemwise of integers with a result of floats
    }


class Cast:
    """``cast[dtype](x)`` is x as an array of `dtype`, or of the dtype that an Aesara type names."""

    def __getitem__(self, dtype):
        named = getattr(dtype, "dtype", None)
        return lambda x: np.asarray(x).astype(named if isinstance(named, str) else dtype)


def obj2sctype(rep, default=None):
    """The scalar type of `rep`, a dtype or what can be made one; else `default`."""
    try:
        return np.dtype(rep).type
    except (TypeError, ValueError):
        return default


def sctype2char(sctype):
    """The letter that stands for a dtype, as ``"f"`` for float32."""
    return np.dtype(sctype).char
