"""What stops a run early: a signal or a time limit."""

import contextlib
import os
import signal
import sys
import threading
import time

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
COME_AGAIN = 75
"""The exit code of a run that stopped and should be started again (sysexits.h: EX_TEMPFAIL)."""


class Stopped(BaseException):
    """A signal came before there was anything to save. It is no Exception, so that libraries let it through."""


class Stop:
    """A request to stop a run after the current minibatch. Calling it returns whether it was made.

    Parameters
    ----------
    minutes : float, optional
        Time from now after which the request is made.

    Attributes
    ----------
    reason : str or None
        Why the run stops.
    exit_code : int
        130 for Ctrl-C (SIGINT), else `COME_AGAIN`.
    """

    def __init__(self, minutes=None):
        self.minutes = minutes
        self._deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self._signal = None

    def __call__(self):
        return self.reason is not None

    @property
    def reason(self):
        if self._signal is not None:
            return self._signal.name
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return f"--minutes {self.minutes:g}"
        return None

    @property
    def exit_code(self):
        return 128 + signal.SIGINT if self._signal == signal.SIGINT else COME_AGAIN

    def listening(self):
        """Treat the first of `SIGNALS` in the ``with`` block as a request; a second one ends the process at once.

        Signals that the process already ignores, as under nohup, stay ignored. Outside the main thread this does
        nothing, because only the main thread receives signals.
        """
        return _handling(self._receive)

    def ending_at_once(self):
        """Like `listening`, but the first of `SIGNALS` raises `Stopped`. For stages that have nothing to save.

        Python drops what is raised within a finalizer or a weak reference's callback. If that is where the signal
        comes, it ends nothing, but is a request as under `listening`.
        """
        return _handling(self._end)

    def _end(self, number, frame):
        self._receive(number, frame)
        raise Stopped

    def _receive(self, number, frame):
        if self._signal is not None:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._signal = signal.Signals(number)


@contextlib.contextmanager
def _handling(handler):
    """Handle `SIGNALS` by `handler` inside the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    shown = sys.unraisablehook
    sys.unraisablehook = lambda dropped: None if dropped.exc_type is Stopped else shown(dropped)
    try:
        yield
    finally:
        sys.unraisablehook = shown
        for number, earlier in before.items():
            signal.signal(number, earlier)
