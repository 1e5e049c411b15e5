"""Attributes that only Python 2's objects have, or that mean something else in Python 3."""

import codecs
import functools
from collections.abc import Mapping
from types import FunctionType

BYTE_CODECS = ("base64", "bz2", "hex", "string-escape", "string_escape", "zlib")


def attribute(owner, name):
    """``owner.name`` with Python 2's meaning."""
    value = ATTRIBUTES[name](owner, name)
    return getattr(owner, name) if value is NotImplemented else value


def _listed(owner, name):
    if isinstance(owner, Mapping):
        return lambda: list(getattr(owner, name)())
    return NotImplemented


def _lazy(owner, name):
    if isinstance(owner, Mapping) and not hasattr(owner, name):
        return lambda: iter(getattr(owner, name.removeprefix("iter"))())
    return NotImplemented


def _view(owner, name):
    if isinstance(owner, Mapping):
        return getattr(owner, name.removeprefix("view"))
    return NotImplemented


def _otherwise(new):
    """An attribute that is called `new` today."""

    def find(owner, name):
        return NotImplemented if hasattr(owner, name) else getattr(owner, new, NotImplemented)

    return find


def _sort(owner, name):
    return functools.partial(sort, owner) if isinstance(owner, list) else NotImplemented


def sort(values, cmp=None, key=None, reverse=False):
    """``values.sort(cmp, key, reverse)`` of a list."""
    values.sort(key=sort_key(cmp, key), reverse=reverse)


def sort_key(cmp, key):
    """The key that sorts as Python 2's `cmp` of the `key` of each element does."""
    if cmp is None:
        return key
    compared = functools.cmp_to_key(cmp)
    return compared if key is None else lambda value: compared(key(value))


def _decode(owner, name):
    return functools.partial(decode, owner) if isinstance(owner, str) else NotImplemented


def decode(text, encoding="ascii", errors="strict"):
    """Bytes that are kept as a text, one character each; a real text is given back as it is."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    if encoding.replace("string-escape", "string_escape") == "string_escape":
        return codecs.escape_decode(data)[0].decode("latin-1")
    if encoding in BYTE_CODECS:
        return codecs.decode(data, encoding, errors).decode("latin-1")
    return data.decode(encoding, errors)


def _encode(owner, name):
    return functools.partial(encode, owner) if isinstance(owner, str) else NotImplemented


def encode(text, encoding="utf-8", errors="strict"):
    """Bytes; for the encodings of bytes as bytes, such as ``hex``, a text."""
    if encoding in BYTE_CODECS:
        return codecs.encode(text.encode("latin-1"), encoding, errors).decode("latin-1")
    return text.encode(encoding, errors)


def _function(owner, name):
    """Of a method its function; a function is what Python 2 called an unbound method."""
    return owner if isinstance(owner, FunctionType) else _otherwise("__func__")(owner, name)


def _message(owner, name):
    if isinstance(owner, BaseException) and not hasattr(owner, name):
        return str(owner.args[0]) if len(owner.args) == 1 else ""
    return NotImplemented


ATTRIBUTES = {
    **dict.fromkeys(["items", "keys", "values"], _listed),
    **dict.fromkeys(["iteritems", "iterkeys", "itervalues"], _lazy),
    **dict.fromkeys(["viewitems", "viewkeys", "viewvalues"], _view),
    "has_key": _otherwise("__contains__"),
    "next": _otherwise("__next__"),
    "sort": _sort,
    "decode": _decode,
    "encode": _encode,
    "message": _message,
    "xreadlines": _otherwise("__iter__"),
    "im_func": _function,
    "im_self": _otherwise("__self__"),
    "func_closure": _otherwise("__closure__"),
    "func_code": _otherwise("__code__"),
    "func_defaults": _otherwise("__defaults__"),
    "func_dict": _otherwise("__dict__"),
    "func_doc": _otherwise("__doc__"),
    "func_globals": _otherwise("__globals__"),
    "func_name": _otherwise("__name__"),
}
"""Name: a function from (owner, name) to the attribute, or to NotImplemented if it is what Python 3 has."""
