"""Times checkpoints of LAB on MNIST and SVHN, with networks and numbers of pictures as in the experiments.

    python -m benchmarks.checkpoints [--backend c|jax] [--out FILE.json]

The pictures are random ones, repeated, because a checkpoint does not depend on them. Each experiment is one run: it
trains, and every few seconds it saves all that `run` saves, with a best model in it. The time that this takes gives the
share of the time that checkpoints take at the default interval. Then steps are timed in two ways, in turn: as `run`
takes them, ready to save and to stop after each, and as a bare loop takes them.
"""

import argparse
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks import memory
from reproduce import arguments, backends, experiments
from reproduce.runs import run as runs
from reproduce.runs.stopping import Stop
from reproduce.splits import Split, Splits

EXAMPLES = {"mnist": (50_000, 10_000, 10_000), "svhn": (598_388, 6_000, 26_032)}
SECONDS_BETWEEN = 5
CHECKPOINTS = 6
ROUNDS = 6
SECONDS_A_ROUND = 8


class Timed(runs.Run):
    """A run that times its checkpoints."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seconds, self.training = [], None

    def _save(self, training):
        self.training = training
        if not training.best:  # as after the first epoch
            training.best, training.progress.best_epoch = training.model(), 1
        began = time.perf_counter()
        super()._save(training)
        self.seconds.append(time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checkpoints", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", choices=backends.NAMES, default="c", help="default: %(default)s")
    parser.add_argument("--out", metavar="FILE.json", type=Path)
    options = parser.parse_args()
    found = {name: measure(name, options.backend) for name in EXAMPLES}
    print(f"{'':8}{'MB':>8}{'s':>8}{'share at the default interval':>32}{'step, s':>10}{'with/without':>14}")
    for name, one in found.items():
        print(
            f"{name:8}{one['bytes'] / 1e6:8.1f}{np.median(one['seconds']):8.2f}{one['share']:32.3%}"
            f"{np.median(one['bare_step_s']):10.4f}{one['step_ratio']:14.4f}"
        )
    if options.out:
        for name, one in found.items():
            memory.add(options.out, f"{name}, {options.backend}", one)


def measure(name, backend):
    """What checkpoints cost in a run of the experiment `name`."""
    experiment = experiments.resolve(name, "lab")
    with tempfile.TemporaryDirectory() as folder:
        run = Timed(experiment, 1234, backends.create(backend, "cpu"), folder, ["run", name])
        with mock.patch.object(runs.splits, "load", lambda *_: stand_in(experiment)), run.held():
            run.execute("unused", stop=Saved(run), checkpoint_minutes=SECONDS_BETWEEN / 60)
        size = (run.folder / "checkpoint.h5").stat().st_size
    interval = 60 * arguments.parser().parse_args(["run", name, "--method", "lab"]).checkpoint_minutes
    seconds = run.seconds[1:]  # the first one writes best.h5, too
    bare, as_run = step_times(run.training)
    return {
        "bytes": size,
        "seconds": [round(one, 3) for one in seconds],
        "seconds_with_best_h5": round(run.seconds[0], 3),
        "interval_s": interval,
        "share": float(np.median(seconds) / (interval + np.median(seconds))),
        "bare_step_s": bare,
        "run_step_s": as_run,
        "step_ratio": float(np.median(np.divide(as_run, bare))),
    }


class Saved(Stop):
    """A request to stop once a `Timed` run has made its checkpoints."""

    def __init__(self, run):
        super().__init__()
        self._run = run

    @property
    def reason(self):
        return "its checkpoints are made" if len(self._run.seconds) >= CHECKPOINTS else super().reason


def stand_in(experiment):
    """As many pictures as the experiment has, of which only a few are different."""
    rng = np.random.RandomState(0)
    few = rng.randn(100, *experiment["data.shape"]).reshape(100, -1).astype("float32")
    parts = []
    for count in EXAMPLES[experiment.name]:
        shape = count, few.shape[1]
        x = np.broadcast_to(few[:1], shape) if count > 100_000 else np.resize(few, shape)
        parts.append(Split(x, rng.randint(experiment["network.classes"], size=count).astype("int32")))
    return Splits(*parts, {"name": "stand-in", "official": False, "sha256": {}})


def step_times(training):
    """Seconds a step of each round, of a bare loop and as `run` takes them; the rounds alternate which comes first."""
    ways = [lambda done: _bare(training, done), lambda done: training.run_epoch(None, done, done.over)]
    seconds = [[], []]
    for number in range(ROUNDS):
        for way in (0, 1) if number % 2 else (1, 0):
            training.progress.minibatch, training.progress.losses = 0, []
            seconds[way].append(_timed(ways[way]))
    return seconds


class Done:
    """Counts steps for some seconds."""

    def __init__(self):
        self.began, self.steps = time.perf_counter(), 0

    def __call__(self, losses):
        self.steps += len(losses)

    def over(self):
        return time.perf_counter() - self.began > SECONDS_A_ROUND


def _timed(run):
    done = Done()
    run(done)
    return round((time.perf_counter() - done.began) / done.steps, 6)


def _bare(training, done):
    for losses in training.losses(training.shuffle()):
        done(losses)
        if done.over():
            return


if __name__ == "__main__":
    main()
