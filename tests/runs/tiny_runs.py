"""Runs over the digits that take a second or two, and what stops them."""

from reproduce import backends, experiments
from reproduce.runs import run as runs
from reproduce.runs.progress import Unseen

TINY = {"network.units": 8, "network.hidden_layers": 1, "training.epochs": 4}


class Killed(Exception):
    pass


class KillAfter(Unseen):
    """Stops a run as a kill would: once the named epoch is done, or after some steps of this process."""

    def __init__(self, epoch=None, steps=None):
        self.epoch_of_death, self.left = epoch, steps

    def losses(self, some):
        if self.left is not None:
            self.left -= len(some)
            if self.left <= 0:
                raise Killed

    def epoch(self, row, training):
        if row["epoch"] == self.epoch_of_death:
            raise Killed


def make(folder, method="lab", backend="jax", overrides=TINY, seed=1234):
    experiment = experiments.resolve("digits", method, overrides)
    return runs.Run(experiment, seed, backends.create(backend), folder, ["run"])


def execute(run, watch=None, restart=False, **options):
    with run.held():
        return run.execute("unused", watch=watch, restart=restart, **options)
