"""Compiles (inputs, outputs, updates) into steps that share one state.

A backend owns the values of the shared variables that its steps update. Both backends have the same interface:

- ``compile(inputs, outputs, updates=())`` returns a step. A step is called with arrays and returns a list of arrays.
  ``step.loop(*stacked)`` calls it for each entry of the leading axis of its arguments, and yields the outputs of
  several calls at a time, stacked.
- ``state(names=None) -> dict`` returns the arrays that the steps update, by name; ``restore(dict)`` sets them.
- ``name``, ``device``, and ``resident_limit``, the default number of bytes of training data to keep on the device.
"""

import shutil
from importlib.util import find_spec

import aesara
import numpy as np

from reproduce.backends import versions
from reproduce.errors import UserError
from reproduce.shim import numpy2
from reproduce.shim.c_ops import onednn

NAMES = ("c", "jax")


def create(name="auto", device="auto", precision="float32", kind="mlp"):
    """Create a backend.

    Parameters
    ----------
    name : {"auto", "c", "jax"}
        ``auto`` is `c` if Aesara can compile C code, no GPU is requested and `kind` is faster on `c` than on the
        devices that JAX may find; else `jax`.
    device : {"auto", "cpu", "gpu"}
        ``auto`` is a GPU if the `jax` backend finds one.
    precision : {"float32", "tf32"}
        The precision of matrix products on a GPU.
    kind : {"mlp", "cnn", "lstm"}
        ``network.kind`` of the experiment that it trains.

    Raises
    ------
    UserError
        If this machine cannot provide the backend, the device or the precision.
    """
    if name not in ("auto", *NAMES):
        raise UserError(f"unknown backend '{name}'; backends are auto, {', '.join(NAMES)}")
    if name == "auto":
        name = "jax" if device == "gpu" or not has_compiler() else _faster(kind, device)
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
    except (ImportError, AttributeError, RuntimeError) as error:  # a removed name, or a jaxlib of another version
        raise UserError(f"JAX {versions.version('jax')} does not work here ({error}); {versions.advice()}") from error
    return JaxBackend(device, precision)


def _faster(kind, device):
    """The backend on which a network of this kind trains faster; docs/performance.md has the figures."""
    if kind != "mlp" and device == "auto" and find_spec("jax_plugins"):  # made for GPUs
        return "jax"
    return "jax" if kind == "cnn" and onednn.find() is None else "c"


def has_compiler():
    """Whether Aesara can compile C code here."""
    return c_obstacle() is None


def c_obstacle():
    """Why the c backend cannot run here, and what to do; None if it can."""
    if numpy2.is_used():
        return f"Aesara's C code needs NumPy 1, but this is {np.__version__}", "install NumPy 1.26 ('make venv')"
    if not aesara.config.cxx or shutil.which(aesara.config.cxx) is None:
        return "no C++ compiler was found", "install g++"
    return None
