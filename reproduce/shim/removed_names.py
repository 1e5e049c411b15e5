"""Names that were removed from Python's standard library after 3.5, and from NumPy after 1.13."""

import collections
import collections.abc
import fractions
import inspect
import math
import sys
import time
import warnings
import xml.etree
import xml.etree.ElementTree

import numpy as np


def supply():
    """Add the missing names to their modules, for the whole process."""
    for name in collections.abc.__all__:
        _supply(collections, name, getattr(collections.abc, name))
    _supply(fractions, "gcd", math.gcd)
    _supply(inspect, "getargspec", getargspec)
    _supply(time, "clock", time.process_time)
    _supply(xml.etree, "cElementTree", xml.etree.ElementTree)
    sys.modules.setdefault("xml.etree.cElementTree", xml.etree.ElementTree)
    for name, value in NUMPY.items():
        _supply(np, name, value)
    fromstring = np.fromstring
    if _refuses_bytes(fromstring):
        np.fromstring = lambda string, dtype=float, count=-1, sep="": (
            fromstring(string, dtype, count, sep=sep) if sep else _from_bytes(string, dtype, count)
        )


def _supply(module, name, value):
    # Not hasattr: NumPy raises an error for some of the names, and warns about others.
    if name not in vars(module):
        setattr(module, name, value)


ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(function):
    """``inspect.getargspec`` as it was."""
    return ArgSpec(*inspect.getfullargspec(function)[:4])


def _refuses_bytes(fromstring):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fromstring(b"\0", np.uint8)
        except (DeprecationWarning, ValueError):
            return True
    return False


def _from_bytes(string, dtype, count):
    data = string.encode("latin-1") if isinstance(string, str) else string
    return np.frombuffer(data, dtype, count).copy()


def _in1d(a, b, assume_unique=False, invert=False):
    return np.isin(np.ravel(a), b, assume_unique, invert)


def _asscalar(a):
    return a.item()


def _random_integers(low, high=None, size=None):
    low, high = (1, low) if high is None else (low, high)
    return np.random.randint(low, high + 1, size)


NUMPY = {
    "Inf": np.inf,
    "NaN": np.nan,
    "NINF": -np.inf,
    "PINF": np.inf,
    "alltrue": np.all,
    "asscalar": _asscalar,
    "bool": bool,
    "complex": complex,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "in1d": _in1d,
    "infty": np.inf,
    "int": int,
    "long": int,
    "mat": np.asmatrix,
    "object": object,
    "product": np.prod,
    "rank": np.ndim,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "str": str,
    "trapz": getattr(np, "trapezoid", None),  # NumPy 1 has trapz itself
    "unicode": str,
    "unicode_": np.str_,
}
"""NumPy's former names, as NumPy 1.7 to 1.13 had them."""
