"""Two sets of records side by side: two machines, two backends or two commits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import printable
from datasets.storage.files import write_text
from reproduce.report import contrasts, formats, statistics
from reproduce.report.markdown import code, plain, table
from reproduce.report.page import link, template
from reproduce.report.run_folders import RunFolder, read
from reproduce.report.statistics import Estimate, Pool
from reproduce.report.tables import comparable, in_order
from reproduce.report.text import grid

LETTERS = ("A", "B")
HEADER = ("Experiment", "Method", "A (n)", "B (n)", "B − A", "95% interval", "Verdict", "An epoch")
RIGHT = (2, 3, 4, 5)
"""The columns of numbers."""
NOTHING = "No run is in both sets."
NOTE = (
    "Mean ± standard deviation of the test error in %, or of the cross-entropy in nats per character. Seeds that both "
    "sets have are paired, and the spread is that of this method’s runs alone. An interval needs two degrees of "
    "freedom."
)


@dataclass(frozen=True, eq=False)
class Pair:
    """The runs of one setup and method in two sets, by seed.

    Attributes
    ----------
    setup : tuple
        The experiment and the overrides that can change a result.
    method : str
    runs : (dict of int to RunFolder, dict of int to RunFolder)
        The finished runs of each set.
    """

    setup: tuple
    method: str
    runs: tuple[dict[int, RunFolder], dict[int, RunFolder]]

    @property
    def title(self):
        return formats.setup(self.setup)

    @property
    def label(self):
        return formats.label(self.method)

    @property
    def in_both(self):
        return all(self.runs)

    @property
    def seeds(self):
        """Every seed of either set."""
        return sorted(set().union(*self.runs))

    @property
    def samples(self):
        """The results of each set by seed, without those of runs that diverged."""
        return tuple(
            {seed: run.record.result for seed, run in runs.items() if not run.record.diverged} for runs in self.runs
        )

    def ours(self, index):
        """Mean ± sd (n) of one set, and how many runs diverged."""
        parts, values = [], list(self.samples[index].values())
        if values:
            sd = statistics.pooled([values])[0] if len(values) > 1 else None
            parts.append(formats.spread(np.mean(values), sd, len(values)))
        if diverged := len(self.runs[index]) - len(values):
            parts.append(f"{diverged} diverged")
        return ", ".join(parts) or "not run"

    @property
    def estimate(self):
        """B less A with its interval, or None unless both have a result.

        Seeds that both have are paired; the spread is that of this method's runs alone.
        """
        samples = self.samples
        if not all(samples):
            return None
        pool = Pool.of(dict(zip(LETTERS, samples, strict=True)))
        found = contrasts.contrast((-1.0, 1.0), samples, (pool, pool), (None, None))
        if found.dof is None and (seeds := set.intersection(*map(set, samples))):
            value = float(np.mean([samples[1][seed] - samples[0][seed] for seed in seeds]))
            return Estimate(value, None, None, f"{len(seeds)} paired seed{'s' if len(seeds) > 1 else ''}")
        return found

    @property
    def epoch(self):
        """The mean time of an epoch in each set, and how many times as fast B is."""
        before, after = (
            float(np.mean([run.record.seconds / run.record.epochs_done for run in runs.values()])) for runs in self.runs
        )
        faster = f" ({before / after:.1f}×)" if before and after else ""
        return f"{before:,.1f} s → {after:,.1f} s{faster}"

    @property
    def verdict(self):
        """Whether the two sets differ, in words."""
        if self.estimate is None:
            return "diverged"
        first, second = self.samples
        common = first.keys() & second.keys()
        if common and all(first[seed] == second[seed] for seed in common):
            return "equal"
        if self.estimate.half_width is None:
            return "too few seeds to judge"
        low, high = self.estimate.interval
        return "within the spread of seeds" if low <= 0 <= high else "different"


@dataclass(frozen=True)
class Side:
    """One of the two sets: its folder and where its runs were made, as name → values."""

    letter: str
    folder: str
    runs: int
    left_out: list
    about: dict


@dataclass(frozen=True)
class Comparison:
    """Two sets of records.

    Attributes
    ----------
    sides : (Side, Side)
    pairs : list of Pair
        Every setup and method of either set; those in both come first.
    """

    sides: tuple[Side, Side]
    pairs: list[Pair]

    @property
    def shared(self):
        """The pairs with runs in both sets."""
        return [pair for pair in self.pairs if pair.in_both]

    @property
    def alone(self):
        """What only one set holds, in words: a line for each set that holds any."""
        lines = []
        for letter, other in ((0, 1), (1, 0)):
            alone = [f"{pair.title}, {pair.label}" for pair in self.pairs if not pair.runs[other]]
            if alone:
                lines.append(f"Only in {LETTERS[letter]}: {'; '.join(alone)}.")
        return lines


def compare(first, second):
    """Read the finished runs below two folders and pair those of equal settings.

    Parameters
    ----------
    first, second : path

    Returns
    -------
    Comparison

    Raises
    ------
    UserError
        If one of them is not a folder.
    """
    found, sides = {}, []
    for index, (letter, folder) in enumerate(zip(LETTERS, (first, second), strict=True)):
        runs, left_out = read([folder])
        finished = [run for run in runs if run.record.complete and run.record.epochs_done]
        for run in sorted(finished, key=lambda run: (run.record.began, run.path)):
            settings = repr(sorted(comparable(run.record.settings, run.record.seed).items()))
            key = (run.record.setup, run.record.method, settings, run.record.official)
            found.setdefault(key, ({}, {}))[index].setdefault(run.record.seed, run)
        sides.append(Side(letter, str(folder), len(finished), left_out, _about(finished)))
    pairs = [Pair(setup, method, runs) for (setup, method, *_), runs in found.items()]
    pairs.sort(key=lambda pair: (not pair.in_both, in_order(next(iter((pair.runs[0] or pair.runs[1]).values())))))
    return Comparison(tuple(sides), pairs)


def _about(runs):
    """The devices, backends, commits and versions of `runs`; each with all its values."""
    about = {}
    for run in runs:
        record = run.record
        fields = {"device": record.device, "backend": record.backend} | record.software
        fields |= {"commit": (record.software.get("commit") or "")[:12]}
        for name, value in fields.items():
            if name != "dirty" and value not in (None, ""):
                about.setdefault(name, {})[str(value)] = None
    return {name: "; ".join(values) for name, values in about.items()}


def differences(comparison):
    """(name, A, B) for everything in which the two sets were made differently."""
    first, second = (side.about for side in comparison.sides)
    return [
        (name, first.get(name, "–"), second.get(name, "–"))
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]


def rows(comparison):
    """The lines of the table under `HEADER`: what both sets hold."""
    return [
        (
            pair.title,
            pair.label,
            pair.ours(0),
            pair.ours(1),
            formats.signed(pair.estimate and round(pair.estimate.value, 9) + 0.0),
            formats.interval(pair.estimate),
            pair.verdict,
            pair.epoch,
        )
        for pair in comparison.shared
    ]


def summary(comparison):
    """The table for a terminal."""
    shared = [grid(HEADER, rows(comparison), right=RIGHT)] if comparison.shared else ["no run is in both"]
    return "\n".join([*shared, *map(printable, comparison.alone)])


def write(comparison, out):
    """Write compare.html and compare.md.

    Parameters
    ----------
    comparison : Comparison
    out : path
        Folder of the two files; made if missing.

    Returns
    -------
    Path
        compare.html.

    Raises
    ------
    datasets.errors.CannotWriteError
        If `out` cannot be written; FullDiskError if the disk is full.
    """
    out = Path(out)
    write_text(out / "compare.md", _markdown(comparison, out))
    text = template("comparison.html.j2").render(
        comparison=comparison,
        header=HEADER,
        right=RIGHT,
        rows=rows(comparison),
        note=NOTE,
        nothing=NOTHING,
        differences=differences(comparison),
        link=lambda run: link(run, "record.json", out),
    )
    write_text(out / "compare.html", text)
    return out / "compare.html"


def _markdown(comparison, out):
    sides = [f"- {side.letter}: {code(side.folder)}, {side.runs} finished runs" for side in comparison.sides]
    parts = ["# Two sets of records", "\n".join(sides)]
    shared = table(HEADER, _plain(rows(comparison)), right=RIGHT)
    parts += ["## Results", shared, NOTE] if comparison.shared else [NOTHING]
    parts += map(plain, comparison.alone)
    if differing := differences(comparison):
        parts += ["## What differs", table(("", *LETTERS), _plain(differing))]
    seeds = [
        (plain(pair.title), plain(pair.label), seed, *(_result(runs.get(seed), out) for runs in pair.runs))
        for pair in comparison.pairs
        for seed in pair.seeds
    ]
    if seeds:
        parts += ["## Seed by seed", table(("Experiment", "Method", "Seed", *LETTERS), seeds, right=(2, 3, 4))]
    for side in comparison.sides:
        if side.left_out:
            left_out = [(code(item.path), plain(item.reason)) for item in side.left_out]
            parts += [f"## Left out of {side.letter}", table(("Run", "Why"), left_out)]
    return "\n\n".join(parts) + "\n"


def _plain(lines):
    return [tuple(map(plain, line)) for line in lines]


def _result(run, out):
    if run is None:
        return "–"
    result = "diverged" if run.record.diverged else formats.result(run.record)
    return f"[{result}]({link(run, 'record.json', out)})"
