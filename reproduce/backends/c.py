"""Aesara's C linker: the CPU's exact reference."""

import aesara
import numpy as np
from aesara.compile.mode import Mode
from aesara.link.vm import VMLinker

from reproduce.backends.state import NamedVariables
from reproduce.model.ops import channel_sum, column_sum

EXCLUDED = ("local_dot22_to_dot22scalar",)
"""Rewrites left out. This one moves a factor into a product even if the product itself is needed too, and so computes
it twice. Batch norm's gradient, which negates, would then cost each dense layer a fourth product."""


class CBackend:
    """Compiles steps with Aesara's C linker; the state lives in the shared variables themselves."""

    name = "c"
    device = "cpu"
    resident_limit = 2 * 10**9

    def __init__(self):
        self._updated = NamedVariables()

    def compile(self, inputs, outputs, updates=()):
        """A step with `inputs` and `outputs` that applies `updates`; see `reproduce.backends`."""
        # Intermediate storage is kept between calls, because allocating it anew costs more than it saves here.
        mode = Mode(VMLinker(use_cloop=True, allow_gc=False), "fast_run")
        mode = mode.excluding(*EXCLUDED).including(column_sum.REWRITE, channel_sum.REWRITE)
        function = aesara.function(inputs, outputs, updates=list(updates), mode=mode)
        self._updated.add(variable for variable, _ in updates)
        return CStep(function)

    def state(self, names=None):
        """Copies of the variables that the steps update, by name: all of them, or those in `names`."""
        variables = self._updated.select(names)
        return {name: variable.get_value() for name, variable in variables.items()}

    def restore(self, state):
        """Set the values that `state` returned."""
        self._updated.check(state)
        for name, variable in self._updated.by_name.items():
            variable.set_value(np.asarray(state[name], dtype=variable.dtype, order="C"))


class CStep:
    """One compiled function."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *arrays):
        return self._function(*arrays)

    def loop(self, *stacked):
        for arrays in zip(*stacked, strict=True):
            yield [np.asarray(value)[None] for value in self._function(*arrays)]
