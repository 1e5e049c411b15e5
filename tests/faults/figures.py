"""What the harness counted."""

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from threading import RLock

from reproduce.runs.provenance import CHECKOUT

FOLDERS = {sys.prefix: "<environment>", str(CHECKOUT): "<checkout>", tempfile.gettempdir(): "<temporary>"}
"""What a record says for folders of this machine; the longest come first, as one may be in another."""


@dataclass
class Figures:
    """Counts, what went wrong in a line each, and the longest time from a signal to the end of its process.

    Several threads may add to it.

    Attributes
    ----------
    counts : Counter
        By name.
    kills : Counter
        By kind of network, backend, and what the process was doing.
    wrong : list of str
    slowest_stop : float
        Seconds.
    closed : bool
        Whether nothing more is added.
    """

    counts: Counter = field(default_factory=Counter)
    kills: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)
    slowest_stop: float = 0.0
    closed: bool = False
    _lock: RLock = field(default_factory=RLock, repr=False)  # a signal's handler closes them, too

    def count(self, name, times=1):
        with self._lock:
            if not self.closed:
                self.counts[name] += times

    def killed(self, form, doing):
        """Count a process of `form` that was killed while it was `doing` something."""
        with self._lock:
            if not self.closed:
                self.kills[form.kind, form.backend, doing] += 1

    def stopped(self, name, seconds):
        """Count a process that a signal called `name` ended within `seconds`."""
        with self._lock:
            if not self.closed:
                self.counts[f"stops by {name}"] += 1
                self.slowest_stop = max(self.slowest_stop, seconds)

    def expect(self, holds, message):
        """Note `message` where something does not hold that must."""
        with self._lock:
            if not holds and not self.closed:
                self.wrong.append(message)

    def close(self):
        """Add nothing more, because from now on processes end for other reasons."""
        with self._lock:
            self.closed = True

    def summary(self):
        """What is recorded."""
        with self._lock:
            kills = {}
            for (kind, backend, doing), times in sorted(self.kills.items()):
                kills.setdefault(kind, {}).setdefault(backend, {})[doing] = times
            return {
                "divergences": self.counts["divergences"],
                "wrong": [_portable(line) for line in self.wrong],
                "kills": self.kills.total(),
                "kills_by_network_backend_and_doing": kills,
                "slowest_end_after_a_signal_s": round(self.slowest_stop, 3),
                "counts": dict(sorted(self.counts.items())),
            }

    def __str__(self):
        found = self.summary()
        lines = [f"{name:44}{count:>8,}" for name, count in found["counts"].items()]
        lines += [f"killed: {' '.join(doing):36}{count:>8,}" for doing, count in sorted(self.kills.items())]
        lines.append(f"{'kills by SIGKILL':44}{found['kills']:>8,}")
        lines.append(f"{'slowest end after a signal, s':44}{self.slowest_stop:>8.1f}")
        lines.append(f"{'wrong (must be 0)':44}{len(self.wrong):>8,}")
        return "\n".join([*lines, *(f"  {line}" for line in self.wrong)])


def _portable(text):
    for folder in sorted(FOLDERS, key=len, reverse=True):
        text = text.replace(folder, FOLDERS[folder])
    return text
