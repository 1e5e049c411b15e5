"""Configures Aesara before it is imported, and repairs it right after."""

import sys
import warnings
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder

from reproduce.shim import flags


def install():
    """Hook the import of ``aesara``; where it is imported already, repair it now."""
    if any(isinstance(finder, AesaraFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, AesaraFinder())
    if "aesara" in sys.modules:
        _repair()


class AesaraFinder(MetaPathFinder):
    """Finds ``aesara`` where it lies, with a loader that configures and repairs it."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "aesara":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        flags.export()
        self._loader.exec_module(module)
        _repair()


def _repair():
    from reproduce.shim import aesara_fixes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        aesara_fixes.apply()
