"""The cells of the paper's tables, the runs that count for each, and their verdicts."""

import json
import shlex
import tomllib
from dataclasses import dataclass, replace
from functools import cache, cached_property

from reproduce import experiments
from reproduce.errors import UserError
from reproduce.methods import METHODS
from reproduce.report import formats, power, statistics
from reproduce.report.run_folders import LeftOut, RunFolder, read
from reproduce.report.statistics import DIVERGED, NO_YARDSTICK, NOT_REPRODUCED, NOT_RUN, PROVISIONAL, REPRODUCED, Pool

DIVERGING = tuple(method.name for method in METHODS.values() if method.diverges_on_text)
"""Methods that diverge on language models, where their spread differs from the others'."""


@dataclass(frozen=True)
class Table:
    """One of the paper's tables: its number and title, the name of its columns, and the metric with its unit."""

    number: int
    title: str
    columns: str
    metric: str
    unit: str
    source: str


@dataclass(frozen=True, eq=False)
class Column:
    """One setup of a table: an experiment with overrides, and the size of its test set."""

    table: Table
    label: str
    experiment: str
    overrides: dict
    test_size: int
    test_unit: str
    test_source: str

    @property
    def setup(self):
        """The experiment and its overrides. The same runs count for two columns with the same setup."""
        return (self.experiment, *sorted((key, experiments.show(value)) for key, value in self.overrides.items()))

    @property
    def title(self):
        """The column's name outside its table: ``MNIST``, ``SVHN, K = 16``."""
        return {2: f"SVHN, K = {self.label}", 4: f"War and Peace, {self.label} steps"}.get(
            self.table.number, self.label
        )


@dataclass(frozen=True, eq=False)
class Cell:
    """One number of the paper's tables, and ours.

    Attributes
    ----------
    column : Column
    method : str
    paper : float
        The published number, in the table's unit.
    version : str
        The version of the paper that it is from.
    source : str
        Its place in that version.
    runs : tuple of RunFolder
        The runs that count, sorted by seed; the earliest run of each seed.
    diverged : tuple of RunFolder
        Runs that would count but diverged. Claims take them into account; statistics do not.
    pool : Pool or None
        The spread of its seeds, shared with other methods; None if nothing ran.
    """

    column: Column
    method: str
    paper: float
    version: str
    source: str
    runs: tuple[RunFolder, ...] = ()
    diverged: tuple[RunFolder, ...] = ()
    pool: Pool | None = None

    @property
    def table(self):
        return self.column.table

    tentative = False
    """A cell takes only runs whose setup is the paper's."""

    @property
    def label(self):
        """The method's name in the paper."""
        return formats.label(self.method)

    @property
    def by_seed(self):
        """Our results by seed."""
        return {run.record.seed: run.record.result for run in self.runs}

    @property
    def values(self):
        return list(self.by_seed.values())

    @property
    def sd(self):
        """Standard deviation of our seeds, or None for fewer than two."""
        return statistics.pooled([self.values])[0] if len(self.runs) > 1 else None

    @cached_property
    def stand_in(self):
        """Standard error of one run on the test set: binomial, or a block bootstrap of the losses of sequences."""
        if self.table.metric == "test_error":
            mean = sum(self.values) / len(self.values)
            return statistics.binomial_standard_error(mean, self.column.test_size)
        kept = [run.test_losses for run in self.runs if run.test_losses is not None]
        return statistics.bootstrap_standard_error(kept[0]) if kept else None

    @cached_property
    def estimate(self):
        """Our mean and the interval in which the paper's single run is expected; None if nothing ran."""
        if not self.runs:
            return None
        return statistics.prediction(self.values, self.pool, None if self.pool.known else self.stand_in)

    @cached_property
    def detectable(self):
        """The smallest difference from the paper that these seeds would show in 80 of 100 repetitions, or None."""
        return power.detectable(self.estimate) if self.runs else None

    @property
    def difference(self):
        """Ours less the paper's, or None."""
        return self.estimate.value - self.paper if self.runs else None

    @property
    def standard_errors(self):
        """The difference in standard errors, or None without a yardstick."""
        error = self.estimate.standard_error if self.runs else None
        return self.difference / error if error else None

    @property
    def inside(self):
        """Whether the paper's number lies in the interval; None if there is no interval."""
        if not self.runs or self.estimate.half_width is None:
            return None
        return abs(self.difference) <= self.estimate.half_width + 1e-9

    @property
    def state(self):
        if not self.runs:
            return DIVERGED if self.diverged else NOT_RUN
        if self.estimate.provisional:
            return PROVISIONAL
        return REPRODUCED if self.inside else NOT_REPRODUCED

    @property
    def verdict(self):
        """The state and, outside the interval, the size and direction of the difference."""
        if not self.runs:
            return self.state
        away = f"{abs(self.difference):.3f} {'higher' if self.difference > 0 else 'lower'} than the paper"
        if not self.estimate.provisional:
            return REPRODUCED if self.inside else f"{NOT_REPRODUCED}: {away}"
        where = {True: "inside", False: f"outside, {away}", None: f"{NO_YARDSTICK}, {away}"}[self.inside]
        return f"{PROVISIONAL}: {where}"

    @property
    def short_verdict(self):
        """The state and, if we differ, on which side of the paper's number ours lies."""
        if self.state == PROVISIONAL:
            where = {True: "inside", False: "outside", None: NO_YARDSTICK}[self.inside]
            return f"{PROVISIONAL}: {where}"
        if self.state == NOT_REPRODUCED:
            return f"{NOT_REPRODUCED}, {'higher' if self.difference > 0 else 'lower'}"
        return self.state

    @property
    def command(self):
        """The command of one run that counts for the cell."""
        arguments = experiments.run_arguments(self.column.experiment, self.method, self.column.overrides)
        return f"python -m reproduce {shlex.join(arguments)}"


@dataclass(frozen=True)
class Results:
    """The content of the run folders.

    Attributes
    ----------
    cells : list of Cell
        Every cell of the paper's tables, in order.
    others : list of (RunFolder, str)
        Finished runs with a result that belong to no cell, and why.
    diverged : list of (RunFolder, str)
        Finished runs that diverged and belong to no cell, and why. Their recorded gradients still count.
    left_out : list of LeftOut
        Folders that do not count for any number, and why.
    runs : list of RunFolder
        All runs that could be read, unfinished ones too.
    unreadable : list of LeftOut
        Folders that could not be read.
    """

    cells: list
    others: list
    diverged: list
    left_out: list
    runs: list
    unreadable: list


@cache
def _published():
    return tomllib.loads((experiments.CONFIGS / "paper_results.toml").read_text(encoding="utf-8"))


def paper():
    """What the report says about the paper: title, authors, venue, preprint, versions, notes."""
    return _published()["paper"]


def published():
    """Every cell of the paper's tables, without runs."""
    tables = {table["number"]: Table(**table) for table in _published()["table"]}
    cells = []
    for entry in _published()["column"]:
        fields = {key: value for key, value in entry.items() if key not in ("table", "cells")}
        column = Column(tables[entry["table"]], **fields)
        for method, cell in entry["cells"].items():
            cells.append(Cell(column, method, cell["value"], cell["version"], cell["source"]))
    return cells


def comparable(settings, seed):
    """The settings that a run's result depends on, apart from its seed.

    Keys that cannot change a result, or only its rounding, are dropped. So is a language model's ``training.init_seed``
    if it is 1, its default, or the run's own seed.
    """
    dropped = (*experiments.INERT, *experiments.ROUNDING)
    kept = {key: value for key, value in settings.items() if not key.startswith(dropped)}
    if kept.get("training.init_seed") in (1, seed):
        del kept["training.init_seed"]
    return kept


def collect(folders):
    """Read the runs below `folders` and assign them to the cells.

    Parameters
    ----------
    folders : iterable of path
        Trees of run folders.

    Returns
    -------
    Results
    """
    runs, unreadable = read(folders)
    finished, repeated = _earliest([run for run in runs if run.record.complete])
    left_out = unreadable + repeated
    for run in runs:
        done, planned = run.record.epochs_done, run.record.epochs_planned
        if not run.record.complete:
            left_out.append(LeftOut(run.path, f"unfinished: {done} of {planned} epochs"))
        elif run.record.diverged and run in finished:
            left_out.append(LeftOut(run.path, f"diverged: validation was never finite; {done} of {planned} epochs ran"))

    counted, cells = set(), []
    for cell in published():
        wanted = settings_of(cell.column.experiment, cell.method, cell.column.overrides)
        matching = sorted((run for run in finished if _counts(run, cell, wanted)), key=lambda run: run.record.seed)
        counted |= set(matching)
        finite, diverged = (tuple(run for run in matching if run.record.diverged is which) for which in (False, True))
        cells.append(replace(cell, runs=finite, diverged=diverged))
    rest = sorted((run for run in finished if run not in counted), key=in_order)
    rest = [(run, _why_no_cell(run, cells)) for run in rest]
    others, diverged = ([pair for pair in rest if pair[0].record.diverged is which] for which in (False, True))
    left_out.sort(key=lambda item: item.path)
    return Results(_with_pools(cells), others, diverged, left_out, runs, unreadable)


def _earliest(runs):
    """The earliest of the runs that differ only in their start; the others are returned as left out."""
    kept, left_out = {}, []
    for run in sorted(runs, key=lambda run: (run.record.began, run.path)):
        settings = json.dumps(comparable(run.record.settings, run.record.seed), sort_keys=True)
        key = (run.record.experiment, run.record.method, run.record.seed, settings, run.record.official)
        if key not in kept:
            kept[key] = run
        elif kept[key].record == run.record:
            left_out.append(LeftOut(run.path, f"a copy of {kept[key].path}"))
        else:
            left_out.append(LeftOut(run.path, f"the same seed as {kept[key].path}, which started earlier"))
    return sorted(kept.values(), key=lambda run: run.path), left_out


def differing(record, wanted):
    """The keys of a record's settings that differ from the `wanted` ones and can change its result."""
    have, wanted = comparable(record.settings, record.seed), comparable(wanted, record.seed)
    return {key for key in have.keys() | wanted.keys() if have.get(key) != wanted.get(key)}


@cache
def _resolved(experiment, method, overrides):
    return experiments.resolve(experiment, method, dict(overrides))


def resolved(experiment, method, overrides):
    """An experiment with overrides for a method, or None if no configuration admits them."""
    try:
        return _resolved(experiment, method, tuple(sorted(overrides.items())))
    except UserError:
        return None


def settings_of(experiment, method, overrides):
    """Its settings, or None if no configuration admits them."""
    found = resolved(experiment, method, overrides)
    return found and found.settings


def _counts(run, cell, wanted):
    return (
        wanted is not None
        and (run.record.experiment, run.record.method) == (cell.column.experiment, cell.method)
        and run.record.official
        and not differing(run.record, wanted)
    )


def _why_no_cell(run, cells):
    """Why a finished run counts for no cell."""
    pair = run.record.experiment, run.record.method
    candidates = [cell for cell in cells if (cell.column.experiment, cell.method) == pair]
    if not candidates:
        return "not in the paper"
    differences = []
    for cell in candidates:
        wanted = settings_of(run.record.experiment, run.record.method, cell.column.overrides)
        if wanted is None:
            continue
        keys = sorted(differing(run.record, wanted))
        differences.append([(key, run.record.settings.get(key), wanted.get(key)) for key in keys])
    if not differences:
        return f"this version has no configuration for {run.record.experiment}"
    reasons = [] if run.record.official else ["unofficial data"]
    for key, have, wanted in min(differences, key=len):
        if key == "training.epochs" and None not in (have, wanted) and have < wanted:
            reasons.insert(0, f"shortened: {have} of {wanted} epochs")
        else:
            reasons.append(f"{key} is {experiments.show(have)}, in the cell {experiments.show(wanted)}")
    return "; ".join(reasons)


def _with_pools(cells):
    """The cells with the spread that their seeds share with the other methods of the same setup."""
    samples = {}
    for cell in cells:
        if cell.runs:
            samples.setdefault(cell.column.setup, {})[cell.method] = cell.by_seed
    language = {cell.column.setup for cell in cells if cell.table.metric == "test_loss"}
    pools = {
        setup: statistics.pools(by_method, DIVERGING if setup in language else ())
        for setup, by_method in samples.items()
    }
    return [replace(cell, pool=pools.get(cell.column.setup, {}).get(cell.method)) for cell in cells]


def in_order(run):
    """A key that sorts runs by experiment, the paper's order of methods, and seed."""
    place = formats.place(run.record.method)
    return run.record.setup, place, run.record.seed, run.path


def command_of(run):
    """The exact command that made a run, from its record."""
    program = ["python", "-m", "reproduce"] if run.record.argv[:1] == ["run"] else []
    return shlex.join([*program, *map(str, run.record.argv)])
