"""Checks what works on this machine, and says what to do about the rest."""

import os
import platform
import sys
from dataclasses import dataclass

from datasets import catalog
from datasets.errors import one_line
from reproduce.backends import versions
from reproduce.errors import UserError
from reproduce.runs import provenance
from reproduce.shim import threads


@dataclass(frozen=True)
class Check:
    """What was found: its state is ``ok``, ``note`` (something optional is missing) or ``bad``, with what to do."""

    state: str
    name: str
    text: str


def examine(data):
    """Yield every `Check`.

    Parameters
    ----------
    data : path
        Folder of prepared data.
    """
    found = provenance.software()
    yield Check("ok", "python", f"{platform.python_version()} ({sys.executable})")
    packages = ", ".join(f"{name} {found[name] or 'missing'}" for name in provenance.PACKAGES)
    missing = [name for name in provenance.PACKAGES if found[name] is None]
    yield Check("bad" if missing else "ok", "packages", packages + ("; run 'make venv'" if missing else ""))
    untested = [problem for name in versions.TESTED if (problem := versions.untested(name, found[name]))]
    for problem in untested:
        yield Check("note", "versions", problem)
    if not untested:
        yield Check("ok", "versions", f"{', '.join(versions.TESTED)}: all within the tested range")
    yield Check("ok", "processor", provenance.processor())
    yield from _c_backend()
    yield from _jax_backend()
    for data_set in catalog.DATA_SETS.values():
        state = data_set.state(data)
        if state == "not prepared":
            yield Check("note", data_set.name, f"not prepared: python -m reproduce data prepare {data_set.name}")
        else:
            yield Check("bad" if state.startswith("unusable") else "ok", data_set.name, state)


def _c_backend():
    try:
        import aesara

        from reproduce import backends
    except ImportError as error:
        yield Check("bad", "aesara", f"cannot be imported ({error}); run 'make venv'")
        return
    if not backends.has_compiler():
        problem, remedy = backends.c_obstacle()
        yield Check("note", "compiler", f"{problem}: runs use the jax backend; {remedy} for the c backend")
        yield from _newer_jax()
        return
    yield Check("ok", "compiler", f"{aesara.config.cxx}: the c backend works")
    yield _convolutions()
    linked = aesara.config.blas__ldflags
    yield Check("ok", "blas", f"linked: {linked}" if linked else "through NumPy's own OpenBLAS")
    waiting = "sleep" if os.environ.get(threads.POLICY, "").lower() == "passive" else "spin"
    yield Check("ok", "threads", f"{threads.blas_threads()} (set by OMP_NUM_THREADS); idle ones {waiting}")
    yield Check("ok", "compiled", f"graphs are cached in {aesara.config.compiledir}")


def _newer_jax():
    found, newest = provenance.software()["jax"], versions.TESTED["jax"][1]
    if found and versions.numbers(found) < versions.numbers(newest)[:2]:
        gain = "needs 0.7 to 0.9 of JAX 0.6's time for a step on a CPU"
        yield Check("note", "speed", f"JAX {newest} {gain}; docs/environments.md says how to install it")


def _convolutions():
    from reproduce.shim.c_ops import onednn

    found = onednn.find()
    if found:
        return Check("ok", "convolutions", f"through oneDNN {found.version}")
    remedy = "oneDNN makes them faster: 'make venv' brings it, on Linux with an x86-64 processor"
    return Check("note", "convolutions", f"through Aesara's patches and matrix products; {remedy}")


def _jax_backend():
    try:
        versions.check_jax()
        import jax

        devices = jax.devices()
    except (ImportError, RuntimeError, UserError) as error:
        yield Check("bad", "jax", one_line(error))
        return
    for device in devices:
        memory = (device.memory_stats() or {}).get("bytes_limit")
        size = f", {memory / 2**30:.1f} GiB for JAX" if memory else ""
        yield Check("ok", "jax", f"{device.platform}: {device.device_kind}{size}")
    if all(device.platform == "cpu" for device in devices):
        yield Check("note", "gpu", f"none found by JAX; with an NVIDIA GPU: {versions.cuda_pip_line()}")
