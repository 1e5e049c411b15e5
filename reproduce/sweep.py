"""The missing runs of a target, and the plain loop over them of ``python -m reproduce sweep``, one process a run.

workflow/Snakefile asks here too which runs those are.
"""

import functools
import math
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from reproduce import experiments
from reproduce.errors import UserError
from reproduce.methods import METHODS
from reproduce.report import figure1, formats
from reproduce.report.estimates import Estimates
from reproduce.report.run_folders import default_folders, read
from reproduce.report.tables import comparable, published
from reproduce.runs.stopping import COME_AGAIN

TABLES = {f"table{number}": number for number in (1, 2, 3, 4)}
TARGETS = (*TABLES, "figure1", "all")
"""Besides these, every experiment is a target: all its runs in the paper's tables, or each method if it has none."""

POLL = 0.2  # seconds


@dataclass(frozen=True)
class Job:
    """One run: an experiment with overrides, a method and a seed."""

    experiment: str
    method: str
    overrides: tuple
    """Pairs (key, value), sorted."""
    seed: int

    @functools.cached_property
    def resolved(self):
        return experiments.resolve(self.experiment, self.method, dict(self.overrides))

    def done_by(self, run):
        """Whether the finished `run` makes this one superfluous."""
        record = run.record
        if (record.experiment, record.method, record.seed) != (self.experiment, self.method, self.seed):
            return False
        may_differ = set()
        if ("figure1.record", True) in self.overrides:
            if run.gradients is None:
                return False
            may_differ = figure1.MAY_DIFFER
        wanted, has = (
            {key: value for key, value in comparable(settings, self.seed).items() if key not in may_differ}
            for settings in (self.resolved.settings, record.settings)
        )
        return wanted == has

    @property
    def title(self):
        return f"{self.resolved.folder} {self.method} seed {self.seed}"

    @property
    def path(self):
        """Its run folder's path below the folder of runs, but for the backend's name."""
        return f"{self.resolved.folder}/{self.method}/seed-{self.seed}"

    @property
    def arguments(self):
        """The command line of its run, after ``python -m reproduce``."""
        run = experiments.run_arguments(self.experiment, self.method, dict(self.overrides))
        return [*run, "--seed", str(self.seed)]


def jobs(target, seeds, methods=None):
    """The runs of `target`, those that are done included, each once.

    Parameters
    ----------
    target : str
        One of `TARGETS`, or an experiment.
    seeds : sequence of int
    methods : collection of str, optional
        Only these methods.

    Raises
    ------
    UserError
        If there is no such target, or if it has no run by these methods.
    """
    unknown = sorted(set(methods or ()) - METHODS.keys())
    if unknown:
        raise UserError(f"unknown method '{unknown[0]}'; methods are {', '.join(METHODS)}")
    setups = [setup for setup in dict.fromkeys(_setups(target)) if methods is None or setup[1] in methods]
    if not setups:
        raise UserError(f"{target} has no run by {', '.join(methods)}")
    return [Job(*setup, seed) for seed in dict.fromkeys(seeds) for setup in setups]


def _setups(target):
    """(experiment, method, overrides) of each run that `target` asks for."""
    drawn = [
        (figure1.EXPERIMENT, method, tuple(sorted(figure1.recording(steps).items())))
        for steps in figure1.STEPS
        for method in figure1.METHODS
    ]
    cells = [
        (cell.column.table.number, (cell.column.experiment, cell.method, tuple(sorted(cell.column.overrides.items()))))
        for cell in published()
    ]
    if target == "figure1":
        return drawn
    if target == "all":
        return [setup for _, setup in cells] + drawn
    if target in TABLES:
        return [setup for number, setup in cells if number == TABLES[target]]
    if target not in experiments.names():
        raise UserError(f"unknown target '{target}'; targets are {', '.join((*TARGETS, *experiments.names()))}")
    return [setup for _, setup in cells if setup[0] == target] or [(target, method, ()) for method in METHODS]


def counted(options):
    """The runs that a sweep takes into account: those of the default folders and of its own.

    Parameters
    ----------
    options : object
        With the attributes `runs`, a path, and `allow_unofficial`.

    Returns
    -------
    list of reproduce.report.run_folders.RunFolder
    """
    here = [Path(options.runs)] if Path(options.runs).is_dir() else []
    runs, _ = read([*default_folders(), *here])
    return [run for run in runs if run.record.official or options.allow_unofficial]


def passed_on(options):
    """The command-line options that each run of a sweep is given; `options` has them as attributes."""
    names = "backend", "device", "data", "runs"
    words = [word for name in names for word in (f"--{name}", str(getattr(options, name)))]
    return words + ["--allow-unofficial"] * options.allow_unofficial


def missing(wanted, runs, device="auto"):
    """Those of the jobs `wanted` that none of the `runs` has finished, cheapest first by the runs' times.

    Parameters
    ----------
    wanted : list of Job
    runs : list of reproduce.report.run_folders.RunFolder
    device : str
        ``"cpu"`` or ``"gpu"`` takes the times of runs on such a device only.

    Returns
    -------
    list of (Job, float or None)
        With the estimated seconds, None where no record tells; those come last.
    """
    estimates = Estimates(runs, device)
    finished = [run for run in runs if run.record.complete]
    left = [job for job in wanted if not any(job.done_by(run) for run in finished)]
    timed = [(job, estimates.seconds(job.resolved)) for job in left]
    return sorted(timed, key=lambda pair: math.inf if pair[1] is None else pair[1])


class Sweep:
    """Runs jobs, some at a time, each in its own process, until all ended or the sweep has to stop.

    Parameters
    ----------
    options : list of str
        Command-line options that each run is given.
    at_once : int
        Number of processes at a time.
    stop : reproduce.runs.stopping.Stop
        When to stop. Runs are then stopped too; each saves and can be continued.
    quiet : bool
        Whether only runs that failed are told of.
    """

    def __init__(self, options, at_once, stop, quiet=False):
        self._options, self._at_once, self._stop, self._quiet = options, at_once, stop, quiet
        self._running = {}
        self.failed, self.unfinished = [], []

    def execute(self, jobs):
        """Run `jobs` in order. Afterwards `failed` and `unfinished` list those that did not end well, or not at all."""
        waiting = list(jobs)
        try:
            while self._running or (waiting and not self._stop()):
                while waiting and len(self._running) < self._at_once and not self._stop():
                    self._start(waiting.pop(0))
                time.sleep(POLL)
                self._collect()
                if self._stop():
                    self._end_all()
        finally:
            self._end_all()
        self.unfinished += waiting

    def _start(self, job):
        command = [sys.executable, "-m", "reproduce", *job.arguments, *self._options]
        # Its own session: Ctrl-C in the terminal reaches this process alone, which then stops the runs.
        environment = os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # several processes share a GPU
        printed = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  closed in _ended
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, start_new_session=True, env=environment
        )
        self._running[process] = job, printed

    def _collect(self):
        for process in [process for process in self._running if process.poll() is not None]:
            self._ended(process)

    def _end_all(self):
        """Ask all processes to save and stop, and wait for them."""
        for process in self._running:
            process.terminate()
        for process in list(self._running):
            process.wait()
            self._ended(process)

    def _ended(self, process):
        """Print the last line that the run of `process` printed."""
        job, printed = self._running.pop(process)
        with printed:
            printed.seek(0)
            last = "".join(printed.read().rstrip().splitlines()[-1:])
        failed = process.returncode not in (0, COME_AGAIN)
        if process.returncode == COME_AGAIN:
            self.unfinished.append(job)
        if failed:
            self.failed.append(job)
            last = f"{job.title}: failed with exit code {process.returncode}: {last}"
        if failed or not self._quiet:
            print(last)


def plan(timed):
    """What would run: a line for each of the `timed` jobs with its estimated time, and their sum."""
    lines = [line(job, seconds) for job, seconds in timed]
    known = [seconds for _, seconds in timed if seconds is not None]
    unknown = f", and {len(timed) - len(known)} runs of unknown length" if len(known) < len(timed) else ""
    return [*lines, f"{len(timed)} runs are missing: {formats.duration(sum(known))} in one process{unknown}"]


def line(job, seconds):
    """The estimated time of a job and its command."""
    time = "unknown" if seconds is None else formats.duration(seconds)
    return f"{time:>9}  python -m reproduce {shlex.join(job.arguments)}"
