"""Names that Python 3.5's standard library and the NumPy of its day had, and later ones took out."""

import collections
import collections.abc
import fractions
import inspect
import math
import sys
import time
import xml.etree
import xml.etree.ElementTree

import numpy as np


def supply():
    """Give the modules what they lack of it, for the whole process."""
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
    # NumPy answers for some of the names with an error, and warns of others
    if name not in vars(module):
        setattr(module, name, value)


ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(function):
    """``inspect.getargspec`` as it was."""
    return ArgSpec(*inspect.getfullargspec(function)[:4])


def _refuses_bytes(fromstring):
    import warnings

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
    "in1d": np.isin,
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
    "trapz": getattr(np, "trapezoid", None) or getattr(np, "trapz", None),
    "unicode": str,
    "unicode_": np.str_,
}
"""NumPy's former names, as NumPy 1.7 to 1.13 had them."""
