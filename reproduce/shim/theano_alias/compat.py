"""``theano.compat``: one name for what Python 2 and 3 call differently."""

import configparser  # noqa: F401
import operator
from collections import *  # noqa: F403
from collections.abc import MutableMapping as DictMixin  # noqa: F401
from importlib import reload  # noqa: F401
from io import BytesIO  # noqa: F401

PY3 = True
izip, imap, ifilter, operator_div, next = zip, map, filter, operator.truediv, next


def b(text):
    """`text` as bytes."""
    return text.encode("latin-1")


def cmp(a, b):
    return (a > b) - (a < b)


def decode(data):
    return data.decode()


def decode_iter(iterable):
    return map(decode, iterable)


def exc_message(error):
    """The message of an error, or of the error that it was made of."""
    message = error.args[0]
    return exc_message(message) if isinstance(message, Exception) else message


def get_unbound_function(method):
    return getattr(method, "__func__", method)
