"""``import theano`` and ``import theano.*`` give Aesara's modules under Theano's names.

An alias module delegates every attribute to its Aesara counterpart, so classes and functions are Aesara's own
objects (``theano.tensor.TensorVariable is aesara.tensor.TensorVariable``) and Aesara's namespaces stay untouched.
Names that moved, were renamed or took other arguments come from the tables in `names`.
"""

import importlib
import sys
import warnings
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from reproduce.shim import finders
from reproduce.shim.theano_alias import names


def install():
    """Have ``import theano`` find the aliases; see `reproduce.shim.finders.install`."""
    finders.install(TheanoFinder, "theano", AliasModule)


class TheanoFinder(MetaPathFinder, Loader):
    """Finds ``theano`` and its submodules and loads them as `AliasModule`."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] != "theano":
            return None
        for gone, why in names.REMOVED.items():
            if f"{fullname}.".startswith(f"{gone}.") and fullname not in names.MODULES:
                raise ModuleNotFoundError(f"{fullname} is gone: {why}", name=fullname)
        aesara_name = aesara_module_name(fullname)
        if not _exists(aesara_name):
            return None
        return ModuleSpec(fullname, self, origin=aesara_name, is_package=True)

    def create_module(self, spec):
        with warnings.catch_warnings():  # aesara.tensor.nnet announces on import that it will go
            warnings.simplefilter("ignore", DeprecationWarning)
            return AliasModule(spec.name, importlib.import_module(spec.origin))

    def exec_module(self, module):
        """Nothing is left to do: the module behind the alias ran when it was imported."""


class AliasModule(ModuleType):
    """A module of Theano's name whose attributes are those of an Aesara module."""

    def __init__(self, name, module):
        super().__init__(name, f"Theano's name for {module.__name__}.")
        self.__path__ = []  # any alias may have submodules; the finder looks for them by name
        self._module = module

    def __getattr__(self, attribute):
        if attribute == "__all__":
            return [name for name in dir(self) if not name.startswith("_")]
        with warnings.catch_warnings():  # what Aesara says about old names is for its own users
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._resolve(attribute)

    def _resolve(self, attribute):
        moved = names.NAMES.get(self.__name__, {}).get(attribute)
        if moved is not None:
            module, _, name = moved.partition(":")
            return getattr(importlib.import_module(module), name)
        qualified = f"{self.__name__}.{attribute}"
        if qualified in names.MODULES:
            return importlib.import_module(qualified)
        value = self._found(attribute)
        if isinstance(value, ModuleType) and value.__name__ == f"{self._module.__name__}.{attribute}":
            return importlib.import_module(qualified)
        return value

    def _found(self, attribute):
        """The attribute of the Aesara module behind this one, or of one that took over a part of Theano's."""
        if hasattr(self._module, attribute):
            return getattr(self._module, attribute)
        name = self.__name__
        while name and not attribute.startswith("_"):
            for home in names.HOMES.get(name, ()):
                module = importlib.import_module(home)
                if hasattr(module, attribute):
                    return getattr(module, attribute)
            name = name.rpartition(".")[0]
        raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r}", name=attribute, obj=self)

    def __setattr__(self, attribute, value):
        # An import binds each module in its parent; where a function has the same name (theano.tensor.sort), the
        # name stays the function's, as in Theano. Aliases need no binding.
        if not (isinstance(value, AliasModule) and value.__name__ == f"{self.__name__}.{attribute}"):
            super().__setattr__(attribute, value)

    def __dir__(self):
        moved = names.NAMES.get(self.__name__, {})
        return sorted({*super().__dir__(), *dir(self._module), *moved})


def aesara_module_name(theano_name):
    """The Aesara module that a Theano module's name stands for, whether it exists or not."""
    if theano_name in names.MODULES:
        return names.MODULES[theano_name]
    parent, _, child = theano_name.rpartition(".")
    return f"{aesara_module_name(parent)}.{child}"


def _exists(module_name):
    if module_name in sys.modules:
        return True
    try:
        return find_spec(module_name) is not None
    except ModuleNotFoundError:  # the parent is missing, or is no package
        return False
