"""All cells and claims at once: how many numbers lie outside, what was found, and what was not run."""

import math
from dataclasses import dataclass

from scipy import stats

from reproduce.report import formats
from reproduce.report.estimates import Estimates
from reproduce.report.statistics import COVERAGE, NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNDECIDED
from reproduce.report.tables import resolved

NAMED = 3
"""The most claims or cells of a state that a sentence names."""


@dataclass(frozen=True)
class Tally:
    """How many cells lie outside their intervals, beside what chance gives.

    Attributes
    ----------
    judged : list of Cell
        Measured distinct cells whose spread is known.
    outside : list of Cell
        Those of them that the paper's number lies outside of.
    """

    judged: list
    outside: list

    @property
    def expected(self):
        """The number that lies outside by chance if every cell is true."""
        return (1 - COVERAGE) * len(self.judged)

    @property
    def chance(self):
        """The binomial probability that as many or more lie outside if every cell is true.

        Cells of one column share their spread, and methods of one seed their draws, so this is approximate.
        """
        return float(stats.binom.sf(len(self.outside) - 1, len(self.judged), 1 - COVERAGE))


@dataclass(frozen=True)
class NotRun:
    """The cells of one table that were not run, and the seconds that a run of each takes, or None."""

    table: object
    cells: list
    seconds: list

    @property
    def command(self):
        """The command that runs them all."""
        return f"python -m reproduce sweep table{self.table.number}"

    @property
    def pairs(self):
        """(cell, seconds) pairs."""
        return list(zip(self.cells, self.seconds, strict=True))

    @property
    def time(self):
        """What one run of each takes, in words."""
        return time(self.seconds)


def distinct(cells):
    """The cells without those whose runs also count for an earlier one, such as SVHN's K = 64 in Table 2."""
    first = {}
    for cell in cells:
        first.setdefault((cell.column.setup, cell.method), cell)
    return list(first.values())


def tally(cells):
    """The `Tally` of `cells`."""
    judged = [cell for cell in distinct(cells) if cell.state in (REPRODUCED, NOT_REPRODUCED)]
    return Tally(judged, [cell for cell in judged if cell.state == NOT_REPRODUCED])


def not_run(results):
    """A `NotRun` for each table with cells that were not run.

    Parameters
    ----------
    results : reproduce.report.tables.Results

    Returns
    -------
    list of NotRun
    """
    tables = {}
    for cell in results.cells:
        if cell.state == NOT_RUN:
            tables.setdefault(cell.table, []).append(cell)
    return [NotRun(table, cells, _seconds(cells, results.runs)) for table, cells in tables.items()]


def _seconds(cells, runs):
    """The time of one run for each of `cells`, or None where no record tells."""
    estimates = Estimates(runs)
    found = [resolved(cell.column.experiment, cell.method, cell.column.overrides) for cell in cells]
    return [experiment and estimates.seconds(experiment) for experiment in found]


def time(seconds):
    """The time of runs in words; those whose time is None are counted apart.

    Examples
    --------
    >>> time([7200, None, 3600]), time([None, None]), time([7200])
    ('about 3.0 h for 2, unknown for 1', 'unknown', 'about 2.0 h')
    """
    known = [value for value in seconds if value is not None]
    if not known:
        return "unknown"
    about = f"about {formats.duration(sum(known))}"
    missing = len(seconds) - len(known)
    return f"{about} for {len(known)}, unknown for {missing}" if missing else about


def sentences(results, claims):
    """What was found, in three sentences: of the cells, of the claims, and of what was not run.

    Parameters
    ----------
    results : reproduce.report.tables.Results
    claims : list of reproduce.report.claims.Claim

    Returns
    -------
    list of str
    """
    return [_of_cells(results.cells), _of_claims(claims), _of_the_rest(results)]


def _of_cells(cells):
    numbers = distinct(cells)
    measured = [cell for cell in numbers if cell.runs]
    if not measured:
        return f"None of the {len(numbers)} distinct numbers in the paper’s tables was measured."
    seeds = sorted({len(cell.runs) for cell in measured})
    seeds = "one seed" if seeds == [1] else f"{' to '.join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))} seeds"
    text = (
        f"Of the {len(numbers)} distinct numbers in the paper’s tables {len(measured)} "
        f"{_were(len(measured))} measured, with {seeds} each: {formats.counts([cell.state for cell in measured])}"
    )
    found = tally(cells)
    if found.judged:
        text += f"; chance alone would put {found.expected:.1f} of {len(found.judged)} outside their intervals"
    if found.outside:
        named = [f"{cell.label} on {cell.column.title}, {cell.verdict.partition(': ')[2]}" for cell in found.outside]
        text += f" (as many or more in {percent(found.chance)} of cases), and {len(found.outside)} "
        text += f"{'lies' if len(found.outside) == 1 else 'lie'} there: {_some(named)}"
    return f"{text}."


def percent(probability):
    """``30%``, or ``less than 1%``."""
    return "less than 1%" if probability < 0.01 else f"{probability:.0%}"


def _of_claims(claims):
    pairs = [(claim, comparison) for claim in claims for comparison in claim.comparisons]
    made = [(claim, comparison) for claim, comparison in pairs if comparison.state != NOT_RUN]
    if not made:
        return f"None of the {len(pairs)} comparisons behind the paper’s claims was made."
    text = (
        f"Of the {len(pairs)} comparisons behind the paper’s {len(claims)} claims {len(made)} {_were(len(made))} made: "
        f"{formats.counts([comparison.state for _, comparison in made])}"
    )
    failed = [(claim, comparison) for claim, comparison in made if comparison.state == NOT_REPRODUCED]
    if failed:
        text += f"; not reproduced: {_some([_named(*pair) for pair in failed])}"
    open_ones = [(claim, comparison) for claim, comparison in made if comparison.state == UNDECIDED]
    pair = min(open_ones, key=lambda pair: _seeds_away(pair[1]), default=None)
    if pair and _seeds_away(pair[1]) < math.inf:
        text += f"; the nearest to a decision: {_named(*pair)}, {formats.more_seeds(pair[1])}"
    return f"{text}."


def _named(claim, comparison):
    return f"“{claim.title}” ({comparison.label})"


def _seeds_away(comparison):
    more = comparison.more_seeds
    return math.inf if more is None else more


def _of_the_rest(results):
    missing = [cell for cell in distinct(results.cells) if cell.state == NOT_RUN]
    if not missing:
        return "Every number was run."
    where = _unique(cell.column.title.partition(",")[0] for cell in missing)
    takes = time(_seconds(missing, results.runs)).replace("unknown for", "an unknown time for")
    return (
        f"{len(missing)} numbers were not run ({', '.join(where)}); by the records, one run of each takes "
        f"{'an unknown time' if takes == 'unknown' else takes}."
    )


def _were(count):
    return "was" if count == 1 else "were"


def _unique(items):
    return list(dict.fromkeys(items))


def _some(items):
    """The first few of `items`, and how many more there are."""
    more = [f"{len(items) - NAMED} more"] if len(items) > NAMED else []
    return "; ".join([*items[:NAMED], *more])
