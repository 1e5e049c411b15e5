"""The flags that Aesara starts with: Aesara's own, then Theano's, then ours.

Aesara reads ``AESARA_FLAGS`` once, when it is imported; what comes from elsewhere is merged into that variable. A
setting in ``AESARA_FLAGS`` wins over one in ``THEANO_FLAGS``, that over ``.aesararc``, that over ``.theanorc``, and
that over a default. Beside NumPy 2 there is no C++ compiler, whoever names one.
"""

import configparser
import logging
import os
import shlex
import shutil

from reproduce.errors import UserError
from reproduce.shim import blas, numpy2

logger = logging.getLogger(__name__)

FLOAT = "float32"  # what the paper's scripts ran in
FOREVER = "1000000000"  # seconds; the flag takes no infinity
GPU_ONLY = (  # how such flags' names begin
    "contexts", "cublas__", "cuda__", "dnn__", "enable_initial_driver_test", "gpu__", "gpuarray__", "gpuelemwise__",
    "init_gpu_device", "lib__", "nvcc__", "print_active_device", "pycuda__",
)  # fmt: skip
THEANORC = "~/.theanorc"


def export(environ=os.environ):
    """Write the merged flags to ``environ["AESARA_FLAGS"]``."""
    flags = parse(environ.get("AESARA_FLAGS", ""))
    flags = without_gpu(theanos_own(environ, flags)) | flags
    if numpy2.is_used():
        if flags.get("cxx"):
            logger.warning("cxx=%s is ignored: the C code that Aesara writes needs NumPy 1", flags["cxx"])
        flags["cxx"] = ""
    for name, value in defaults(flags.get("cxx")).items():
        if name not in flags and not set_in_file(name, environ):
            flags[name] = value
    environ["AESARA_FLAGS"] = ",".join(shlex.quote(f"{name}={value}") for name, value in flags.items())


def defaults(cxx=None):
    """Flags for whoever sets none: float32, a BLAS that Aesara need not search for, and others for its compiler.

    Aesara's command asks for debug information, which takes a sixth of a compilation's time; a later -g0 undoes that.

    Processes with one folder of compiled modules wait for each other. Aesara gives up after two minutes: a rewrite that
    was compiling is skipped, which may change results, and the process goes on without the lock. Waiting is safe, as
    the kernel frees the lock of a process that ended.

    Parameters
    ----------
    cxx : str, optional
        The user's own C++ compiler; an empty string is none.
    """
    flags = {"floatX": FLOAT}
    if (cxx or (cxx is None and shutil.which("g++"))) and not numpy2.is_used():
        flags |= {"blas__ldflags": blas.ldflags(), "gcc__cxxflags": "-g0", "compile__timeout": FOREVER}
    else:
        # Said outright, so that Aesara does not announce what it goes without.
        flags |= {"cxx": "", "blas__ldflags": ""}
    return flags


def theanos_own(environ, flags):
    """The settings of ``THEANO_FLAGS`` and ``.theanorc``, under Aesara's names, that are not in `flags`."""
    found = {name: value for name, value in theanorc(environ).items() if not set_in_file(name, environ)}
    found |= parse(environ.get("THEANO_FLAGS", ""))
    return {name: value for name, value in found.items() if name not in flags}


def without_gpu(flags):
    """`flags` without those that ask for Theano's GPU backend; one line is logged for each."""
    kept = {}
    for name, value in flags.items():
        if name == "device" and value != "cpu":
            logger.warning("Theano's device=%s is ignored; GPU runs go through the JAX backend", value)
        elif name.startswith(GPU_ONLY):
            logger.warning("Theano's flag %s is ignored; GPU runs go through the JAX backend", name.replace("__", "."))
        else:
            kept[name] = value
    return kept


def theanorc(environ):
    """The settings in the files of ``THEANORC``, by default ``~/.theanorc``; the last file wins."""
    paths = environ.get("THEANORC", THEANORC)
    files = _read(paths, configparser.RawConfigParser(inline_comment_prefixes=(";",), strict=False))
    found = {}
    for section in files.sections():
        prefix = "" if section == "global" else f"{section.replace('.', '__')}__"
        # configparser gives option names in lower case; one of Theano's has a capital.
        found |= {prefix + ("floatX" if name == "floatx" else name): value for name, value in files.items(section)}
    return found


def _read(paths, files):
    try:
        files.read(os.path.expanduser(path) for path in paths.split(os.pathsep))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UserError(f"{paths} cannot be read: {error}") from error
    return files


def parse(text):
    """Comma-separated ``name=value`` pairs as a dict; ``section.option`` is ``section__option`` today."""
    splitter = shlex.shlex(text, posix=True)
    splitter.whitespace, splitter.whitespace_split, splitter.commenters = ",", True, ""
    pairs = (pair.strip().partition("=") for pair in splitter)
    return {name.replace(".", "__"): value for name, equals, value in pairs if equals}


def is_set(name, environ):
    """Whether a variable or a file sets the flag `name`."""
    flags = parse(environ.get("AESARA_FLAGS", ""))
    return name in flags or name in theanos_own(environ, flags) or set_in_file(name, environ)


def set_in_file(name, environ):
    """Whether one of Aesara's configuration files sets `name`."""
    section, _, option = name.rpartition("__")
    files = _read(environ.get("AESARARC", "~/.aesararc"), configparser.RawConfigParser())
    return files.has_option(section or "global", option)
