"""Epochs, learning-rate schedule and best-validation selection; no file or screen of its own."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import aesara.tensor as at
import numpy as np
from aesara import shared
from aesara.tensor.type import TensorType

from datasets.storage.stored_rows import prefetched
from reproduce.errors import UserError
from reproduce.figure1 import recorder as figure1
from reproduce.model import networks, updates
from reproduce.model.objectives import CrossEntropy, SquaredHinge

EVALUATION_BATCH = {"mlp": 1000, "cnn": 250, "lstm": 100}
"""Examples evaluated at a time, by kind of network; a mean over examples does not depend on it."""


@dataclass
class Progress:
    """Where a training run stands: what its records say, and all that a resumed run needs beside the state.

    Errors are in % of the pictures or, of a language model, of the characters; its losses are in nats a character.
    `rows` holds one dict an epoch, the columns of log.csv.
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


class Training:
    """One training run of an experiment.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    splits : reproduce.splits.Splits
        Training, validation and test examples.
    backend : reproduce.backends
        Compiles the steps and holds the state.
    seed : int
        Seeds the generator that draws the initial weights and then one shuffle an epoch; a language model's initial
        weights have one of their own, seeded by ``training.init_seed``.

    Attributes
    ----------
    gradients : dict or None
        What was recorded for Figure 1, once that epoch is over; see `GradientRecorder.as_dict`.

    Notes
    -----
    Random draws happen in the released scripts' order (mnist.py and warpeace.py, main; lab.py, train).
    """

    def __init__(self, experiment, splits, backend, seed):
        self.experiment, self.splits, self.backend = experiment, splits, backend
        self.rng = np.random.RandomState(seed)
        self._refuse_what_does_not_fit()
        own_seed = experiment.settings.get("training.init_seed")
        weights_rng = self.rng if own_seed is None else np.random.RandomState(own_seed)
        vocabulary = len(splits.vocabulary) if splits.vocabulary else None
        self.network = networks.build(experiment, weights_rng, vocabulary)
        self.objective = CrossEntropy() if vocabulary else SquaredHinge(experiment["network.classes"])
        self.progress = Progress(learning_rate=experiment["training.learning_rate"])
        self.best, self.test_losses, self.gradients = {}, [], None
        limit = experiment["data.resident_limit"] or backend.resident_limit
        self.resident = 4 * math.prod(splits.train.x.shape) <= limit
        self._minibatch = _minibatch(self, splits.train)
        self._train_step = _training_step(self, self._minibatch)
        self._evaluation_step = _evaluation_step(self)

    def _refuse_what_does_not_fit(self):
        size = self.experiment["training.batch_size"]
        for name in ("train", "valid", "test"):
            count = len(getattr(self.splits, name).x)
            if count < size:
                raise UserError(f"training.batch_size={size} is more than the {count} examples of the {name} set")
        classes, most = self.experiment.settings.get("network.classes"), int(self.splits.test.y.max())
        if classes is not None and most >= classes:
            raise UserError(f"network.classes={classes} is too few: the data have {most + 1}")

    @property
    def batches(self):
        """Whole minibatches in an epoch; a last partial one is dropped (released lab.py, train)."""
        return len(self.splits.train.x) // self.experiment["training.batch_size"]

    def shuffle(self):
        """Row numbers of the next epoch's minibatches, (batches, batch_size).

        Each epoch shuffles a new list 0…N−1 (released lab.py, train).
        """
        order = np.arange(len(self.splits.train.x))
        self.rng.shuffle(order)
        size = self.experiment["training.batch_size"]
        return order[: self.batches * size].reshape(self.batches, size)

    def losses(self, rows):
        """Train on the minibatches `rows` and yield their losses, a few at a time.

        Each loss is that of the training pass, before its update.
        """
        rates = np.full(len(rows), self.progress.learning_rate, dtype="float32")
        if self.resident:
            for (losses,) in self._train_step.loop(rows.astype("int32"), rates):
                yield losses
            return
        examples = self.splits.train
        read = prefetched(lambda some: (examples.x[some], examples.y[some]), rows)
        for (x, labels), rate in zip(read, rates, strict=True):
            (loss,) = self._train_step(x, labels, rate)
            yield np.asarray(loss)[None]

    def _recorded_losses(self, rows):
        """`losses`, with the gradients of each minibatch recorded before its update."""
        recorder = figure1.GradientRecorder(
            self.network, self.objective, self._minibatch, self.backend, self.experiment["figure1.clipping"]
        )
        examples = self.splits.train
        for some in rows:
            recorder.add(*([some.astype("int32")] if self.resident else [examples.x[some], examples.y[some]]))
            yield from self.losses(some[None])
        self.gradients = recorder.as_dict()

    def evaluate(self, split):
        """Mean loss and error (%) over the whole minibatches of `split`, ``"valid"`` or ``"test"``.

        Third come the mean losses of a language model's sequences, in the text's order; of pictures an empty list.
        """
        size = self.experiment["training.batch_size"]
        first = 0 if split == "valid" else len(self.splits.valid.x)
        count = len(getattr(self.splits, split).x) // size * size
        loss, errors, of_sequences = 0.0, 0, []
        chunk = EVALUATION_BATCH[self.experiment["network.kind"]]
        for start in range(0, count, chunk):
            rows = np.arange(start, min(start + chunk, count), dtype="int32")
            mean, wrong, *each = self._evaluation_step(first + rows)
            loss += len(rows) * float(mean)
            errors += int(wrong)
            of_sequences += np.ravel(each).tolist()
        return loss / count, 100 * errors / (count * math.prod(self.splits.test.y.shape[1:])), of_sequences

    def run_epoch(self, on_losses=lambda losses: None):
        """Train one epoch, validate, and measure the test set where validation is the best so far.

        What is judged is the error, of language models the loss, which must be finite. Ties go to the later epoch.
        Returns the epoch's row of the log.
        """
        progress = self.progress
        progress.epoch += 1
        losses = []
        recorded = progress.epoch == figure1.recorded_epoch(self.experiment)
        train = self._recorded_losses if recorded else self.losses
        for some in train(self.shuffle()):
            losses.extend(some)
            on_losses(some)
        valid_loss, valid_error, _ = self.evaluate("valid")
        judged = {"valid_loss": valid_loss, "valid_error": valid_error}[self.objective.judged_by]
        if math.isfinite(judged) and judged <= getattr(progress, self.objective.judged_by):
            progress.best_epoch = progress.epoch
            progress.valid_loss, progress.valid_error = valid_loss, valid_error
            progress.test_loss, progress.test_error, self.test_losses = self.evaluate("test")
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
    settings = experiment.settings
    every, after = settings.get("training.decay_every"), settings.get("training.decay_after")
    decays = (
        epoch in settings.get("training.decay_epochs", ())
        or (every and epoch % every == 0)
        or (after is not None and epoch > after)
    )
    return learning_rate * settings["training.decay_factor"] if decays else learning_rate


class Minibatch(NamedTuple):
    """A symbolic minibatch: the inputs of a step on it, and its examples and labels as functions of them."""

    inputs: list
    x: object
    labels: object


def _minibatch(training, examples):
    """Rows of resident examples, or examples and labels themselves."""
    experiment, size = training.experiment, training.experiment["training.batch_size"]
    if training.resident:
        return Minibatch(*_resident(experiment, "train", examples.x, examples.y, size))
    inputs = x, labels = [
        TensorType(str(part.dtype), shape=(size, *part.shape[1:]))(name)
        for name, part in (("x", examples.x), ("labels", examples.y))
    ]
    return Minibatch(inputs, _shaped(experiment, x, size), labels)


def _training_step(training, minibatch):
    """The step (inputs of the minibatch, learning rate) → loss."""
    learning_rate = at.fscalar("learning_rate")
    scores, statistics = training.network.training_pass(minibatch.x)
    loss = training.objective.loss(scores, minibatch.labels)
    steps = updates.adam(loss, training.network, learning_rate)
    return training.backend.compile([*minibatch.inputs, learning_rate], [loss], [*steps, *statistics])


def _evaluation_step(training):
    """The step (rows) → (mean loss, errors), of language models also each sequence's loss.

    Rows number the validation examples, then the test ones.
    """
    splits, objective = training.splits, training.objective
    held_out = [np.concatenate(pair) for pair in zip(splits.valid, splits.test, strict=True)]
    inputs, x, labels = _resident(training.experiment, "held_out", *held_out)
    scores = training.network.evaluation_pass(x)
    outputs = [objective.loss(scores, labels), objective.errors(scores, labels)]
    if splits.vocabulary:
        outputs.append(objective.sequence_losses(scores, labels))
    return training.backend.compile(inputs, outputs)


def _resident(experiment, name, x, y, size=None):
    """Row numbers as an input, and the examples and labels in those rows of arrays kept on the device."""
    rows = TensorType("int32", shape=(size,))(f"{name}_rows")
    x, y = (
        shared(array, name=f"{name}.{part}", shape=array.shape, borrow=True)
        for part, array in (("x", np.asarray(x)), ("y", y))
    )
    return [rows], _shaped(experiment, x[rows], size), y[rows]


def _shaped(experiment, x, size):
    """Pictures given as rows of features, (size, features), in the shape that the network takes."""
    if experiment["network.kind"] != "cnn":
        return x
    return x.reshape((-1 if size is None else size, *experiment["data.shape"]))
