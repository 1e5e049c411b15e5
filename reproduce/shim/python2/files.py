"""Files as Python 2 opened them: text is bytes, one character each, so that a text has the characters of its day."""

import builtins
import io

ENCODING = "latin-1"


def open(name, mode="r", buffering=-1, *arguments, **keywords):
    """Python 2's ``open``: text is Latin-1, and a binary file that is written takes texts too.

    With Python 3's further arguments it is Python 3's: a script for both finds a `sys.version_info` of 3.
    """
    if arguments or keywords:
        return builtins.open(name, mode, buffering, *arguments, **keywords)
    if "b" in mode:
        file = builtins.open(name, mode, buffering)  # noqa: SIM115  as the user opens it
        return BinaryWriter(file) if isinstance(file, io.BufferedWriter) else file
    newline = None if "U" in mode else "\n"
    return builtins.open(name, mode.replace("U", "") or "r", buffering, encoding=ENCODING, newline=newline)


class BinaryWriter(io.BufferedWriter):
    """A binary file that writes Latin-1 texts as the bytes that they were."""

    def __init__(self, file):
        super().__init__(file.detach())

    def write(self, data):
        return super().write(data.encode(ENCODING) if isinstance(data, str) else data)


class _FileType(type):
    def __instancecheck__(cls, candidate):
        return isinstance(candidate, io.IOBase)


class file(metaclass=_FileType):
    """Python 2's type of files: ``file(name)`` opens one."""

    def __new__(cls, name, mode="r", buffering=-1):
        return open(name, mode, buffering)


class TextBuffer(io.StringIO):
    """``StringIO``: takes bytes as well."""

    def write(self, data):
        return super().write(data.decode(ENCODING) if isinstance(data, bytes) else data)


def StringIO(initial=""):
    """A buffer of text, or of bytes if `initial` is bytes."""
    return io.BytesIO(initial) if isinstance(initial, bytes) else TextBuffer(initial)


def binary(file):
    """The binary file below a text file; another as it is."""
    return file.buffer if isinstance(file, io.TextIOWrapper) else file
