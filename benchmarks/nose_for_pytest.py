"""A pytest plugin that gives Theano 0.9's tests what they expect of nose, of its plugins and of Theano's helpers."""

import functools
import importlib
import inspect
import sys
import types
import unittest

import numpy.testing
import pytest

from reproduce.shim import removed_names  # installs the shim


def attr(*tags):
    """Marks that nobody asks for."""
    return lambda function: function


def raises(*exceptions):
    def decorate(function):
        @functools.wraps(function)
        def test(*arguments):
            with pytest.raises(exceptions):
                function(*arguments)

        return test

    return decorate


class parameterized:
    @staticmethod
    def expand(cases, testcase_func_name=None):
        """Put one test for each case into the class whose body runs."""
        namespace = sys._getframe(1).f_locals

        def decorate(function):
            for number, case in enumerate(cases):
                namespace[f"{function.__name__}_{number}"] = lambda self, case=case: function(self, *case)

        return decorate


def pytest_pycollect_makeitem(collector, name, obj):
    """A generator is one test, which calls all that it yields."""
    if inspect.isgeneratorfunction(obj) and name.startswith("test_"):
        return pytest.Function.from_parent(collector, name=name, callobj=lambda: _call_all(obj))


def pytest_collection_modifyitems(items):
    """A static method of a class is no test, whatever its name."""
    items[:] = [item for item in items if not _is_static(item)]


def _is_static(item):
    return item.cls is not None and isinstance(inspect.getattr_static(item.cls, item.name, None), staticmethod)


def _call_all(generator):
    for function, *arguments in generator():
        function(*arguments)


def _no_gpu(name):
    if name.startswith("__"):  # asked of every module by those who look for a function's
        raise AttributeError(name)
    raise unittest.SkipTest("asks for Theano's GPU backend")


def _module(name, **contents):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(contents)


removed_names.supply()
_module("nose")
_module("nose.plugins")
_module("nose.plugins.attrib", attr=attr)
_module("nose.plugins.skip", SkipTest=unittest.SkipTest)
_module("nose.tools", assert_raises=unittest.TestCase().assertRaises, raises=raises)
_module("nose_parameterized", parameterized=parameterized)
_module("theano.gpuarray.tests")
_module("theano.gpuarray.tests.config", __getattr__=_no_gpu)
numpy.testing.dec = types.SimpleNamespace(skipif=unittest.skipIf)

# Theano's helpers lie beside its tests; they need the modules above.
package = importlib.import_module("theano.tests")
for helper in ("disturb_mem", "unittest_tools"):
    module = sys.modules[f"theano.tests.{helper}"] = importlib.import_module(helper)
    setattr(package, helper, module)
