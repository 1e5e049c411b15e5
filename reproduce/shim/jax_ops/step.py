"""What a function compiled by JAX does when it is called: its results are NumPy's, shared variables stay on the device.

A graph is compiled as a whole. Where shapes depend on integers that the function is given, it is compiled for each of
their values; where they depend on other values, its operations run one by one.
"""

import collections
import functools
import logging
import warnings

import jax
import numpy as np
from aesara.compile.sharedvalue import SharedVariable
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.random.type import RandomType
from aesara.tensor.type import TensorType, discrete_dtypes

from reproduce.shim.jax_ops import host, moving_slices, tracing
from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import JaxOpError
from reproduce.shim.jax_ops.values import to_device, to_host
from reproduce.shim.shared_values import OnDevice

logger = logging.getLogger(__name__)
warnings.filterwarnings("ignore", "Some donated buffers were not usable", UserWarning)  # a variable changed its shape

MOST_VARIANTS = 64
"""Compiled forms of one function that are kept, one for each value of the integers that decide its shapes."""


class DeviceStep:
    """What an Aesara function runs: it takes its inputs out of their cells, and puts the updated ones back.

    Parameters
    ----------
    graph : aesara.graph.fg.FunctionGraph
    cells : list of one-element lists
        One for each of its inputs.
    storage_map : dict
        All the graph's cells, by variable; Aesara's function asks for it.
    """

    allow_gc = False
    need_update_inputs = False  # Aesara's function leaves that to us
    reads_device = True  # of shared variables

    def __init__(self, graph, cells, storage_map):
        self.function = jax_funcify(graph)
        self.cells, self.storage_map = cells, storage_map
        self.input_types = [variable.type for variable in graph.inputs]
        self.has_moving_slices = any(map(moving_slices.lengths, graph.apply_nodes))
        self.calls_back = False  # whether code of the host runs, which may fail
        self._output_types = [variable.type for variable in graph.outputs]
        self._updates = dict(getattr(graph, "update_mapping", None) or {})  # place of an output: of the input
        self._n_returned = len(graph.outputs) - len(self._updates)
        updated = set(self._updates.values())
        self._shared = {place for place, variable in enumerate(graph.inputs) if isinstance(variable, SharedVariable)}
        self.donated = [place for place in updated & self._shared if isinstance(self.input_types[place], TensorType)]
        self._integers = [
            place for place, kind in enumerate(self.input_types) if place not in updated and _is_integer(kind)
        ]
        self._fixed = ()  # those whose values are compiled in
        self._one_by_one = False
        self._variants = collections.OrderedDict()

    def __call__(self, output_subset=None):
        arguments = [self._argument(place) for place in range(len(self.cells))]
        results = self._results(arguments)
        if self.calls_back:
            jax.block_until_ready(results)
            host.raise_failure()
        self._commit(arguments, results)
        jax.effects_barrier()
        returned = zip(results[: self._n_returned], self._output_types, strict=False)
        # Aesara counts the updates too, and passes on what comes before them.
        return [*(to_host(value, kind) for value, kind in returned), *[None] * len(self._updates)]

    def run_one_by_one(self, arguments):
        """The results, each operation dispatched by itself."""
        with tracing.tracing(tracing.Trace()), tracing.loop():
            results = self.function(*(jax.numpy.asarray(v) if isinstance(v, np.ndarray) else v for v in arguments))
        self.calls_back = True
        return self.in_their_dtypes(results)

    def in_their_dtypes(self, results):
        """`results` as JAX arrays of the outputs' dtypes."""
        return [_in_dtype(value, kind) for value, kind in zip(results, self._output_types, strict=True)]

    def _argument(self, place):
        value, kind = self.cells[place][0], self.input_types[place]
        if isinstance(value, OnDevice):
            return value.value
        if place in self._shared and isinstance(kind, TensorType | RandomType):
            value = to_device(value, kind)
            self._leave(place, value)
        elif isinstance(kind, RandomType):
            value = to_device(value, kind)
        return value

    def _leave(self, place, value):
        """Leave the value of a shared variable on the device."""
        kind = self.input_types[place]
        self.cells[place][0] = OnDevice(value, lambda value: to_host(value, kind))

    def _commit(self, arguments, results):
        """Put the updates into their cells."""
        seen = {id(argument) for argument in arguments}
        for output, place in self._updates.items():
            value = results[output]
            if place not in self._shared:
                self.cells[place][0] = to_host(value, self.input_types[place])
                continue
            if id(value) in seen and isinstance(value, jax.Array):
                value = value.copy()  # two variables must not share what a step may overwrite
            seen.add(id(value))
            self._leave(place, value)

    def _results(self, arguments):
        while not self._one_by_one:
            try:
                return self._variant(arguments)(arguments)
            except JaxOpError as error:
                self._settle_for_less(arguments, error)
        return self.run_one_by_one(arguments)

    def _variant(self, arguments):
        """The compiled form for the values of the integers that decide shapes, and for what is no array."""
        integers = {place: int(arguments[place]) for place in self._fixed}
        key = (*integers.values(), *(id(value) for value in arguments if not is_array(value)))
        if key not in self._variants:
            self._variants[key] = Compiled(self, integers)
            if len(self._variants) > MOST_VARIANTS:
                self._variants.popitem(last=False)
        self._variants.move_to_end(key)
        return self._variants[key]

    def _settle_for_less(self, arguments, error):
        """Find what compiles: with integers of the arguments fixed, as few as do, or nothing at all."""
        self._variants.clear()
        chosen = list(self._integers)
        if self._fixed or not chosen or not self._traces(arguments, chosen):
            self._one_by_one = True
            logger.warning("a function's operations run one by one, which is slower: %s", error)
            return
        for place in self._integers:
            fewer = [other for other in chosen if other != place]
            if self._traces(arguments, fewer):
                chosen = fewer
        self._fixed = tuple(chosen)

    def _traces(self, arguments, fixed):
        compiled = Compiled(self, {place: int(arguments[place]) for place in fixed})
        try:
            jax.eval_shape(functools.partial(compiled.trace, trace=tracing.Trace()), *compiled.split(arguments))
        except JaxOpError:
            return False
        return True


class Compiled:
    """A step compiled by JAX for some values of integers among its arguments.

    Parameters
    ----------
    step : DeviceStep
    integers : dict from place to int
    """

    def __init__(self, step, integers):
        self._step = step
        self._integers = {place: np.asarray(value, step.input_types[place].dtype) for place, value in integers.items()}
        self._donates = bool(step.donated)
        self._needs_check = step.has_moving_slices
        self._check = jax.jit(self._conditions)
        self._compile()

    def __call__(self, arguments):
        split = self.split(arguments)
        if self._needs_check and not self._check(*split):
            return self._step.run_one_by_one(arguments)
        try:
            return self._run(*split)
        except tracing.DonationRefused:
            self._donates = False
            self._compile()
            return self._run(*split)

    def split(self, arguments):
        """The arguments that are donated, and by place the others that are traced."""
        traced = {place: value for place, value in enumerate(arguments) if is_array(value)}
        donated = [traced.pop(place) for place in self._step.donated]
        return donated, {place: value for place, value in traced.items() if place not in self._integers}

    def trace(self, donated, others, trace=None):
        """The results, of arguments as `split` returns them; `trace` notes what they rely on."""
        values = dict(zip(self._step.donated, donated, strict=True)) | others | self._integers
        with tracing.tracing(trace or tracing.Trace(self._donates)) as trace:
            arguments = [values[place] if place in values else cell[0] for place, cell in enumerate(self._step.cells)]
            results = self._step.function(*arguments)
        self._step.calls_back |= trace.calls_back
        return self._step.in_their_dtypes(results)

    def _compile(self):
        self._run = jax.jit(self.trace, donate_argnums=0 if self._donates else ())

    def _conditions(self, donated, others):
        trace = tracing.Trace(silent=True)
        self.trace(donated, others, trace)
        self._needs_check = bool(trace.conditions)
        return jax.numpy.all(jax.numpy.stack(trace.conditions)) if trace.conditions else True


def is_array(value):
    """Whether JAX can take `value` as an argument; others are compiled in."""
    return isinstance(value, jax.Array | np.ndarray | np.generic | float | int | dict)


def _is_integer(kind):
    return isinstance(kind, TensorType) and kind.ndim == 0 and kind.dtype in discrete_dtypes


def _in_dtype(value, kind):
    if not isinstance(kind, TensorType):
        return value
    value, dtype = jax.numpy.asarray(value), device_dtype(kind.dtype)
    return value if value.dtype == dtype else value.astype(dtype)
