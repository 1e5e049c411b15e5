"""What the harness counted."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Counts by name, what went wrong in a line each, and the longest time from a signal to the end of its process."""

    counts: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)
    slowest_stop: float = 0.0

    def __iadd__(self, other):
        self.counts.update(other.counts)  # += would leave out what was counted 0 times
        self.wrong += other.wrong
        self.slowest_stop = max(self.slowest_stop, other.slowest_stop)
        return self

    def expect(self, holds, message):
        """Note `message` where something does not hold that must."""
        if not holds:
            self.wrong.append(message)

    def __str__(self):
        lines = [f"{name:40}{count:>8,}" for name, count in sorted(self.counts.items())]
        lines.append(f"{'slowest end after a signal, s':40}{self.slowest_stop:>8.1f}")
        lines.append(f"{'wrong (must be 0)':40}{len(self.wrong):>8,}")
        return "\n".join([*lines, *(f"  {line}" for line in self.wrong)])
