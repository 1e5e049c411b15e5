"""Sweeps over the digits as processes, which tests stop while they run."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.faults.forms import environment
from tests.runs.run_files import run_files

ROOT = Path(__file__).resolve().parents[2]
NO_SNAKEMAKE = "Snakemake is not installed here; 'make test-sweep' installs it and runs this"
PATIENCE = 900  # seconds, on a busy machine


class DigitsSweep:
    """A sweep over the digits with some methods and seeds, whose runs are below `folder`."""

    def __init__(self, folder, methods, seeds, variables=None):
        self.folder, self.methods, self.seeds = folder, methods, seeds
        self.environment = environment(folder.parent) | {"OMP_NUM_THREADS": "1"} | (variables or {})

    @property
    def plain(self):
        """The command of the plain loop."""
        seeds = map(str, self.seeds)
        methods = ["--methods", *self.methods, "--seeds", *seeds]
        return [sys.executable, "-m", "reproduce", "sweep", "digits", *methods, "--backend", "jax", "--jobs", "2"]

    def snakemake(self, profile, *options, target="digits", **config):
        """The command of the workflow with a `profile`."""
        config = {"methods": self.methods, "seeds": self.seeds, "backend": "jax"} | config
        command = [sys.executable, "-m", "snakemake", target, "--snakefile", str(ROOT / "workflow" / "Snakefile")]
        return [*command, "--workflow-profile", profile, *options, "--config", *map("=".join, _yaml(config))]

    @contextlib.contextmanager
    def started(self, command):
        """A process of `command` in a session of its own; what is left of it at the end of the block is killed."""
        with open(self.folder / "said.txt", "w") as said:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(self, command):
        """Run `command` to its end and return its exit code."""
        with self.started(command) as process:
            return process.wait(PATIENCE)

    @property
    def said(self):
        """What the last process printed."""
        return (self.folder / "said.txt").read_text()

    @property
    def expected(self):
        return {(method, seed) for method in self.methods for seed in self.seeds}

    @property
    def records(self):
        """The record of each run that has one, by method and seed."""
        found = [json.loads(path.read_text()) for path in self.folder.glob("runs/digits/*/*/record.json")]
        return {(record["method"], record["seed"]): record for record in found}

    @property
    def in_training(self):
        """The runs that are some epochs from their beginning and from their end, by method and seed."""
        return {run for run, record in self.records.items() if 0 < record["epochs_done"] < 40}

    @property
    def complete(self):
        return {run for run, record in self.records.items() if record["complete"]}

    @property
    def marked(self):
        """The runs whose marker is there, by method and seed."""
        found = self.folder.glob("runs/digits/*/seed-*.complete")
        return {(path.parent.name, int(path.stem.removeprefix("seed-"))) for path in found}

    def log(self, run):
        """What the processes of a run printed."""
        method, seed = run
        return (self.folder / f"runs/digits/{method}/seed-{seed}.log").read_text()

    def files(self):
        """What the runs computed."""
        return {path.parent.relative_to(self.folder): run_files(path.parent) for path in self._record_files()}

    def _record_files(self):
        return self.folder.glob("runs/digits/*/*/record.json")


def _yaml(config):
    for key, value in config.items():
        yield key, f"[{', '.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)


def runs_of(process):
    """The processes below the number `process` that train, by the method and the seed of the run."""
    import psutil  # comes with Snakemake

    found = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process).children(recursive=True):
            words = child.cmdline()
            if words[1:4] == ["-m", "reproduce", "run"]:
                found[words[words.index("--method") + 1], int(words[words.index("--seed") + 1])] = child
    return found


def wait_until(condition, process=None):
    """Wait until `condition` returns something, and return that; the `process`, if any, must go on until then."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert process is None or process.poll() is None, "it ended before"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found
