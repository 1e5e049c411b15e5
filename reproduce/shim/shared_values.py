"""Where the value of a shared variable lies: in NumPy's memory, or on a device until somebody asks for it.

A function compiled by JAX leaves what it read and wrote on the device, so that the next one finds it there. Whoever
reads the value in Python (``get_value``, a pickle, a function compiled by C) gets a NumPy array.
"""

import copy
import functools

from aesara.compile.function.types import Function
from aesara.compile.sharedvalue import SharedVariable
from aesara.link.basic import Container


class OnDevice:
    """What stands in a container for a value on a device; ``home(value)`` is that value on the host."""

    ever = False
    """Whether there has been one in this process."""

    def __init__(self, value, home):
        self.value, self._home = value, home
        OnDevice.ever = True

    def home(self):
        """A copy on the host."""
        return self._home(self.value)

    def __deepcopy__(self, memo):
        return self.home()

    def __reduce_ex__(self, protocol):
        return self.home().__reduce_ex__(protocol)


def install():
    """Have Aesara's containers and functions bring values home that they find on a device."""
    if hasattr(Function.__call__, "__wrapped__"):
        return
    Container.value = Container.data = property(_read, Container.__set__)
    Container.__get__ = _read
    SharedVariable.get_value = get_value
    call = Function.__call__

    @functools.wraps(call)
    def __call__(self, *arguments, **keywords):
        if OnDevice.ever and not getattr(self.vm, "reads_device", False):
            for container in self.input_storage:
                _read(container)
        return call(self, *arguments, **keywords)

    Function.__call__ = __call__


def _read(container):
    """The value of `container`, which lies in NumPy's memory from now on."""
    value = container.storage[0]
    if isinstance(value, OnDevice):
        value = container.storage[0] = value.home()
    return value


def get_value(self, borrow=False, return_internal_type=False):
    """The value; unless `borrow` a copy, which leaves the value where it lies."""
    if borrow:
        return self.container.value
    return copy.deepcopy(self.container.storage[0])
