"""Aesara's JAX linker: steps as pure functions of the state, which stays on the device."""

import contextlib
import os

import jax
import jax.numpy as jnp
import numpy as np
from aesara.graph.fg import FunctionGraph
from aesara.link.jax.dispatch import jax_funcify

import reproduce.model.ops.jax_rules  # noqa: F401  registers our operations
from reproduce.backends import versions
from reproduce.backends.state import NamedVariables, shared_inputs
from reproduce.errors import UserError
from reproduce.shim import jax_ops

CHUNK = 100
"""Number of steps that a GPU runs before the host reads their outputs."""

DETERMINISTIC = "--xla_gpu_deterministic_ops"
"""Keeps XLA from adding in the order in which threads finish, and from choosing kernels by their times."""


class JaxBackend:
    """Compiles steps with JAX for one device.

    The values of updated shared variables are device arrays. Each step takes, donates and replaces them. The shared
    variables themselves keep their initial values; `state` reads the device.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu"}
    precision : {"float32", "tf32"}
        The precision of matrix products on a GPU.
    """

    name = "jax"

    def __init__(self, device="auto", precision="float32"):
        self._device = _find(device)
        self.device = "cpu" if self._device.platform == "cpu" else f"gpu ({self._device.device_kind})"
        self.precision = "float32" if precision == "float32" else "tensorfloat32"
        self._updated = NamedVariables()
        self._values = {}

    @property
    def resident_limit(self):
        if self._device.platform == "cpu":
            return 2 * 10**9
        return (self._device.memory_stats() or {}).get("bytes_limit", 16 * 10**9) // 2

    def compile(self, inputs, outputs, updates=()):
        """A step with `inputs` and `outputs` that applies `updates`; see `reproduce.backends`."""
        variables = shared_inputs(outputs, updates)
        for variable in variables:
            if variable not in self._values:
                self._values[variable] = self._put(variable.get_value(borrow=True))
        updates = dict(updates)
        self._updated.add(updates)
        updated = [variable for variable in variables if variable in updates]
        constant = [variable for variable in variables if variable not in updates]
        graph = FunctionGraph([*inputs, *constant, *updated], [*outputs, *(updates[v] for v in updated)], clone=True)
        jax_ops.mode().optimizer.rewrite(graph)
        function = jax_funcify(graph)
        return JaxStep(self, function, len(inputs), len(outputs), constant, updated)

    def state(self, names=None):
        """Copies of the variables that the steps update, by name: all of them, or those in `names`."""
        variables = self._updated.select(names)
        return {name: np.array(self._values[variable]) for name, variable in variables.items()}

    def restore(self, state):
        """Set the values that `state` returned."""
        self._updated.check(state)
        for name, variable in self._updated.by_name.items():
            self._values[variable] = self._put(np.asarray(state[name], dtype=variable.dtype))

    def _put(self, value):
        with self._enough_memory():
            return jax.device_put(value, self._device)

    @contextlib.contextmanager
    def _enough_memory(self):
        """Raise UserError if the device runs out of memory in the block."""
        try:
            yield
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise UserError(
                f"out of memory on the {self.device}: make the network or the minibatch smaller, keep the training "
                "data on the host (--set data.resident_limit=1) or use another --device; what was saved is kept"
            ) from error


class JaxStep:
    """One jitted function (state, constants, inputs) → (outputs, state), which donates the state."""

    def __init__(self, backend, function, n_inputs, n_outputs, constant, updated):
        self._backend, self._constant, self._updated = backend, constant, updated

        def step(state, constants, arrays):
            results = function(*arrays, *constants, *state)
            return results[:n_outputs], list(results[n_outputs:])

        def chunk(state, constants, stacked, start, stop):
            def body(i, carry):
                state, collected = carry
                outputs, state = step(state, constants, [array[i] for array in stacked])
                return state, [kept.at[i - start].set(out) for kept, out in zip(collected, outputs, strict=True)]

            shapes, _ = jax.eval_shape(step, state, constants, [array[0] for array in stacked])
            collected = [jnp.zeros((CHUNK, *shape.shape), shape.dtype) for shape in shapes]
            state, collected = jax.lax.fori_loop(start, stop, body, (state, collected))
            return collected, state

        self._step = jax.jit(step, donate_argnums=0)
        self._chunk = jax.jit(chunk, donate_argnums=0)

    def __call__(self, *arrays):
        return self._run(self._step, arrays)

    def loop(self, *stacked):
        if self._backend.device == "cpu":
            # XLA's CPU loops use one thread; single calls use all.
            for arrays in zip(*stacked, strict=True):
                yield [value[None] for value in self._run(self._step, arrays)]
            return
        total = len(stacked[0])
        on_device = [self._backend._put(array) for array in stacked]
        for start in range(0, total, CHUNK):
            stop = min(start + CHUNK, total)
            collected = self._run(self._chunk, on_device, start, stop)
            yield [values[: stop - start] for values in collected]

    def _run(self, compiled, *arguments):
        """Call `compiled`, replace the state by the one that it returns, and return the outputs as NumPy arrays."""
        backend, values = self._backend, self._backend._values
        state = [values[variable] for variable in self._updated]
        constants = [values[variable] for variable in self._constant]
        precision = jax.default_matmul_precision(backend.precision)
        with backend._enough_memory(), jax.default_device(backend._device), precision:
            outputs, state = compiled(state, constants, *arguments)
            values.update(zip(self._updated, state, strict=True))
            return [np.asarray(value) for value in outputs]


def repeat_bit_for_bit(environ=os.environ):
    """Make XLA give the same bits each time on one GPU, unless ``XLA_FLAGS`` decides; call this before using JAX."""
    flags = environ.get("XLA_FLAGS", "")
    if DETERMINISTIC not in flags:
        environ["XLA_FLAGS"] = f"{flags} {DETERMINISTIC}=true".lstrip()


def _find(device):
    """The first device of the requested kind."""
    repeat_bit_for_bit()
    try:
        if device == "auto":
            return jax.devices()[0]
        return jax.devices(device)[0]
    except RuntimeError:
        hint = f"install JAX for CUDA ({versions.cuda_pip_line()}) or use --device cpu"
        raise UserError(f"no {device.upper()} was found by JAX {jax.__version__}; {hint}") from None
