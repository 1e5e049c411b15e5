"""Runs a script as ``python SCRIPT.py`` would, as Python 2 or Python 3."""

import builtins
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

from datasets.errors import BadArgumentError, DataError, one_line
from reproduce.errors import UserError
from reproduce.shim.python2 import loader, names, verdict
from reproduce.shim.theano_alias import AliasModule

_PACKAGE = Path(__file__).resolve().parents[1]
_OURS = tuple(str(_PACKAGE / name) for name in ("__main__.py", "cli.py", "era.py", "shim/script.py", "shim/python2/"))
_IMPORTING = ("<frozen importlib", "<frozen runpy")

ADVICE = {
    "PIL": "pip install pillow",
    "cv2": "pip install opencv-python",
    "pycuda": "Theano's GPU backend is gone; --device gpu runs the script on JAX",
    "pygpu": "Theano's GPU backend is gone; --device gpu runs the script on JAX",
    "theano": "Aesara, which stands in for Theano, has none",
    "sklearn": "its modules moved: cross_validation and grid_search are model_selection, externals.joblib is joblib",
    "skimage": "pip install scikit-image",
    "yaml": "pip install pyyaml",
}
"""Module that may be missing: what to do."""


class Script:
    """A script that is read and compiled.

    Parameters
    ----------
    path : str
    python : {"auto", "2", "3"}
        Its version; ``auto`` decides by its content.

    Raises
    ------
    UserError
        If there is no such script, or it is neither Python 2 nor Python 3.
    """

    def __init__(self, path, python="auto"):
        source = _read(path)
        self._path = path
        self._python = loader.python_of(source, 3) if python == "auto" else int(python)
        self._code = _compile(path, source, self._python)

    def run(self, arguments):
        """Run it as ``__main__`` with these arguments, and return its exit code: 1 if an exception ended it.

        Raises
        ------
        UserError
            If it needs something that is not available.
        SystemExit
            If the script exits.
        """
        loader.install(self._python)
        main = _become_main(self._path, arguments, self._python)
        try:
            exec(self._code, vars(main))
        except Exception as error:
            return _report(error, self._path)
        return 0


def _read(path):
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise UserError(f"there is no script {path}") from None
    except OSError as error:
        raise UserError(f"the script {path} cannot be read: {error.strerror}") from None


def _compile(path, source, kind):
    text, filename = loader.decode(source), os.path.abspath(path)
    try:
        if kind == 2:
            return loader.compile_python2(text, filename)
        return compile(verdict.parse3(text, filename), filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        if error.lineno is None:
            raise UserError(f"{path} is not a script: {error.msg}") from None
        problem = f"line {error.lineno}: not Python {kind}: {error.msg}"
        try:
            loader.compile_python2(text, filename) if kind == 3 else verdict.parse3(text, filename)
        except SyntaxError as other:
            problem += f"; line {other.lineno}: not Python {5 - kind} either: {other.msg}"
        else:
            problem += f"; it is Python {5 - kind}, use --python {5 - kind}"
        raise UserError(f"{path}, {problem}") from None


def _become_main(path, arguments, kind):
    main = ModuleType("__main__")
    main.__file__ = os.path.abspath(path)
    main.__builtins__ = names.builtin_module() if kind == 2 else builtins
    sys.modules["__main__"] = main
    sys.argv = [path, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))  # where 'python -m' has the current folder
        _give_way(Path(sys.path[0]))
    return main


def _give_way(folder):
    """If a module ``datasets`` lies beside the script, free the name for it."""
    if (folder / "datasets.py").exists() or (folder / "datasets").is_dir():
        for name in [name for name in sys.modules if name.partition(".")[0] == "datasets"]:
            del sys.modules[name]


def _report(error, path):
    """Print the traceback of the script's error, as Python does; raise UserError if something is not available."""
    place = path
    for frame, line in traceback.walk_tb(error.__traceback__):
        if _is_users(frame):
            place = f"{frame.f_code.co_filename}, line {line}"
    if isinstance(error, UserError):
        said = str(error).partition("\nApply node that caused the error")[0]  # what Aesara adds in a call
        raise UserError(f"{place}: {said}") from error
    if isinstance(error, DataError) and not isinstance(error, BadArgumentError):
        raise UserError(f"{place}: {one_line(error)}") from error
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        advice = ADVICE.get(error.name.partition(".")[0]) if error.msg.startswith("No module") else None
        raise UserError(f"{place}: {error.msg}" + (f"; {advice}" if advice else "")) from error
    if _asks_theano(error):
        said = str(error).removesuffix(" (unknown location)")
        raise UserError(f"{place}: {said}; {ADVICE['theano']}") from error
    if sys.excepthook is sys.__excepthook__ or sys.excepthook.__module__.startswith("aesara."):
        told = traceback.TracebackException.from_exception(error)
        _leave_ours_out(told, set())
        print(*told.format(), sep="", end="", file=sys.stderr)
    else:
        sys.excepthook(type(error), error, error.__traceback__)
    return 1


def _asks_theano(error):
    """Whether the error is that a module of Theano's lacks a name, or that there is no mode of a name."""
    if isinstance(error, ImportError):
        return (error.name or "").partition(".")[0] == "theano"
    if str(error).startswith("No predefined mode exist for string: "):
        return True
    return isinstance(error, AttributeError) and isinstance(error.obj, AliasModule)


def _leave_ours_out(told, done):
    """Drop the frames of what loads and runs the script, here and in the errors that led to this one."""
    if told is None or id(told) in done:
        return
    done.add(id(told))
    kept = [frame for frame in told.stack if not _is_ours(frame.filename)]
    told.stack = traceback.StackSummary.from_list(kept)
    for other in (told.__cause__, told.__context__, *(getattr(told, "exceptions", None) or ())):
        _leave_ours_out(other, done)


def _is_users(frame):
    """Whether the frame runs the script or one of the user's modules, rather than a library."""
    name, filename = frame.f_globals.get("__name__", ""), frame.f_code.co_filename
    of_a_module = getattr(sys.modules.get(name), "__file__", None) == filename
    return of_a_module and not _is_ours(filename) and not loader.is_installed(filename, name)


def _is_ours(filename):
    return filename.startswith((*_OURS, *_IMPORTING))
