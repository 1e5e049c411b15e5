"""What converted code calls: ``__python2__`` among the builtins of a Python 2 module."""

import __future__

import builtins
import numbers
import sys
import weakref

import numpy as np

from reproduce.shim.python2.attributes import attribute  # noqa: F401  called by converted code

repr, slice = builtins.repr, builtins.slice  # the module's own names do not matter
_mid_line = weakref.WeakSet()  # files where a print statement ended in a comma


def divide(a, b):
    """``a / b``: of integers, integer arrays and integer tensors the floor."""
    if type(a) is float or type(b) is float:
        return a / b
    if _is_integral(a) and _is_integral(b):
        return a // b
    for operand, method, other in ((a, "__div__", b), (b, "__rdiv__", a)):
        own = getattr(type(operand), method, None)
        if own is not None and not hasattr(operand, "dtype"):
            quotient = own(operand, other)
            if quotient is not NotImplemented:
                return quotient
    return a / b


def divide_in_place(a, b):
    """What ``a /= b`` binds `a` to."""
    own = getattr(type(a), "__idiv__", None)
    if own is not None:
        return own(a, b)
    if not isinstance(a, np.ndarray):
        return divide(a, b)
    if _is_integral(a) and _is_integral(b):
        a //= b
    else:
        a /= b
    return a


def _is_integral(x):
    dtype = getattr(x, "dtype", None)
    if dtype is None and isinstance(x, (list, tuple)):
        dtype = np.asarray(x).dtype
    if dtype is None:
        return isinstance(x, numbers.Integral)
    return str(dtype).startswith(("int", "uint", "bool"))


def display(newline, file, *values):
    """The print statement, with a space between values on the same line."""
    file = sys.stdout if file is None else file
    if file is None:
        return
    for value in values:
        text = _decoded(value, file) if isinstance(value, bytes) else str(value)
        file.write(f" {text}" if file in _mid_line else text)
        if text[-1:].isspace() and not text.endswith(" "):
            _mid_line.discard(file)
        else:
            _mid_line.add(file)
    if newline:
        file.write("\n")
        _mid_line.discard(file)


def _decoded(value, file):
    """The text that puts these bytes into `file`, if its encoding has one."""
    try:
        return value.decode(getattr(file, "encoding", None) or "latin-1")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def exception(kind, value=None, traceback=None):
    """What ``raise kind, value, traceback`` raises."""
    if isinstance(kind, type):
        if isinstance(value, kind):
            kind = value
        elif value is None:
            kind = kind()
        else:
            kind = kind(*value) if isinstance(value, tuple) else kind(value)
    return kind if traceback is None else kind.with_traceback(traceback)


def exec_arguments(code, *namespaces):
    """The arguments of Python 3's ``exec`` for a statement ``exec code in namespaces``."""
    if isinstance(code, tuple) and not namespaces:
        code, *namespaces = code
    return compiled(code, "exec", sys._getframe(1)), *namespaces


def compiled(code, mode, frame):
    """`code`, where it is source, compiled as Python 2 with the division of the module that runs in `frame`."""
    if not isinstance(code, (str, bytes)):
        return code
    from reproduce.shim.python2 import loader

    text = code.decode("latin-1") if isinstance(code, bytes) else code
    divides = frame.f_globals.get("division") is not __future__.division
    return loader.compile_python2(text, "<string>", mode, divides)


def new_class(cls):
    """A class as Python 2 makes it: ``__eq__`` does not remove ``__hash__``, and ``__cmp__`` compares."""
    own = vars(cls)
    if "__eq__" in own and own.get("__hash__", 0) is None:
        del cls.__hash__
    if "__cmp__" in own:
        for name, holds in _COMPARISONS.items():
            if name not in own:
                setattr(cls, name, _compared(holds))
        if own.get("__hash__", 0) is None:
            del cls.__hash__
    return cls


_COMPARISONS = {
    "__lt__": lambda sign: sign < 0,
    "__le__": lambda sign: sign <= 0,
    "__eq__": lambda sign: sign == 0,
    "__ne__": lambda sign: sign != 0,
    "__gt__": lambda sign: sign > 0,
    "__ge__": lambda sign: sign >= 0,
}


def _compared(holds):
    def compare(self, other):
        return holds(self.__cmp__(other))

    return compare
