"""The versions of NumPy and JAX that were tested, the oldest JAX that works, and how to get JAX for CUDA."""

import re
from importlib.metadata import PackageNotFoundError, metadata, version

from reproduce.errors import UserError

TESTED = {"python": ("3.11", "3.12"), "numpy": ("1.26", "2.5"), "jax": ("0.6.2", "0.12.0")}
"""The oldest and the newest versions that the whole test suite was run with, their later patch releases included. Other
versions are reported, not refused."""

OLDEST_JAX = "0.4.35"
"""The first version with ``jax.errors.JaxRuntimeError``, which tells that a device is out of memory."""


def check_jax():
    """Raise UserError if JAX is missing or too old for the jax backend."""
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
    """A remark on version `found` of a package in `TESTED`; None if it was tested or the package is missing."""
    if found is None:
        return None
    oldest, newest = (numbers(bound) for bound in TESTED[package])
    tested = f"than the tested versions, {' to '.join(TESTED[package])}"
    if numbers(found) < oldest:
        return f"{package} {found} is older {tested}"
    if numbers(found)[: len(newest)] > newest:
        return f"{package} {found} is newer {tested}"
    return None


def numbers(release):
    """The numbers of a version, for comparisons.

    Examples
    --------
    >>> numbers("0.7.1rc1")
    (0, 7, 1)
    """
    return tuple(map(int, re.match(r"\d+(?:\.\d+)*", release)[0].split(".")))


def cuda_pip_line():
    """The command that adds CUDA to the installed JAX, in the newest version that this JAX knows."""
    extras = metadata("jax").get_all("Provides-Extra") or ()
    known = sorted((extra for extra in extras if re.fullmatch(r"cuda\d+", extra)), key=lambda extra: int(extra[4:]))
    return f"pip install 'jax[{known[-1] if known else 'cuda'}]=={version('jax')}'"
