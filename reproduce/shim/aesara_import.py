"""Configures Aesara before it is imported, and repairs it right after."""

import logging
import sys
import warnings
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder

from reproduce.shim import flags

logger = logging.getLogger(__name__)


def install():
    """Hook the import of ``aesara``; where it has been imported already, do now what can still be done."""
    if any(isinstance(finder, AesaraFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, AesaraFinder())
    imported = sys.modules.get("aesara")
    if imported is not None:
        if type(imported.config).floatX.is_default:
            imported.config.floatX = flags.FLOAT
        _repair()


class AesaraFinder(MetaPathFinder):
    """Finds ``aesara`` where it lies, and has it loaded by a `ConfiguredLoader`."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "aesara":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = ConfiguredLoader(spec.loader)
        return spec


class ConfiguredLoader(Loader):
    """A loader that sets Aesara's flags, loads it with another loader, and repairs it."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):  # what inspect, pkgutil and others ask of a source file's loader
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        flags.export()
        # BLAS is chosen in flags.py; that there is none to link is nothing the user can act on.
        logging.getLogger("aesara.tensor.blas").addFilter(lambda record: "NumPy C-API" not in record.msg)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.filterwarnings("ignore", "Aesara does not recognise this flag", UserWarning)
            self._loader.exec_module(module)
        for name in module.config._flags_dict:  # each flag that is read is taken out
            logger.warning("Aesara has no flag %s; it is ignored", name)
        _repair()


def _repair():
    from reproduce.shim import aesara_fixes

    with warnings.catch_warnings():  # aesara.tensor.nnet announces that it will go
        warnings.simplefilter("ignore", DeprecationWarning)
        aesara_fixes.apply()
