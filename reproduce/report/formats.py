"""The report's format of numbers and names, the same everywhere."""

import math

from datasets.errors import printable
from datasets.progress import duration
from reproduce.methods import METHODS
from reproduce.report.statistics import UNDECIDED

ENDED_EARLY = "†"
ABOUT_ENDED_EARLY = (
    f"{ENDED_EARLY} The run ended early, after an epoch that left a weight, scale or running statistic infinite or "
    "not a number. Its best epoch before that remains its result, as in the released scripts."
)

DIGITS = 3
"""Decimals of errors and losses, as in the paper's tables."""


def label(method):
    """The paper's name of a method; a method that this version does not know keeps the name in its record."""
    return METHODS[method].label if method in METHODS else printable(method)


def place(method):
    """The position of a method in the paper's order; unknown methods come last."""
    return list(METHODS).index(method) if method in METHODS else len(METHODS)


def number(value):
    """``1.190``; a dash for None."""
    return "–" if value is None else f"{value:.{DIGITS}f}".replace("-", "−")


def result(record):
    """The test result of a run, with a mark if the run ended early because its model was no longer finite."""
    return number(record.result) + (ENDED_EARLY if record.diverged_at and record.result is not None else "")


def signed(value, digits=DIGITS):
    """``+0.040`` or ``−0.040``; a dash for None."""
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def scientific(value):
    """``4.6e−05``, for numbers of very different magnitudes; ∞ if infinite."""
    return f"{value:.2g}".replace("-", "−").replace("inf", "∞")


def spread(mean, sd, count):
    """``1.143 ± 0.035 (3)``: mean, standard deviation and number of runs; a single run has no deviation."""
    return f"{number(mean)} ({count})" if sd is None else f"{number(mean)} ± {number(sd)} ({count})"


def ours(cell):
    """A cell's mean ± sd (n), or its state if it has no number; then how many runs diverged."""
    diverged = f"{len(cell.diverged)} diverged" if cell.diverged else ""
    if not cell.runs:
        return diverged or "not run"
    measured = spread(cell.estimate.value, cell.sd, len(cell.runs))
    return f"{measured}, {diverged}" if diverged else measured


def contrast(comparison):
    """Our number in a claim's comparison, or why there is none."""
    if comparison.estimate:
        return signed(comparison.estimate.value)
    return "not run" if comparison.missing else "diverged"


def interval(estimate):
    """An estimate's 95% interval as ``1.02 … 1.27``, or a dash."""
    if estimate is None or estimate.half_width is None:
        return "–"
    return " … ".join(map(number, estimate.interval))


def more_seeds(comparison):
    """What would decide a comparison: ``7 more seeds, 14 min to 13.2 h``; a dash if it is decided or was not run."""
    if comparison.state != UNDECIDED:
        return "–"
    more = comparison.more_seeds
    if more is None:
        return "unknown until more seeds give a spread"
    if more >= 100:
        return f"{'thousands' if more == math.inf else 'hundreds'} of seeds, {_durations(1, comparison.seconds)} each"
    return f"{more} more seed{'s' if more > 1 else ''}, {_durations(more, comparison.seconds)}"


def _durations(times, limits):
    """So many times the `limits`, in words; once if they are equal."""
    return " to ".join(dict.fromkeys(duration(times * seconds) for seconds in limits))


def setup(name):
    """A `Record.setup` or `Column.setup` in words: ``svhn, network.filters = 16``."""
    experiment, *overrides = name
    return printable(", ".join([experiment, *(f"{key} = {value}" for key, value in overrides)]))


def counts(states):
    """A list of states as ``5 reproduced, 60 not run``, in order of importance."""
    order = ("reproduced", "not reproduced", "undecided", "provisional", "diverged", "not run")
    return ", ".join(f"{states.count(state)} {state}" for state in order if state in states)
