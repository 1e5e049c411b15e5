"""Supplies what Lasagne 0.1 misses when it is imported."""

import contextlib
import warnings

from reproduce.shim import build_tools, finders


def install():
    """Hook the import of ``lasagne``."""
    finders.load_within("lasagne", _supplied)


@contextlib.contextmanager
def _supplied(module):
    with warnings.catch_warnings(), build_tools.for_lasagne():
        warnings.simplefilter("ignore", SyntaxWarning)  # Python 3.12 on "\m" in docstrings, where none may write .pyc
        yield
    from reproduce.shim import lasagne_names

    lasagne_names.supply()
