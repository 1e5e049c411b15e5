"""What a Python 2 module finds when it imports: modules that moved, names that left, and its own package's modules."""

import __future__

import builtins
import errno
import functools
import importlib
import importlib.util
import itertools
import os
import string
import sys
from types import ModuleType

from reproduce.shim.python2 import files, pickles

_URLLIB = ("urllib.request", "urllib.parse", "urllib.error", "urllib")

MOVED = {
    "BaseHTTPServer": ("http.server",),
    "CGIHTTPServer": ("http.server",),
    "ConfigParser": ("configparser",),
    "Cookie": ("http.cookies",),
    "HTMLParser": ("html.parser",),
    "Queue": ("queue",),
    "SimpleHTTPServer": ("http.server",),
    "SocketServer": ("socketserver",),
    "StringIO": (),
    "Tkinter": ("tkinter",),
    "UserDict": ("collections",),
    "UserList": ("collections",),
    "UserString": ("collections",),
    "__builtin__": (),
    "anydbm": ("dbm",),
    "cPickle": ("reproduce.shim.python2.pickles",),
    "cStringIO": (),
    "commands": ("subprocess",),
    "cookielib": ("http.cookiejar",),
    "copy_reg": ("copyreg",),
    "csv": ("csv",),
    "dummy_thread": ("_thread",),
    "exceptions": ("builtins",),
    "htmlentitydefs": ("html.entities",),
    "httplib": ("http.client",),
    "itertools": ("itertools",),
    "md5": (),
    "operator": ("operator",),
    "os": ("os",),
    "pickle": ("reproduce.shim.python2.pickles",),
    "repr": ("reprlib",),
    "robotparser": ("urllib.robotparser",),
    "sets": (),
    "sha": (),
    "six.moves": ("six.moves",),
    "string": ("string",),
    "sys": ("sys",),
    "thread": ("_thread",),
    "tkFileDialog": ("tkinter.filedialog",),
    "tkMessageBox": ("tkinter.messagebox",),
    "types": ("types",),
    "urllib": _URLLIB,
    "urllib2": _URLLIB,
    "urlparse": ("urllib.parse",),
    "whichdb": ("dbm",),
    "xmlrpclib": ("xmlrpc.client",),
}
"""Python 2's module: Python 3's modules with its names; the first with a name supplies it."""


def _string_function(name):
    def call(text, *arguments):
        return getattr(text, name)(*arguments)

    call.__name__ = name
    return call


def _join(words, separator=" "):
    return separator.join(words)


def _hash_module(name):
    import hashlib

    def new(data=""):
        return hashlib.new(name, data.encode("latin-1") if isinstance(data, str) else data)

    return {"new": new, name: new}


def _csv_reader(lines, *arguments, **keywords):
    import csv

    texts = (line.decode("latin-1") if isinstance(line, bytes) else line for line in lines)
    return csv.reader(texts, *arguments, **keywords)


_BUFFERS = {"StringIO": files.StringIO}
_STRING_FUNCTIONS = (
    "capitalize", "count", "expandtabs", "find", "index", "ljust", "lower", "lstrip", "replace", "rfind", "rindex",
    "rjust", "rstrip", "split", "strip", "swapcase", "translate", "upper", "zfill",
)  # fmt: skip

ADDED = {
    "StringIO": _BUFFERS,
    "cStringIO": _BUFFERS,
    "csv": {"reader": _csv_reader},
    "itertools": {
        "ifilter": filter,
        "ifilterfalse": itertools.filterfalse,
        "imap": map,
        "izip": zip,
        "izip_longest": itertools.zip_longest,
    },
    "md5": _hash_module("md5"),
    "operator": {"div": lambda a, b: _runtime().divide(a, b), "isCallable": callable},
    "os": {"getcwdu": os.getcwd, "errno": errno},
    "sets": {"Set": set, "ImmutableSet": frozenset},
    "sha": _hash_module("sha1"),
    "six.moves": {"cPickle": pickles, "cStringIO": files.StringIO},
    "string": {
        **{name: _string_function(name) for name in _STRING_FUNCTIONS},
        "atof": float,
        "atoi": int,
        "atol": int,
        "join": _join,
        "joinfields": _join,
        "letters": string.ascii_letters,
        "lowercase": string.ascii_lowercase,
        "maketrans": str.maketrans,
        "uppercase": string.ascii_uppercase,
    },
    "sys": {"exc_clear": lambda: None, "maxint": sys.maxsize, "setdefaultencoding": lambda name: None},
    "types": {
        "BooleanType": bool,
        "ComplexType": complex,
        "DictType": dict,
        "FileType": files.file,
        "FloatType": float,
        "IntType": int,
        "ListType": list,
        "LongType": int,
        "NoneType": type(None),
        "ObjectType": object,
        "SliceType": slice,
        "StringType": str,
        "StringTypes": (str, bytes),
        "TupleType": tuple,
        "TypeType": type,
        "UnicodeType": str,
        "ClassType": type,
        "InstanceType": object,
    },
}
"""Python 2's module: names that Python 3's modules lack, or that mean something else there."""


def _runtime():
    from reproduce.shim.python2 import runtime

    return runtime


class Python2Module(ModuleType):
    """A module of Python 2's standard library over those of Python 3 that have its names; setting one sets theirs."""

    def __init__(self, name):
        super().__init__(name, f"Python 2's {name}.")
        vars(self)["_behind"] = tuple(importlib.import_module(module) for module in MOVED[name])

    def __getattr__(self, attribute):
        if attribute == "__all__":
            return [name for name in dir(self) if not name.startswith("_")]
        added = ADDED.get(self.__name__, {})
        if attribute in added:
            return added[attribute]
        for module in self._behind:
            if hasattr(module, attribute):
                return getattr(module, attribute)
        raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r}")

    def __setattr__(self, attribute, value):
        if self._behind:
            setattr(self._behind[0], attribute, value)
        else:
            super().__setattr__(attribute, value)

    def __delattr__(self, attribute):
        delattr(self._behind[0], attribute)

    def __dir__(self):
        return sorted({*ADDED.get(self.__name__, ()), *(name for module in self._behind for name in dir(module))})


@functools.cache
def python2_module(name):
    """The module that Python 2 calls `name`, one of `MOVED`."""
    if name == "__builtin__":
        from reproduce.shim.python2 import names

        return names.builtin_module()
    return Python2Module(name)


def python2_import(name, globals=None, locals=None, fromlist=(), level=0):
    """Python 2's ``__import__``: first within the importing package, then what moved, then as Python 3."""
    level = max(level, 0)  # Python 2's default is -1
    if level == 0:
        package = (globals or {}).get("__package__")
        first, _, rest = name.partition(".")
        if package and _implicitly_relative(globals) and _is_sibling(package, first):
            found = importlib.import_module(f"{package}.{name}")
            return found if fromlist else sys.modules[f"{package}.{first}"]
        if fromlist and name in MOVED:
            return python2_module(name)
        if first in MOVED and not (rest and fromlist):
            if rest:
                importlib.import_module(name)
            return python2_module(first)
    return builtins.__import__(name, globals, locals, fromlist, level)


def _implicitly_relative(namespace):
    return namespace.get("absolute_import") is not __future__.absolute_import


@functools.cache
def _is_sibling(package, name):
    try:
        return importlib.util.find_spec(f"{package}.{name}") is not None
    except (ImportError, ValueError):
        return False
