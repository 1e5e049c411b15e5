"""Epochs, learning-rate schedule and best-validation selection; no file or screen of its own."""

import math
from dataclasses import asdict, dataclass, field

import aesara.tensor as at
import numpy as np
from aesara import shared
from aesara.tensor.type import TensorType

from reproduce import networks, updates

EVALUATION_BATCH = 1000
"""Examples evaluated at a time; a mean over examples does not depend on it."""


@dataclass
class Progress:
    """Where a training run stands: what its records say, and all that a resumed run needs beside the state.

    Errors are in %; `rows` holds one dict an epoch, the columns of log.csv.
    """

    epoch: int = 0
    learning_rate: float = 0.0
    best_epoch: int = 0
    valid_loss: float = math.inf
    valid_error: float = math.inf
    test_loss: float = math.nan
    test_error: float = math.nan
    seconds: float = 0.0
    rows: list = field(default_factory=list)

    def as_dict(self):
        return asdict(self)


class Training:
    """One training run of an experiment.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    arrays : reproduce.arrays.Arrays
        Training, validation and test examples.
    backend : reproduce.backends
        Compiles the steps and holds the state.
    seed : int
        Seeds the one generator that draws the initial weights and then one shuffle an epoch.

    Notes
    -----
    Random draws happen in the released scripts' order (mnist.py, main; lab.py, train).
    """

    def __init__(self, experiment, arrays, backend, seed):
        self.experiment, self.arrays, self.backend = experiment, arrays, backend
        self.rng = np.random.RandomState(seed)
        self.network = networks.build(experiment, self.rng)
        self.progress = Progress(learning_rate=experiment["training.learning_rate"])
        self.best = {}
        self._train_step, self._evaluation_step = _compile(experiment, self.network, arrays, backend)

    @property
    def batches(self):
        """Whole minibatches in an epoch; a last partial one is dropped (released lab.py, train)."""
        return len(self.arrays.train.x) // self.experiment["training.batch_size"]

    def shuffle(self):
        """Row numbers of the next epoch's minibatches, (batches, batch_size).

        Each epoch shuffles a new list 0…N−1 (released lab.py, train).
        """
        order = np.arange(len(self.arrays.train.x))
        self.rng.shuffle(order)
        size = self.experiment["training.batch_size"]
        return order[: self.batches * size].reshape(self.batches, size)

    def losses(self, rows):
        """Train on the minibatches `rows` and yield their losses, a few at a time.

        Each loss is that of the training pass, before its update.
        """
        rates = np.full(len(rows), self.progress.learning_rate, dtype="float32")
        for (losses,) in self._train_step.loop(rows.astype("int32"), rates):
            yield losses

    def evaluate(self, split):
        """Mean loss and error (%) over the whole minibatches of `split`, ``"valid"`` or ``"test"``."""
        size = self.experiment["training.batch_size"]
        first = 0 if split == "valid" else len(self.arrays.valid.x)
        count = len(getattr(self.arrays, split).x) // size * size
        loss = errors = 0.0
        for start in range(0, count, EVALUATION_BATCH):
            rows = np.arange(start, min(start + EVALUATION_BATCH, count), dtype="int32")
            mean, wrong = self._evaluation_step(first + rows)
            loss += len(rows) * float(mean)
            errors += int(wrong)
        return loss / count, 100 * errors / count

    def run_epoch(self, on_losses=lambda losses: None):
        """Train one epoch, validate, and measure the test set where the validation error is the best so far.

        Ties go to the later epoch. Returns the epoch's row of the log.
        """
        progress = self.progress
        progress.epoch += 1
        losses = []
        for some in self.losses(self.shuffle()):
            losses.extend(some)
            on_losses(some)
        valid_loss, valid_error = self.evaluate("valid")
        if valid_error <= progress.valid_error:
            progress.best_epoch = progress.epoch
            progress.valid_loss, progress.valid_error = valid_loss, valid_error
            progress.test_loss, progress.test_error = self.evaluate("test")
            self.best = self.model()
        row = {
            "epoch": progress.epoch,
            "learning_rate": progress.learning_rate,
            "train_loss": float(np.mean(losses, dtype="float64")),
            "valid_loss": valid_loss,
            "valid_error": valid_error,
            "test_loss": progress.test_loss,
            "test_error": progress.test_error,
            "best_epoch": progress.best_epoch,
        } | self.alphas()
        progress.rows.append(row)
        progress.learning_rate = decayed(progress.learning_rate, progress.epoch, self.experiment)
        return row

    @property
    def finished(self):
        return self.progress.epoch >= self.experiment["training.epochs"]

    def alphas(self):
        """The scale of each weight tensor, as ``alpha_<layer>``."""
        scaled = [weight for weight in self.network.weights if weight.alpha is not None]
        state = self.backend.state([weight.alpha.name for weight in scaled])
        return {f"alpha_{w.name.removesuffix('.W')}": float(state[w.alpha.name]) for w in scaled}

    def model(self):
        """Copies of the network's variables by name."""
        return self.backend.state([variable.name for variable in self.network.variables])


def decayed(learning_rate, epoch, experiment):
    """The learning rate after `epoch`, which the schedule may end with a decay."""
    every = experiment.settings.get("training.decay_every", 0)
    if epoch in experiment.settings.get("training.decay_epochs", ()) or (every and epoch % every == 0):
        return learning_rate * experiment["training.decay_factor"]
    return learning_rate


def _compile(experiment, network, arrays, backend):
    """The training step (rows, learning rate) → loss, and the evaluation step (rows) → (mean loss, errors).

    Rows of the evaluation step number the validation examples, then the test ones.
    """
    classes = experiment["network.classes"]
    learning_rate = at.fscalar("learning_rate")

    rows, x, labels = _examples("train", arrays.train.x, arrays.train.y, experiment["training.batch_size"])
    scores, statistics = network.training_pass(x)
    loss = networks.squared_hinge(scores, networks.signed_one_hot(labels, classes))
    steps = updates.adam(loss, network, learning_rate)
    train_step = backend.compile([rows, learning_rate], [loss], [*steps, *statistics])

    held_out = [np.concatenate(pair) for pair in zip(arrays.valid, arrays.test, strict=True)]
    rows, x, labels = _examples("held_out", *held_out, None)
    scores = network.evaluation_pass(x)
    loss = networks.squared_hinge(scores, networks.signed_one_hot(labels, classes))
    return train_step, backend.compile([rows], [loss, networks.errors(scores, labels)])


def _examples(name, x, y, batch_size):
    """Row numbers, and the resident examples and labels in those rows."""
    rows = TensorType("int32", shape=(batch_size,))(f"{name}_rows")
    x, y = (shared(a, name=f"{name}.{part}", shape=a.shape, borrow=True) for part, a in (("x", x), ("y", y)))
    return rows, x[rows], y[rows]
