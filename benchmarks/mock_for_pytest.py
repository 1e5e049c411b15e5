"""A pytest plugin that gives Lasagne 0.1's tests what they expect of ``mock``."""

import sys
import types
import unittest.mock

import reproduce  # noqa: F401  installs the shim


class Mock(unittest.mock.Mock):
    """A newer mock reads every attribute of `spec`, and so runs properties that raise; the tests need only the names
    and the class."""

    def __init__(self, spec=None, **arguments):
        super().__init__(spec=None if spec is None else dir(spec), **arguments)
        if spec is not None:
            self.__dict__["_spec_class"] = type(spec)


mock = types.ModuleType("mock")
mock.Mock = Mock
mock.PropertyMock = unittest.mock.PropertyMock
sys.modules["mock"] = mock
