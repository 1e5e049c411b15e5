"""Keeps the import of JAX from drawing from NumPy's global generator, as its modules about clusters do."""

import contextlib

from reproduce.shim import finders


def install():
    """Hook the import of ``jax``."""
    finders.load_within("jax", _kept)


@contextlib.contextmanager
def _kept(module):
    import numpy as np

    state = np.random.get_state()
    yield
    np.random.set_state(state)
