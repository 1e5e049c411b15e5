"""Where oneDNN is, the library of convolutions for x86 processors."""

import functools
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

LIBRARY, HEADERS = "onednn-cpu-gomp", "onednn-devel-cpu-gomp"
"""The packages on PyPI: the library, whose threads are those of GCC's OpenMP, and its headers."""


@dataclass(frozen=True)
class OneDNN:
    """An installed oneDNN.

    Attributes
    ----------
    version : str
        Of the package `LIBRARY`.
    include : str
        The folder of ``oneapi/dnnl/dnnl.hpp``.
    lib : str
        The folder of ``libdnnl.so``.
    """

    version: str
    include: str
    lib: str


@functools.cache
def find():
    """The installed oneDNN, or None where the library or its headers are missing.

    The packages are there for Linux on x86-64. Every such processor will do: oneDNN writes its machine code for the
    instructions that it finds, from SSE4.1 to AVX-512.
    """
    library, header = _file(LIBRARY, "libdnnl.so"), _file(HEADERS, "oneapi/dnnl/dnnl.hpp")
    if library is None or header is None:
        return None
    return OneDNN(metadata.version(LIBRARY), str(header.parents[2]), str(library.parent))


def _file(package, ending):
    """The file of `package` whose path has this ending, or None."""
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        return None
    found = [Path(file.locate()).resolve() for file in files if str(file).endswith(ending)]
    return found[0] if found and found[0].is_file() else None
