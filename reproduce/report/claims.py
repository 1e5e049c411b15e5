"""The claims that the paper makes beside its numbers, each a named test over cells.

Every test concerns a contrast, a signed sum of cells: a claim holds if the 95% interval lies within a region, does not
hold if it lies outside, and is undecided if it contains an end of the region. For Figure 1 the spreads of its
histograms take the place of cells. A run that diverged counts as an infinite loss: it enters no interval, but the test
must hold at its infinity too.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from reproduce.report import contrasts, figure1, formats, power, statistics
from reproduce.report.gradients import SHARE
from reproduce.report.statistics import NOT_REPRODUCED, NOT_RUN, PROVISIONAL, REPRODUCED, UNDECIDED
from reproduce.report.tables import Cell

COLLAPSE = 1.0
"""A language model collapsed if it is this many nats per character above full precision; the paper's gap is 1.6."""
ALIKE = 0.1
"""It did not collapse if it is less than this above full precision; the paper's gap is 0.001."""

NOISE = 0.1
"""Within noise is a difference below this many percentage points: the standard error of one run on MNIST's test set."""

TENFOLD = 1.0
"""Gradients count as exploding if they are wider by more than this many decades, and as alike if by less."""


@dataclass(frozen=True)
class Rule:
    """The region in which a contrast must lie, between `low` and `high`, and its wording."""

    text: str
    low: float = -math.inf
    high: float = math.inf

    def holds(self, low, high):
        """True if the interval lies within the region, False if outside, None if it contains an end of the region."""
        if (self.low < low or self.low == -math.inf) and (high < self.high or self.high == math.inf):
            return True
        return False if high < self.low or low > self.high else None


BELOW_ZERO = Rule("interval below 0", high=0.0)
WITHIN_NOISE = Rule(f"interval below {NOISE:g}", high=NOISE)
COLLAPSED = Rule(f"interval above {COLLAPSE:g}", low=COLLAPSE)
NOT_COLLAPSED = Rule(f"interval below {ALIKE:g}", high=ALIKE)

EXPLODED = Rule(f"interval above {TENFOLD:g} decade", low=TENFOLD)
ALIKE_SPREADS = Rule(f"interval within ±{TENFOLD:g} decade", -TENFOLD, TENFOLD)


@dataclass(frozen=True, eq=False)
class Comparison:
    """One contrast of cells.

    Attributes
    ----------
    label : str
        The column that it compares in, or the method and the columns.
    terms : tuple of (float, Cell or Spread)
    rule : Rule
    """

    label: str
    terms: tuple[tuple[float, Cell], ...]
    rule: Rule

    @property
    def cells(self):
        return [cell for _, cell in self.terms]

    @property
    def formula(self):
        """The contrast in words."""
        if len(self.terms) == 2:
            return " − ".join(cell.label for cell in self.cells)
        return "slope of the gap over log₂ K"

    @property
    def paper(self):
        """The contrast of the published numbers, or None if there are none."""
        if any(cell.paper is None for cell in self.cells):
            return None
        return sum(coefficient * cell.paper for coefficient, cell in self.terms)

    @property
    def missing(self):
        """Cells that were not run."""
        return [cell for cell in self.cells if not cell.runs and not cell.diverged]

    @property
    def diverged(self):
        """The terms in which a run diverged."""
        return [(coefficient, cell) for coefficient, cell in self.terms if cell.diverged]

    @cached_property
    def estimate(self):
        """The contrast of our numbers, or None while a cell has no run with a result."""
        if not all(cell.runs for cell in self.cells):
            return None
        coefficients = [coefficient for coefficient, _ in self.terms]
        pools = [cell.pool for cell in self.cells]
        known = all(pool.known for pool in pools)
        stand_ins = [None if known else cell.stand_in for cell in self.cells]
        return contrasts.contrast(coefficients, [cell.by_seed for cell in self.cells], pools, stand_ins)

    @property
    def holds(self):
        """Whether the rule holds, or None if that is undecided or was not run."""
        if self.missing:
            return None
        infinities = [math.copysign(math.inf, coefficient) for coefficient, _ in self.diverged]
        intervals = [(infinity, infinity) for infinity in infinities]
        intervals += [self.estimate.interval] if self.estimate else []
        judged = [self.rule.holds(*interval) for interval in intervals]
        return False if False in judged else None if None in judged else True

    @property
    def provisional(self):
        """Whether too few seeds ran, or runs that count for no number stand in.

        If all seeds of a cell diverged, their number must be one that would give a spread.
        """
        if any(cell.tentative for cell in self.cells):
            return True
        if self.estimate:
            return self.estimate.provisional
        return any(len(cell.runs + cell.diverged) <= statistics.MINIMUM_DOF for cell in self.cells)

    @property
    def state(self):
        if self.missing:
            return NOT_RUN
        if self.holds is None:
            return UNDECIDED
        if self.provisional:
            return PROVISIONAL
        return REPRODUCED if self.holds else NOT_REPRODUCED

    @property
    def more_seeds(self):
        """How many more seeds of each cell would decide it; see `reproduce.report.power.more_seeds`."""
        return power.more_seeds(self.estimate, (self.rule.low, self.rule.high))

    @property
    def seconds(self):
        """The time that one more seed of each cell takes, on the fastest and the slowest device that ran all of them.

        If none did, the devices count as one.
        """
        devices = set.intersection(*({run.record.device for run in cell.runs} for cell in self.cells))
        times = [self._seconds(device) for device in devices or {None}]
        return min(times), max(times)

    def _seconds(self, device):
        return sum(
            median(run.record.seconds for run in cell.runs if device in (None, run.record.device))
            for cell in self.cells
        )

    @property
    def basis(self):
        """The basis of the verdict, in words."""
        diverged = ", ".join(f"{len(cell.diverged)} diverged of {cell.label}" for _, cell in self.diverged)
        return "; ".join(filter(None, [self.estimate and self.estimate.basis, diverged]))

    @property
    def verdict(self):
        """The state and, unless the claim is reproduced, the reason."""
        if self.state == PROVISIONAL:
            return f"{PROVISIONAL}: {'holds' if self.holds else 'does not hold'}"
        if self.state != NOT_REPRODUCED:
            return self.state
        elsewhere = self.estimate and self.rule.holds(*self.estimate.interval) is False
        return f"{NOT_REPRODUCED}: {'the interval lies elsewhere' if elsewhere else 'runs diverged'}"


WORST_FIRST = (NOT_REPRODUCED, NOT_RUN, UNDECIDED, PROVISIONAL, REPRODUCED)


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes
    ----------
    title : str
    comparisons : tuple of Comparison
    note : str
        A remark for the reader.
    """

    title: str
    comparisons: tuple = ()
    note: str = ""

    @property
    def measured(self):
        """How many of the comparisons were made."""
        return sum(comparison.state != NOT_RUN for comparison in self.comparisons)

    @property
    def state(self):
        """The worst state among the comparisons; a claim that was not run never passes."""
        states = {comparison.state for comparison in self.comparisons} or {NOT_RUN}
        return next(state for state in WORST_FIRST if state in states)


def of(results):
    """`check` of the cells and the gradients of `results`."""
    return check(results.cells, figure1.collect(results)[0])


def check(cells, figures=()):
    """The paper's claims over `cells` and Figure 1.

    Parameters
    ----------
    cells : list of Cell
        All cells, from `reproduce.report.tables.collect`.
    figures : sequence of Figure1
        The figures from `reproduce.report.figure1.collect`; the first is judged.

    Returns
    -------
    list of Claim
    """
    columns = {}
    for cell in cells:
        columns.setdefault(cell.column.setup, {}).setdefault(cell.method, cell)
    return [
        _beats("lab", "bwn", columns),
        _beats("lab", "binaryconnect", columns),
        _beats("lab2", "bnn", columns),
        _beats("lab2", "xnor", columns),
        Claim(
            "LAB is within noise of full precision on MNIST, or better",
            (_difference("lab", "full-precision", columns[("mnist",)], WITHIN_NOISE),),
            f"Within noise means less than {NOISE:g} percentage points worse: the standard error of one run on the "
            "10,000 test pictures. The bound is ours.",
        ),
        _collapse(cells),
        _shrinks(cells),
        *_gradients(figures[0] if figures else figure1.EMPTY),
    ]


def _difference(first, second, column, rule):
    cells = column[first], column[second]
    return Comparison(cells[0].column.title, ((1.0, cells[0]), (-1.0, cells[1])), rule)


def _beats(first, second, columns):
    """`first` is better than `second` in every column in which the paper's own numbers say so."""
    pairs = [
        _difference(first, second, column, BELOW_ZERO) for column in columns.values() if {first, second} <= set(column)
    ]
    claimed = tuple(pair for pair in pairs if pair.paper < 0)
    elsewhere = [pair.label for pair in pairs if pair.paper >= 0]
    note = ""
    if elsewhere:
        note = f"Not claimed for {', '.join(elsewhere)}, where the paper's own numbers say otherwise."
    return Claim(f"{formats.label(first)} beats {formats.label(second)}", claimed, note)


def _in_table(cells, number):
    """Cells of one table: for each method a list, in the order of the columns."""
    table = {}
    for cell in cells:
        if cell.table.number == number:
            table.setdefault(cell.method, []).append(cell)
    return table


def _collapse(cells):
    table = _in_table(cells, 4)
    comparisons = tuple(
        Comparison(
            cell.column.title,
            ((1.0, cell), (-1.0, baseline)),
            NOT_COLLAPSED if cell.column.label == "10" else COLLAPSED,
        )
        for cell, baseline in zip(table["binaryconnect"], table["full-precision"], strict=True)
    )
    note = (
        f"Collapsed means more than {COLLAPSE:g} nat per character above full precision; not collapsed means "
        f"less than {ALIKE:g}. Both bounds are ours, far from the paper's gaps of 1.6 and 0.001. A run that diverged "
        "counts as collapsed."
    )
    return Claim("BinaryConnect collapses on LSTMs at 50 steps and more, but not at 10", comparisons, note)


def _shrinks(cells):
    """The gap to full precision falls with log₂ K; that is, its least-squares slope over the columns is negative."""
    table = _in_table(cells, 2)
    columns = len(table["full-precision"])
    centred = [index - (columns - 1) / 2 for index in range(columns)]
    slopes = [c / sum(x * x for x in centred) for c in centred]
    comparisons = tuple(
        Comparison(
            f"{formats.label(method)} on SVHN",
            tuple(
                term
                for slope, cell, baseline in zip(slopes, table[method], table["full-precision"], strict=True)
                for term in ((slope, cell), (-slope, baseline))
            ),
            BELOW_ZERO,
        )
        for method in table
        if method != "full-precision"
    )
    note = "The test is of the least-squares slope of the gap, in % per doubling of K."
    return Claim("The gap to full precision shrinks as K grows", comparisons, note)


def _gradients(figure):
    """At 100 steps BinaryConnect's gradients are wider than all others and than its own at 10; at 10, all are alike.

    The spread of a histogram is the magnitude that `SHARE` of its gradients stay below. This is the half-width that the
    eye sees, and one or two minibatches of an epoch cannot change it. Over ten times the steps, a gradient that neither
    grows nor decays on its way back can become ten times as wide. So only more than that is an explosion.
    """
    few, many = figure1.STEPS

    def compare(label, first, second, rule):
        return Comparison(label, ((1.0, figure.spreads[first]), (-1.0, figure.spreads[second])), rule)

    others = [method for method in figure1.METHODS if method != "binaryconnect"]
    wider = [compare(f"{many} steps", (many, "binaryconnect"), (many, other), EXPLODED) for other in others]
    grown = compare(f"{many} steps and {few}", (many, "binaryconnect"), (few, "binaryconnect"), EXPLODED)
    alike = [compare(f"{few} steps", (few, "binaryconnect"), (few, other), ALIKE_SPREADS) for other in others]
    note = (
        f"The numbers are differences of log₁₀ of a magnitude: {SHARE:.0%} of the gradients with respect to the "
        f"hidden-to-cell matrix stay below it ({figure.title}). "
    )
    if figure.missing:
        note += f"Runs with figure1.record=true record them, for example: {figure.missing[0].command}."
    explode = "Our bound is tenfold: ten times the steps explain as much if gradients neither grow nor decay. "
    same = "Alike means less than tenfold apart; the bound is ours. "
    return [
        Claim("Gradients explode for BinaryConnect at 100 steps (Figure 1)", (*wider, grown), explode + note),
        Claim("Gradients are alike at 10 steps (Figure 1)", tuple(alike), same + note),
    ]
