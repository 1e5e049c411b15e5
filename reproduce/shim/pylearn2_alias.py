"""``import pylearn2.*`` gives our data sets under pylearn2's names, as far as Theano-era scripts use them."""

import contextlib
import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from reproduce.shim import finders

PACKAGES = ("pylearn2", "pylearn2.datasets", "pylearn2.utils")
MODULES = {
    "pylearn2.datasets.cifar10": "datasets.cifar10",
    "pylearn2.datasets.dense_design_matrix": "datasets.design_matrix",
    "pylearn2.datasets.mnist": "datasets.mnist",
    "pylearn2.datasets.preprocessing": "datasets.preprocessing",
    "pylearn2.datasets.svhn": "datasets.svhn",
    "pylearn2.datasets.zca_dataset": "datasets.design_matrix.zca_dataset",
    "pylearn2.utils.rng": "datasets.design_matrix.rng",
    "pylearn2.utils.serial": "datasets.serial",
}


def install():
    """Have ``import pylearn2`` find the aliases; see `reproduce.shim.finders.install`."""
    finders.install(Pylearn2Finder, "pylearn2", AliasModule)


class Pylearn2Finder(MetaPathFinder, Loader):
    """Finds ``pylearn2`` and those of its modules that we have, and loads them as `AliasModule`."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] != "pylearn2":
            return None
        if fullname in PACKAGES:
            return ModuleSpec(fullname, self, is_package=True)
        if fullname in MODULES:
            return ModuleSpec(fullname, self, origin=MODULES[fullname])
        known = ", ".join(MODULES)
        raise ModuleNotFoundError(f"{fullname} has no counterpart here; there are {known}", name=fullname)

    def create_module(self, spec):
        return AliasModule(spec.name, spec.origin)

    def exec_module(self, module):
        """Import our module; an alias of a package has nothing behind it."""
        if module._ours is not None:
            importlib.import_module(module._ours)


class AliasModule(ModuleType):
    """A module of pylearn2's name whose attributes are those of one of ours."""

    def __init__(self, name, ours):
        super().__init__(name, "A name of pylearn2's." if ours is None else f"pylearn2's name for {ours}.")
        self._ours = ours

    def __getattr__(self, attribute):
        if self._ours is not None and not attribute.startswith("__"):
            with contextlib.suppress(AttributeError):
                return getattr(sys.modules[self._ours], attribute)
        qualified = f"{self.__name__}.{attribute}"
        if qualified in MODULES or qualified in PACKAGES:
            return importlib.import_module(qualified)  # as if the package imported its modules
        raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r}")

    def __dir__(self):
        return dir(sys.modules[self._ours]) if self._ours is not None else super().__dir__()
