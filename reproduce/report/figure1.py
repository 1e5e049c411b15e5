"""Figure 1 of the paper: which recordings of gradients it is drawn from, and what the paper says of them."""

import math
from dataclasses import dataclass
from functools import cached_property

from reproduce.figure1.histograms import edges
from reproduce.report import formats, statistics
from reproduce.report.run_folders import RunFolder
from reproduce.report.tables import DIVERGING, comparable, settings_of

EXPERIMENT = "war_and_peace"
STEPS = (10, 100)
METHODS = ("full-precision", "binaryconnect", "bwn", "lab")
MATRIX = "hidden_to_cell"
"""The matrix that the claims are tested on."""

MAY_DIFFER = {"training.epochs", "data.file", "data.vocabulary_order"}
"""Settings of a run that is drawn all the same, and named: how long it went on, and on which text."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """A run with its recording that the figure is drawn from; `note` says why it counts for no number, if so."""

    run: RunFolder
    note: str

    @property
    def gradients(self):
        return self.run.gradients.matrices

    @property
    def decades(self):
        """log₁₀ of the spread of its gradients, which no float32 exceeds."""
        smallest, largest = edges()[1], edges()[-1]
        return math.log10(min(max(self.gradients[MATRIX].spread, smallest), largest))


@dataclass(frozen=True, eq=False)
class Spread:
    """How wide the gradients of one method are at a number of steps, in decades; it stands in claims as a cell does."""

    steps: int
    method: str
    recorded: tuple
    pool: object = None
    paper = None
    stand_in = None
    diverged = ()

    @property
    def label(self):
        return f"{formats.label(self.method)}, {self.steps} steps"

    @property
    def runs(self):
        return tuple(recorded.run for recorded in self.recorded)

    @property
    def by_seed(self):
        return {recorded.run.record.seed: recorded.decades for recorded in self.recorded}

    @property
    def tentative(self):
        """Whether runs that were shortened or trained on another text stand in for the paper's."""
        return any(recorded.note for recorded in self.recorded)

    @property
    def command(self):
        """The command that records it, without training on."""
        return (
            f"python -m reproduce run {EXPERIMENT} --method {self.method} --set network.steps={self.steps} "
            "--set figure1.record=true --epochs 1"
        )


@dataclass(frozen=True, eq=False)
class Figure1:
    """The eight histograms of one epoch, with or without the clip; each a `Spread`, by steps and method."""

    epoch: int
    clipping: bool
    spreads: dict

    @property
    def missing(self):
        return [spread for spread in self.spreads.values() if not spread.recorded]

    @property
    def title(self):
        how = "clipped at every time step, as trained" if self.clipping else "without the clip"
        return f"gradients of epoch {self.epoch}, {how}"

    @cached_property
    def recorded(self):
        """All its runs: (spread, `Recorded`) pairs."""
        return [(spread, one) for spread in self.spreads.values() for one in spread.recorded]


EMPTY = Figure1(1, True, {(steps, method): Spread(steps, method, ()) for steps in STEPS for method in METHODS})
"""What is there before anything was recorded."""


def collect(results):
    """The figures that the recordings of finished runs make, the best covered first.

    Of a method and number of steps, runs whose setup is the paper's are taken; only where there is none, shortened ones
    or those on another text. Gradients of different epochs, or with and without the clip, make figures of their own.

    Parameters
    ----------
    results : reproduce.report.tables.Results

    Returns
    -------
    figures : list of Figure1
    unused : list of (RunFolder, str)
        Recordings that no figure is drawn from, and why.
    """
    counted = {run: (run, "") for cell in results.cells for run in cell.runs + cell.diverged}
    finished = [*counted.values(), *results.others, *results.diverged]
    groups, unused = {}, []
    for run, note in sorted(finished, key=lambda pair: pair[0].path):
        if run.gradients is None:
            continue
        steps = _steps(run)
        if steps is None:
            unused.append((run, "its setup is not the figure's"))
        else:
            key = run.gradients.epoch, run.gradients.clipping
            groups.setdefault(key, {}).setdefault((steps, run.record.method), []).append(Recorded(run, note))
    figures = []
    for (epoch, clipping), found in groups.items():
        spreads = {}
        for place in EMPTY.spreads:
            kept = _best(found.get(place, []))
            unused += [(one.run, "another run stands for it") for one in found.get(place, []) if one not in kept]
            spreads[place] = Spread(*place, kept)
        figures.append(Figure1(epoch, clipping, _with_pools(spreads)))
    figures.sort(key=lambda figure: (len(figure.missing), not figure.clipping, figure.epoch))
    return figures, unused


def _steps(run):
    """The column of the figure that a run belongs to, or None."""
    if run.record.experiment != EXPERIMENT or run.record.method not in METHODS:
        return None
    for steps in STEPS:
        wanted = comparable(settings_of(EXPERIMENT, run.record.method, {"network.steps": steps}), run.record.seed)
        have = comparable(run.record.settings, run.record.seed)
        if {key for key in wanted.keys() | have.keys() if wanted.get(key) != have.get(key)} <= MAY_DIFFER:
            return steps
    return None


def _best(recorded):
    """One run a seed, in their order: the paper's own setup where any run has it."""
    own = [one for one in recorded if not one.note]
    by_seed = {}
    for one in own or recorded:
        by_seed.setdefault(one.run.record.seed, one)
    return tuple(by_seed[seed] for seed in sorted(by_seed))


def _with_pools(spreads):
    pools = {}
    for steps in STEPS:
        samples = {m: list(s.by_seed.values()) for (n, m), s in spreads.items() if n == steps and s.recorded}
        of_methods = statistics.pools(samples, DIVERGING) if samples else {}
        pools |= {(steps, method): pool for method, pool in of_methods.items()}
    return {place: Spread(s.steps, s.method, s.recorded, pools.get(place)) for place, s in spreads.items()}
