"""The C++ code that Ops keep in files beside their modules."""

import zlib
from pathlib import Path

ARRAYS = Path(__file__).with_name("arrays.h")
"""Access to NumPy's arrays, for any Op."""

ONEDNN = Path(__file__).with_name("onednn.h")
"""oneDNN's engine and stream, for any Op that uses the library."""


def source(*paths):
    """The texts of these files, a list; where Aesara compiles a whole graph as one module, it takes each text once."""
    return [path.read_text(encoding="utf-8") for path in paths]


def checksum(*paths):
    """A number for the texts of these files, by which Aesara knows the modules compiled from them."""
    return zlib.crc32("".join(source(*paths)).encode())
