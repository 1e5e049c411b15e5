"""What the function that is being traced allows, and what its compiled form relies on."""

import contextlib

_current = None


class Trace:
    """One tracing of a whole graph.

    Attributes
    ----------
    donates : bool
        Whether the compiled function overwrites its state.
    conditions : list of traced Booleans
        The compiled function is right only where all hold.
    calls_back : bool
        Whether the compiled function runs code of the host, which may fail.
    silent : bool
        Whether only the conditions are asked for, and nothing is to be printed.
    in_loop : bool
        Whether a loop's body is being traced, whose values are no conditions of the whole.
    """

    def __init__(self, donates=False, silent=False):
        self.donates, self.silent, self.conditions, self.calls_back, self.in_loop = donates, silent, [], False, False


class DonationRefused(Exception):
    """What is traced may fail when it runs, and its state must outlive that."""


def is_silent():
    """Whether nothing is to be printed."""
    return _current is not None and _current.silent


@contextlib.contextmanager
def tracing(trace):
    """Let `trace` be current in the block."""
    global _current
    before, _current = _current, trace
    try:
        yield trace
    finally:
        _current = before


@contextlib.contextmanager
def loop():
    """The block traces the body of a loop."""
    if _current is None:
        yield
        return
    before, _current.in_loop = _current.in_loop, True
    try:
        yield
    finally:
        _current.in_loop = before


def note_callback():
    """Called where the compiled function is to run code of the host."""
    if _current is not None:
        _current.calls_back = True
        if _current.donates:
            raise DonationRefused


def require(condition):
    """Have the compiled function used only where `condition` holds; False where nobody would check that."""
    if _current is None or _current.in_loop:
        return False
    _current.conditions.append(condition)
    return True
