"""Finders in front of Python's import system: of aliases, and of packages that are loaded in a context."""

import contextlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder

from reproduce.errors import UserError


def install(finder, package, alias):
    """Put a `finder` in front of ``sys.meta_path``, once; nothing is imported yet.

    Parameters
    ----------
    finder : class
        Of the finder, which takes no arguments.
    package : str
        The top-level package that it finds.
    alias : class
        Of the modules that it makes.

    Raises
    ------
    reproduce.errors.UserError
        Where `package` has been imported and is no `alias`.
    """
    if any(isinstance(present, finder) for present in sys.meta_path):
        return
    imported = sys.modules.get(package)
    if imported is not None and not isinstance(imported, alias):
        hint = f"import reproduce first, or leave 'import {package}' out"
        raise UserError(f"a real {package} is imported already; {hint}")
    sys.meta_path.insert(0, finder())


def load_within(package, context):
    """Have `package` loaded within ``context(module)`` when it is imported; False where that was arranged before.

    Parameters
    ----------
    package : str
        A top-level package, found where it lies.
    context : function
        From the module that is about to be executed to a context manager.
    """
    if any(isinstance(present, PackageFinder) and present.package == package for present in sys.meta_path):
        return False
    sys.meta_path.insert(0, PackageFinder(package, context))
    return True


def load_further_within(package, context):
    """Load `package` within ``context(module)`` too, around the context that `load_within` was given."""
    finder = next(each for each in sys.meta_path if isinstance(each, PackageFinder) and each.package == package)
    inner = finder.context

    @contextlib.contextmanager
    def both(module):
        with context(module), inner(module):
            yield

    finder.context = both


class PackageFinder(MetaPathFinder):
    """Finds one package where it lies, and has it loaded by a `ContextLoader`."""

    def __init__(self, package, context):
        self.package, self.context = package, context

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.package:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = ContextLoader(spec.loader, self.context)
        return spec


class ContextLoader(Loader):
    """A loader that has another one execute a module within a context."""

    def __init__(self, loader, context):
        self._loader, self._context = loader, context

    def __getattr__(self, name):  # what inspect, pkgutil and others ask of a source file's loader
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        with self._context(module):
            self._loader.exec_module(module)
