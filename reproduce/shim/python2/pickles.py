"""Python 2's ``pickle`` and ``cPickle``: what Python 2 wrote is read, through text files too.

Python 3's keywords are taken as well: a script for both finds a `sys.version_info` of 3.
"""

import functools
import io
import pickle
from pickle import *  # noqa: F403  its other names

from reproduce.shim.python2 import files

ENCODING = "latin1"


@functools.wraps(pickle.load)
def load(file, **arguments):
    return Unpickler(file, **arguments).load()


@functools.wraps(pickle.loads)
def loads(data, **arguments):
    return load(io.BytesIO(data.encode(ENCODING) if isinstance(data, str) else data), **arguments)


@functools.wraps(pickle.dump)
def dump(value, file, protocol=0, **arguments):
    Pickler(file, protocol, **arguments).dump(value)


@functools.wraps(pickle.dumps)
def dumps(value, protocol=0, **arguments):
    return pickle.dumps(value, protocol, **arguments)


class Unpickler(pickle.Unpickler):
    """Reads Python 2's texts as Latin-1, so that arrays within them come out whole."""

    def __init__(self, file, *, encoding=ENCODING, **arguments):
        super().__init__(files.binary(file), encoding=encoding, **arguments)


class Pickler(pickle.Pickler):
    def __init__(self, file, protocol=0, **arguments):
        super().__init__(files.binary(file), protocol, **arguments)
