"""The C++ code beside this package's modules."""

import zlib
from pathlib import Path


def source(*names):
    """The texts of these files, a list; where Aesara compiles a whole graph as one module, it takes each text once."""
    return [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names]


def checksum(*names):
    """A number for the texts of these files, by which Aesara knows the modules compiled from them."""
    return zlib.crc32("".join(source(*names)).encode())
