"""Python 2's ``pickle`` and ``cPickle``: what Python 2 wrote is read, through text files too."""

import functools
import io
import pickle
from pickle import *  # noqa: F403  its other names

from reproduce.shim.python2 import files

ENCODING = "latin1"


@functools.wraps(pickle.load)
def load(file):
    return Unpickler(file).load()


@functools.wraps(pickle.loads)
def loads(data):
    return load(io.BytesIO(data.encode(ENCODING) if isinstance(data, str) else data))


@functools.wraps(pickle.dump)
def dump(value, file, protocol=0):
    Pickler(file, protocol).dump(value)


@functools.wraps(pickle.dumps)
def dumps(value, protocol=0):
    return pickle.dumps(value, protocol)


class Unpickler(pickle.Unpickler):
    """Reads Python 2's texts as Latin-1, so that arrays within them come out whole."""

    def __init__(self, file):
        super().__init__(files.binary(file), encoding=ENCODING)


class Pickler(pickle.Pickler):
    def __init__(self, file, protocol=0):
        super().__init__(files.binary(file), protocol)
