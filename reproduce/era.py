"""Runs a script of Theano's era as it is: chooses the backend, and supplies the defaults and names of that time."""

import contextlib
import os
import sys

from reproduce.errors import UserError
from reproduce.shim import debuggers, finders, flags, removed_names
from reproduce.shim.script import Script

FLOAT = "float64"  # Theano's default floatX
GPUS = ("cuda", "gpu", "opencl")  # how the names of Theano's GPUs begin


def run(path, arguments, python="auto", backend=None, device=None):
    """Run the script `path` and return its exit code.

    Parameters
    ----------
    path : str
    arguments : list of str
        Arguments of the script.
    python : {"auto", "2", "3"}
    backend : {"c", "jax"}, optional
        By default c if there is a compiler and no GPU is requested, else jax.
    device : {"cpu", "gpu"}, optional
        By default what Theano's flags request when the script imports Theano.

    Raises
    ------
    UserError
        For what `reproduce.shim.script.Script` refuses, and if the backend or the device is not available.
    """
    if backend == "c" and device == "gpu":
        raise UserError("the c backend runs on the CPU only; use --backend jax for a GPU")
    script = Script(path, python)
    removed_names.supply()
    debuggers.install()
    finders.load_further_within("aesara", lambda module: _configured(backend, device))
    return script.run(arguments)


@contextlib.contextmanager
def _configured(backend, device):
    """Aesara's import, with Theano's defaults and, after it, the backend."""
    theanos_device = flags.theanos_own(os.environ, ()).get("device", "cpu")
    extra = ["device=cpu"] + ([] if flags.is_set("floatX", os.environ) else [f"floatX={FLOAT}"])
    os.environ["AESARA_FLAGS"] = ",".join(filter(None, [os.environ.get("AESARA_FLAGS", ""), *extra]))
    yield
    wants_gpu = theanos_device.startswith(GPUS)
    _use(*_choose(backend, device, theanos_device if wants_gpu else None))


def _choose(backend, device, theanos_gpu):
    """(backend, device), given the command line's, and the GPU that Theano's flags request, or None."""
    from reproduce import backends

    if device is None and theanos_gpu is not None:
        if backend == "c":
            _say(f"Theano's device={theanos_gpu} is ignored: the c backend runs on the CPU")
            return "c", "cpu"
        if _finds_gpu():
            return "jax", "gpu"
        _say(f"Theano's device={theanos_gpu}: JAX finds no GPU; running on the CPU, on the jax backend")
        return "jax", "cpu"
    if backend is None and device != "gpu" and not backends.has_compiler():
        _say(f"{backends.c_obstacle()[0]}: running on the jax backend")
        return "jax", "cpu"
    return backend or ("jax" if device == "gpu" else "c"), device or "cpu"


def _finds_gpu():
    import jax

    try:
        return bool(jax.devices("gpu"))
    except RuntimeError:
        return False


def _use(name, device):
    """Have ``theano.function`` compile on this backend, unless the script names another linker's mode."""
    from reproduce import backends

    backend = backends.create(name, device)
    if name == "jax":
        _use_jax(backend)


def _use_jax(backend):
    import aesara
    import jax
    from aesara.compile import mode as modes

    from reproduce.shim import jax_ops

    jax.config.update("jax_enable_x64", True)  # float64 and int64 are Theano's defaults
    jax.config.update("jax_default_device", jax.devices("cpu" if backend.device == "cpu" else "gpu")[0])
    modes.predefined_modes.update(dict.fromkeys(["FAST_RUN", "FAST_COMPILE", "JAX"], jax_ops.mode()))
    aesara.config.mode = "JAX"


def _say(line):
    print(line, file=sys.stderr)
