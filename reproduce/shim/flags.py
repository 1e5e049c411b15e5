"""The flags that Aesara starts with: Aesara's own, then Theano's, then ours.

Aesara reads ``AESARA_FLAGS`` once, when it is imported; what comes from elsewhere is merged into that variable. A
setting in ``AESARA_FLAGS`` wins over one in ``THEANO_FLAGS``, that over ``.aesararc``, and that over a default. Beside
NumPy 2 there is no C++ compiler, whoever names one.
"""

import configparser
import logging
import os
import shlex
import shutil

from reproduce.shim import blas, numpy2

logger = logging.getLogger(__name__)

FLOAT = "float32"  # what the paper's scripts ran in
GPU_ONLY = ("gpuarray__", "init_gpu_device", "lib__", "nvcc__")  # how such flags' names begin


def export(environ=os.environ):
    """Write the merged flags to ``environ["AESARA_FLAGS"]``."""
    flags = theano_flags(environ.get("THEANO_FLAGS", "")) | parse(environ.get("AESARA_FLAGS", ""))
    if numpy2.is_used():
        if flags.get("cxx"):
            logger.warning("cxx=%s is ignored: the C code that Aesara writes needs NumPy 1", flags["cxx"])
        flags["cxx"] = ""
    for name, value in defaults(flags.get("cxx")).items():
        if name not in flags and not set_in_file(name, environ):
            flags[name] = value
    environ["AESARA_FLAGS"] = ",".join(shlex.quote(f"{name}={value}") for name, value in flags.items())


def defaults(cxx=None):
    """Flags for whoever sets none: float32, and a BLAS that Aesara need not search for.

    Parameters
    ----------
    cxx : str, optional
        The user's own C++ compiler; an empty string is none.
    """
    flags = {"floatX": FLOAT}
    if (cxx or (cxx is None and shutil.which("g++"))) and not numpy2.is_used():
        flags["blas__ldflags"] = blas.ldflags()
    else:
        # Said outright, so that Aesara does not announce what it goes without.
        flags |= {"cxx": "", "blas__ldflags": ""}
    return flags


def theano_flags(text):
    """``THEANO_FLAGS`` under Aesara's names, without those that ask for a GPU; one line is logged for each."""
    flags = {}
    for name, value in parse(text).items():
        if name == "device" and value != "cpu":
            logger.warning("THEANO_FLAGS: device=%s is ignored; GPU runs go through the JAX backend", value)
        elif name.startswith(GPU_ONLY):
            logger.warning("THEANO_FLAGS: %s is ignored; GPU runs go through the JAX backend", name)
        else:
            flags[name] = value
    return flags


def parse(text):
    """Comma-separated ``name=value`` pairs as a dict; ``section.option`` is ``section__option`` today."""
    splitter = shlex.shlex(text, posix=True)
    splitter.whitespace, splitter.whitespace_split, splitter.commenters = ",", True, ""
    pairs = (pair.strip().partition("=") for pair in splitter)
    return {name.replace(".", "__"): value for name, equals, value in pairs if equals}


def set_in_file(name, environ):
    """Whether one of Aesara's configuration files sets `name`."""
    section, _, option = name.rpartition("__")
    files = configparser.RawConfigParser()
    files.read(os.path.expanduser(path) for path in environ.get("AESARARC", "~/.aesararc").split(os.pathsep))
    return files.has_option(section or "global", option)
