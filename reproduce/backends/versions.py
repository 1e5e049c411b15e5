"""Which versions of NumPy and JAX the tests were run with, which JAX is too old, and how to get JAX for CUDA."""

import re
from importlib.metadata import PackageNotFoundError, metadata, version

from reproduce.errors import UserError

TESTED = {"python": ("3.11", "3.12"), "numpy": ("1.26", "2.5"), "jax": ("0.6.2", "0.12.0")}
"""Oldest and newest that the whole test suite was run with, and what follows them after a point; others are reported,
not refused."""

OLDEST_JAX = "0.4.35"
"""The first with ``jax.errors.JaxRuntimeError``, by which a device that is out of memory is known."""


def check_jax():
    """Raise UserError where JAX is missing or too old for the jax backend."""
    try:
        found = version("jax")
    except PackageNotFoundError:
        raise UserError("the jax backend needs JAX, which is not installed; run 'make venv'") from None
    if numbers(found) < numbers(OLDEST_JAX):
        raise UserError(f"JAX {found} is too old, {OLDEST_JAX} is the oldest that works; {advice()}")


def advice():
    """What to do about a JAX that does not work."""
    return f"install one from {' to '.join(TESTED['jax'])}, or run 'make venv'"


def untested(package, found):
    """What is to be said of version `found` of a package in `TESTED`; None where it was tested, or is not there."""
    if found is None:
        return None
    oldest, newest = (numbers(bound) for bound in TESTED[package])
    tested = f"than what was tested, {' to '.join(TESTED[package])}"
    if numbers(found) < oldest:
        return f"{package} {found} is older {tested}"
    if numbers(found)[: len(newest)] > newest:
        return f"{package} {found} is newer {tested}"
    return None


def numbers(release):
    """The numbers of a version, to compare: those of ``"0.7.1rc1"`` are (0, 7, 1)."""
    return tuple(map(int, re.match(r"\d+(?:\.\d+)*", release)[0].split(".")))


def cuda_pip_line():
    """The command that adds CUDA to the JAX that is installed, for the newest CUDA that it knows."""
    extras = metadata("jax").get_all("Provides-Extra") or ()
    known = sorted((extra for extra in extras if re.fullmatch(r"cuda\d+", extra)), key=lambda extra: int(extra[4:]))
    return f"pip install 'jax[{known[-1] if known else 'cuda'}]=={version('jax')}'"
