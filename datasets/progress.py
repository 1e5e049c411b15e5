"""How far a long task is, on stderr: a line drawn anew on a terminal, and a new line every minute anywhere else."""

import os
import shutil
import sys
import time

REDRAWN, LOGGED = 0.1, 60.0
"""Seconds between two lines: on a terminal, and in a log."""

quiet = False
"""Whether progress is not shown."""


class Progress:
    """The progress of one task.

    Parameters
    ----------
    title : str
    total : int or None
        Units of the whole task; None if it is not known.
    unit : str
    done : int
        Units done before.
    scale : int
        How many of the units counted make one that is shown.
    """

    def __init__(self, title, total, unit, done=0, scale=1):
        self._title, self._total, self._unit, self._done, self._scale = title, total, unit, done, scale
        self._first, self._began = done, time.monotonic()
        self._terminal = is_terminal(sys.stderr)
        self._every = REDRAWN if self._terminal else LOGGED
        self._shown, self._width = self._began, 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def update(self, count=1, remark=""):
        """Count `count` more units, and show the progress and the `remark` if it is time to."""
        self._done += count
        now = time.monotonic()
        if quiet or now - self._shown < self._every:
            return
        self._shown = now
        figures = self._figures(now - self._began) + (f"  {remark}" if remark else "")
        if not self._terminal:
            print(f"{self._title}: {figures}", file=sys.stderr, flush=True)
            return
        line = _fitting(f"{self._title}: ", figures, shutil.get_terminal_size().columns - 1)
        print("\r" + line.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(line)

    def close(self):
        """Remove the line from a terminal."""
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0

    def _figures(self, seconds):
        digits = 0 if self._scale == 1 else 1
        rate = (self._done - self._first) / seconds
        done = f"{self._done / self._scale:,.{digits}f}"
        pace = f"{self._unit}  {rate / self._scale:.3g}/s"
        if not self._total:
            return f"{done} {pace}"
        left = f"  {duration(max(self._total - self._done, 0) / rate)} left" if rate else ""
        return f"{self._done / self._total:.0%}  {done} of {self._total / self._scale:,.{digits}f} {pace}{left}"


def _fitting(title, figures, width):
    """One line of at most `width` characters; where there is too little room, of the title its end is left."""
    room = max(width - len(figures), 0)
    title = title if len(title) <= room else "…"[:room] + title[len(title) - max(room - 1, 0) :]
    return (title + figures)[:width]


def is_terminal(stream):
    """Whether `stream` is a terminal on which a line can be drawn anew."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def duration(seconds):
    """``1.4 s``, ``75 min``, ``2.1 h`` or ``208 h``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.{0 if seconds >= 360_000 else 1}f} h"
