"""Compiles (inputs, outputs, updates) into steps that share one state.

A backend owns the values of the shared variables that its steps update. Both kinds offer the same:

- ``compile(inputs, outputs, updates=()) -> Step``; a step is called with arrays and returns a list of arrays, and
  ``step.loop(*stacked)`` runs it along the leading axis of its arguments, yielding the outputs of several calls at
  a time, stacked.
- ``state(names=None) -> dict``: name to array of all that the steps update, and ``restore(dict)``.
- ``name``, ``device`` and ``resident_limit``: bytes of training data to keep on the device unless told otherwise.
"""

import shutil

import aesara
import numpy as np

from reproduce.backends import versions
from reproduce.errors import UserError
from reproduce.shim import numpy2

NAMES = ("c", "jax")


FASTER_ON_JAX = ("cnn", "lstm")
"""Kinds of network whose steps the jax backend takes faster than the c backend on a CPU; see docs/performance.md."""


def create(name="auto", device="auto", precision="float32", kind="mlp"):
    """A backend.

    Parameters
    ----------
    name : {"auto", "c", "jax"}
        ``auto`` is `c` where Aesara can compile C code, no GPU is asked for and `kind` is faster there, else `jax`.
    device : {"auto", "cpu", "gpu"}
        ``auto`` is a GPU where the `jax` backend finds one.
    precision : {"float32", "tf32"}
        Of matrix products on a GPU.
    kind : {"mlp", "cnn", "lstm"}
        ``network.kind`` of what it is for.

    Raises
    ------
    UserError
        Where what is asked for is not to be had on this machine.
    """
    if name not in ("auto", *NAMES):
        raise UserError(f"unknown backend '{name}'; backends are auto, {', '.join(NAMES)}")
    if name == "auto":
        name = "jax" if device == "gpu" or kind in FASTER_ON_JAX or not has_compiler() else "c"
    if name == "c":
        if device == "gpu":
            raise UserError("the c backend runs on the CPU only; use --backend jax for a GPU")
        if precision != "float32":
            raise UserError(f"backend.precision={precision} is for GPUs; the c backend computes in float32")
        if not has_compiler():
            problem, remedy = c_obstacle()
            raise UserError(f"{problem}: the c backend cannot run; {remedy}, or use --backend jax")
        from reproduce.backends.c import CBackend

        return CBackend()
    versions.check_jax()
    try:
        from reproduce.backends.jax import JaxBackend
    except (ImportError, AttributeError, RuntimeError) as error:  # a name that is gone, or a jaxlib of another version
        raise UserError(f"JAX {versions.version('jax')} does not work here ({error}); {versions.advice()}") from error
    return JaxBackend(device, precision)


def has_compiler():
    """Whether Aesara can compile C code here."""
    return c_obstacle() is None


def c_obstacle():
    """Why the c backend cannot run here, and what to do; None where it can."""
    if numpy2.is_used():
        return f"Aesara's C code needs NumPy 1 and this is {np.__version__}", "take NumPy 1.26 ('make venv')"
    if not aesara.config.cxx or shutil.which(aesara.config.cxx) is None:
        return "no C++ compiler was found", "install g++"
    return None
