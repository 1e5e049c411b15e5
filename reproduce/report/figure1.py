"""Figure 1 of the paper: chooses the recordings of gradients that it is drawn from."""

import math
import shlex
from dataclasses import dataclass
from functools import cached_property

from reproduce import experiments
from reproduce.figure1.histograms import edges
from reproduce.report import formats, statistics
from reproduce.report.run_folders import RunFolder
from reproduce.report.tables import DIVERGING, differing, settings_of

EXPERIMENT = "war_and_peace"
STEPS = (10, 100)
METHODS = ("full-precision", "binaryconnect", "bwn", "lab")
MATRIX = "hidden_to_cell"
"""The matrix whose gradients the claims are tested on."""

MAY_DIFFER = {"training.epochs", "data.file", "data.vocabulary_order"}
"""Settings that may differ in a run that is drawn: its length and its text. The figure names the difference."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """A run whose recording the figure is drawn from; if the run counts for no number, `note` says why."""

    run: RunFolder
    note: str

    @property
    def gradients(self):
        return self.run.gradients.matrices

    @property
    def decades(self):
        """log₁₀ of the spread of its gradients, limited to the range of float32."""
        smallest, largest = edges()[1], edges()[-1]
        return math.log10(min(max(self.gradients[MATRIX].spread, smallest), largest))


@dataclass(frozen=True, eq=False)
class Spread:
    """The width of the gradients of one method at a number of steps, in decades. Claims use it like a cell."""

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
        """Whether runs that were shortened or trained on another text stand in for the paper's setup."""
        return any(recorded.note for recorded in self.recorded)

    @property
    def command(self):
        """The command that records it and stops after that epoch."""
        arguments = experiments.run_arguments(EXPERIMENT, self.method, recording(self.steps))
        return f"python -m reproduce {shlex.join(arguments)}"


def recording(steps):
    """The overrides of a run that records the gradients of its only epoch."""
    return {"network.steps": steps, "figure1.record": True, "training.epochs": 1}


@dataclass(frozen=True, eq=False)
class Figure1:
    """The eight histograms of one epoch, with or without the clip: a `Spread` by steps and method."""

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
        """All runs of the figure, as (spread, `Recorded`) pairs."""
        return [(spread, recorded) for spread in self.spreads.values() for recorded in spread.recorded]


EMPTY = Figure1(1, True, {(steps, method): Spread(steps, method, ()) for steps in STEPS for method in METHODS})
"""The figure before anything was recorded."""


def collect(results):
    """The figures that the recordings of finished runs give, the most complete first.

    For each method and number of steps, runs with the paper's setup are taken. If there are none, shortened runs and
    runs on another text stand in. Gradients of another epoch, or without the clip, form a figure of their own.

    Parameters
    ----------
    results : reproduce.report.tables.Results

    Returns
    -------
    figures : list of Figure1
    unused : list of (RunFolder, str)
        Recordings that are not drawn, and why.
    """
    counted = {run: (run, "") for cell in results.cells for run in cell.runs + cell.diverged}
    finished = [*counted.values(), *results.others, *results.diverged]
    groups, unused = {}, []
    for run, note in sorted(finished, key=lambda pair: pair[0].path):
        if run.gradients is None:
            continue
        steps = _steps(run)
        if steps is None:
            unused.append((run, "its setup differs from the figure's"))
        else:
            key = run.gradients.epoch, run.gradients.clipping
            groups.setdefault(key, {}).setdefault((steps, run.record.method), []).append(Recorded(run, note))
    figures = []
    for (epoch, clipping), found in groups.items():
        spreads = {}
        for place in EMPTY.spreads:
            kept = _best(found.get(place, []))
            others = [recorded for recorded in found.get(place, []) if recorded not in kept]
            unused += [(recorded.run, "another run is drawn instead") for recorded in others]
            spreads[place] = Spread(*place, kept)
        figures.append(Figure1(epoch, clipping, _with_pools(spreads)))
    figures.sort(key=lambda figure: (len(figure.missing), not figure.clipping, figure.epoch))
    return figures, unused


def _steps(run):
    """The column of the figure that a run belongs to, or None."""
    if run.record.experiment != EXPERIMENT or run.record.method not in METHODS:
        return None
    for steps in STEPS:
        if differing(run.record, settings_of(EXPERIMENT, run.record.method, {"network.steps": steps})) <= MAY_DIFFER:
            return steps
    return None


def _best(recorded):
    """One run per seed, in the order of seeds. If any run has the paper's setup, only such runs are taken."""
    own = [candidate for candidate in recorded if not candidate.note]
    by_seed = {}
    for candidate in own or recorded:
        by_seed.setdefault(candidate.run.record.seed, candidate)
    return tuple(by_seed[seed] for seed in sorted(by_seed))


def _with_pools(spreads):
    pools = {}
    for steps in STEPS:
        samples = {m: s.by_seed for (n, m), s in spreads.items() if n == steps and s.recorded}
        by_method = statistics.pools(samples, DIVERGING) if samples else {}
        pools |= {(steps, method): pool for method, pool in by_method.items()}
    return {place: Spread(s.steps, s.method, s.recorded, pools.get(place)) for place, s in spreads.items()}
