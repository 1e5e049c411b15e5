"""Loads Python 2 files: converted in memory, cached by content, nothing written."""

import functools
import io
import re
import site
import sys
import sysconfig
import tokenize
import warnings
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

from reproduce.shim.python2 import meaning, names, verdict

_OURS = Path(__file__).resolve().parents[3]


def install(default):
    """Load modules from outside the environment's packages as Python 2 or 3, whichever each is.

    Parameters
    ----------
    default : {2, 3}
        The version of ambiguous files.
    """
    place = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
    sys.meta_path.insert(place, UserFinder(default))


class UserFinder(MetaPathFinder):
    """Finds the user's own modules, and has those in Python 2 loaded by a `Python2Loader`."""

    def __init__(self, default):
        self._default = default

    def find_spec(self, fullname, path=None, target=None):
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or is_installed(spec.origin, fullname):
            return None
        if python_of(Path(spec.origin).read_bytes(), self._default) != 2:
            return None
        spec.loader = Python2Loader(spec.loader.name, spec.loader.path)
        return spec


class Python2Loader(SourceFileLoader):
    """Loads a Python 2 file."""

    def get_code(self, fullname):
        return compile_python2(decode(self.get_data(self.path)), self.path)

    def exec_module(self, module):
        vars(module)["__builtins__"] = names.builtin_module()
        super().exec_module(module)


def python_of(source, default):
    """2 or 3: the version of a file with the bytes `source`; `default` if it is ambiguous."""
    text = decode(source)
    try:
        return verdict.verdict(text) or default
    except (SyntaxError, ValueError):
        try:
            compile_python2(text, "<unknown>")
        except SyntaxError:
            return default
        return 2


def decode(source):
    """The text of a source file: by its coding line, else UTF-8, else Latin-1; lines end in line feeds."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = source.decode("latin-1")
    return re.sub("\r\n?", "\n", text.removeprefix("\ufeff"))


@functools.lru_cache(maxsize=1000)
def compile_python2(text, filename, mode="exec", divides=True):
    """The code of the Python 2 source `text`.

    Parameters
    ----------
    text : str
    filename : str
        The name in tracebacks.
    mode : {"exec", "eval"}
    divides : bool
        Whether ``/`` of integers rounds down, unless `text` imports division from ``__future__``.

    Raises
    ------
    SyntaxError
        If it is not Python 2; it holds the line.
    """
    from reproduce.shim.python2 import syntax

    try:
        converted = syntax.convert(text)
        tree = verdict.parse3(converted.text.rstrip() if mode == "eval" else converted.text, filename, mode)
    except SyntaxError as error:
        lines = text.splitlines()
        error.filename = filename
        error.text = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else None
        error.offset = error.end_lineno = error.end_offset = None
        raise
    tree = meaning.restore(tree, converted.unpacked, divides)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return compile(tree, filename, mode, dont_inherit=True)


def is_installed(origin, fullname):
    """Whether the module at `origin` belongs to Python, to an installed package, or to us."""
    origin = Path(origin).resolve()
    if any(folder in origin.parents for folder in _environment()):
        return True
    depth = fullname.count(".") + (2 if origin.stem == "__init__" else 1)
    return _holds_packages(origin.parents[depth - 1]) if depth <= len(origin.parents) else False


@functools.cache
def _environment():
    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [*site.getsitepackages(), site.getusersitepackages(), _OURS / "reproduce", _OURS / "datasets"]
    folders += [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    return [Path(folder).resolve() for folder in folders if folder]


@functools.cache
def _holds_packages(folder):
    """Whether wheels were unpacked in `folder`."""
    return next(folder.glob("*.dist-info"), None) is not None
