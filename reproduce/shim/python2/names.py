"""Python 2's builtins, for converted modules."""

import builtins
import functools
import importlib
import itertools
import math
import sys
from fractions import Fraction
from types import ModuleType

from reproduce.shim.python2 import RUNTIME, attributes, files, runtime


def range(*bounds):
    return list(builtins.range(*bounds))


def map(function, *sequences):
    """A list; shorter sequences are filled up with None, and without a function it is ``zip``."""
    if len(sequences) == 1:
        values = sequences[0]
        return list(values) if function is None else [function(value) for value in values]
    together = itertools.zip_longest(*sequences)
    return list(together) if function is None else [function(*values) for values in together]


def zip(*sequences):
    return list(builtins.zip(*sequences))  # noqa: B905  Python 2's stops at the shortest


def filter(function, values):
    """A text from a text, a tuple from a tuple, else a list."""
    kept = list(builtins.filter(function, values))
    if isinstance(values, str):
        return "".join(kept)
    return tuple(kept) if isinstance(values, tuple) else kept


def sorted(values, cmp=None, key=None, reverse=False):
    return builtins.sorted(values, key=attributes.sort_key(cmp, key), reverse=reverse)


def round(number, ndigits=0):
    """Halves away from zero, and always a float."""
    number = float(number)
    if not math.isfinite(number):
        return number
    unit = Fraction(10) ** -ndigits
    return math.copysign(math.floor(abs(Fraction(number)) / unit + Fraction(1, 2)) * unit, number)


def cmp(a, b):
    return (a > b) - (a < b)


def apply(function, arguments=(), keywords=None):
    return function(*arguments, **(keywords or {}))


def eval(source, *namespaces):
    """Python 2's ``eval``, in the caller's namespaces unless told otherwise."""
    frame = sys._getframe(1)
    source = source.strip() if isinstance(source, str) else source
    namespaces = namespaces or (frame.f_globals, frame.f_locals)
    return builtins.eval(runtime.compiled(source, "eval", frame), *namespaces)


def input(prompt=""):
    frame = sys._getframe(1)
    return builtins.eval(builtins.input(prompt), frame.f_globals, frame.f_locals)


def execfile(path, *namespaces):
    """Run the Python 2 file `path`, in the caller's namespaces unless told otherwise."""
    from reproduce.shim.python2 import loader

    frame = sys._getframe(1)
    with builtins.open(path, "rb") as file:
        code = loader.compile_python2(loader.decode(file.read()), path, "exec")
    exec(code, *(namespaces or (frame.f_globals, frame.f_locals)))


def reload(module):
    """Load a module anew; a module of Python's own stays as it is."""
    from reproduce.shim.python2 import modules

    return module if isinstance(module, modules.Python2Module) else importlib.reload(module)


class _TextType(type):
    def __init__(cls, name, bases, namespace, kinds=()):
        super().__init__(name, bases, namespace)
        cls._kinds = kinds

    def __new__(cls, name, bases, namespace, kinds=()):
        return super().__new__(cls, name, bases, namespace)

    def __instancecheck__(cls, candidate):
        return isinstance(candidate, cls._kinds)

    def __subclasscheck__(cls, candidate):
        return issubclass(candidate, cls._kinds)


class basestring(metaclass=_TextType, kinds=(str, bytes)):
    pass


class unicode(metaclass=_TextType, kinds=(str,)):
    """A text; ``unicode(data, encoding)`` decodes."""

    def __new__(cls, value="", encoding=None, errors="strict"):
        if encoding is None:
            return str(value)
        return attributes.decode(value, encoding, errors) if isinstance(value, str) else str(value, encoding, errors)


def _module():
    from reproduce.shim.python2 import modules

    module = ModuleType("__builtin__", "Python 2's builtins.")
    vars(module).update(vars(builtins))
    ours = (range, map, zip, filter, sorted, round, cmp, apply, eval, input, execfile, reload, basestring, unicode)
    vars(module).update({each.__name__: each for each in ours})
    vars(module).update({
        RUNTIME: runtime,
        "__import__": modules.python2_import,
        "StandardError": Exception,
        "buffer": memoryview,
        "coerce": lambda a, b: (a + 0 * b, b + 0 * a),
        "file": files.file,
        "intern": sys.intern,
        "long": int,
        "open": files.open,
        "raw_input": builtins.input,
        "reduce": functools.reduce,
        "unichr": chr,
        "xrange": builtins.range,
    })  # fmt: skip
    return module


@functools.cache
def builtin_module():
    """The one module ``__builtin__``, which holds the builtins of all converted modules."""
    return _module()
