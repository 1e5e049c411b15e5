"""What works on this machine, and what to do about the rest."""

import platform
import sys

import aesara

from datasets import catalog
from reproduce import backends, provenance


def examine(data):
    """Yield lines, each a check: ``ok``, ``note`` (something optional is missing) or ``bad``, and what to do.

    Parameters
    ----------
    data : path
        Folder of prepared data.
    """
    versions = provenance.software()
    yield _line("ok", "python", f"{platform.python_version()} ({sys.executable})")
    packages = ", ".join(f"{name} {versions[name] or 'missing'}" for name in provenance.PACKAGES)
    missing = [name for name in provenance.PACKAGES if versions[name] is None]
    yield _line("bad" if missing else "ok", "packages", packages + ("; run 'make venv'" if missing else ""))
    yield _line("ok", "processor", provenance.processor())
    if backends.has_compiler():
        yield _line("ok", "compiler", f"{aesara.config.cxx}: the c backend works")
        linked = aesara.config.blas__ldflags
        yield _line("ok", "blas", f"linked: {linked}" if linked else "through NumPy's own OpenBLAS")
        yield _line("ok", "compiled", f"graphs are cached in {aesara.config.compiledir}")
    else:
        yield _line("note", "compiler", "no C++ compiler: runs take the jax backend; install g++ for the c backend")
    yield from _jax_devices()
    for data_set in catalog.DATA_SETS.values():
        state = data_set.state(data)
        if state == "not prepared":
            yield _line("note", data_set.name, f"not prepared: python -m reproduce data prepare {data_set.name}")
        else:
            yield _line("bad" if state.startswith("unusable") else "ok", data_set.name, state)


def _jax_devices():
    try:
        import jax

        devices = ", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices())
    except (ImportError, RuntimeError) as error:
        yield _line("bad", "jax", f"{' '.join(str(error).split())}; run 'make venv'")
        return
    yield _line("ok", "jax", f"devices: {devices}")
    if all(device.platform == "cpu" for device in jax.devices()):
        yield _line("note", "gpu", "none found by JAX; with an NVIDIA GPU: pip install 'jax[cuda12]'")


def _line(state, what, text):
    return f"{state:5}{what:14}{text}"
