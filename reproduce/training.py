"""Epochs, learning-rate schedule and best-validation selection; no file or screen of its own."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import aesara.tensor as at
import numpy as np
from aesara.tensor.type import TensorType

from datasets.storage.stored_rows import prefetched
from reproduce.errors import UserError
from reproduce.flips import flip_ratio, packed_signs
from reproduce.held_out import HeldOut, Stopped, resident_rows, shaped
from reproduce.model import networks, objectives, updates


@dataclass
class Progress:
    """Where a training run stands: what its records say, and all that a resumed run needs beside the state.

    Errors are in % of the pictures or, of a language model, of the characters; its losses are in nats a character.

    Attributes
    ----------
    epoch : int
        Epochs completed.
    minibatch : int
        Minibatches completed in the current epoch.
    losses : list of float
        Their training losses.
    diverged_at : int or None
        Epoch after which a weight, scale or running statistic was not finite. It can never become finite again.
    rows : list of dict
        One per epoch, with the columns of log.csv.
    """

    epoch: int = 0
    minibatch: int = 0
    losses: list = field(default_factory=list)
    diverged_at: int | None = None
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
    progress : Progress
    held_out : reproduce.held_out.HeldOut
        Evaluates the network.
    minibatch : Minibatch
        The symbolic input of the training step.
    rng : numpy.random.RandomState
        In its state from the beginning of the current epoch.
    best : dict
        The best epoch's model, name to array.
    test_losses : list of float
        The loss of that model on each test sequence; language models only.
    signs : dict or None
        The signs of the binarized weights at the beginning of the current epoch, packed, by weight tensor. None until
        an epoch begins.

    Notes
    -----
    Random draws happen in the released scripts' order (mnist.py and warpeace.py, main; lab.py, train).
    """

    def __init__(self, experiment, splits, backend, seed):
        _refuse_what_does_not_fit(experiment, splits)
        self.experiment, self.splits, self.backend = experiment, splits, backend
        self.rng = np.random.RandomState(seed)
        own_seed = experiment.settings.get("training.init_seed")
        weights_rng = self.rng if own_seed is None else np.random.RandomState(own_seed)
        vocabulary = len(splits.vocabulary) if splits.vocabulary else None
        self.network = networks.build(experiment, weights_rng, vocabulary)
        self.objective = objectives.of(experiment)
        self.progress = Progress(learning_rate=experiment["training.learning_rate"])
        self.best, self.test_losses, self.signs = {}, [], None
        limit = experiment["data.resident_limit"] or backend.resident_limit
        self.resident = 4 * math.prod(splits.train.x.shape) <= limit
        self.minibatch = _minibatch(experiment, splits.train, self.resident)
        self._train_step = _training_step(self.network, self.objective, self.minibatch, backend)
        self.held_out = HeldOut(experiment, splits, self.network, self.objective, backend)

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

    def losses(self, rows, before_step=None):
        """Train on the minibatches `rows` and yield their losses, a few at a time.

        Each loss is computed before its update. When losses are yielded, exactly their steps have been taken.

        Parameters
        ----------
        rows : int array, (minibatches, batch_size)
        before_step : function, optional
            Called before each step with the inputs of its minibatch. Losses then come one by one.
        """
        rates = np.full(len(rows), self.progress.learning_rate, dtype="float32")
        if self.resident:
            rows = rows.astype("int32")
            # One step at a time runs the same compiled loop, so the training is the same bit for bit.
            blocks = [rows] if before_step is None else rows[:, None]
            for block in blocks:
                if before_step is not None:
                    before_step(block[0])
                for (losses,) in self._train_step.loop(block, rates[: len(block)]):
                    yield losses
            return
        examples = self.splits.train
        read = prefetched(lambda some: (examples.x[some], examples.y[some]), rows)
        for (x, labels), rate in zip(read, rates, strict=True):
            if before_step is not None:
                before_step(x, labels)
            (loss,) = self._train_step(x, labels, rate)
            yield np.asarray(loss)[None]

    def run_epoch(self, before_step=None, after_steps=None, should_stop=lambda: False):
        """Train the rest of the current epoch, then evaluate the network.

        The epoch can stop after any step and continue later, even in another process that has restored the backend's
        state, `rng`, `progress` and `signs`. The result is the same bit for bit.

        Parameters
        ----------
        before_step : function, optional
            See `losses`.
        after_steps : function, optional
            Called with the losses of the steps just taken.
        should_stop : function
            Called after `after_steps` and during evaluation. An epoch that continues repeats its evaluation.

        Returns
        -------
        dict or None
            The epoch's row of the log; None if it was stopped.
        """
        progress = self.progress
        if self.signs is None and not progress.minibatch:
            self.signs = self._signs(self.model())
        start = self.rng.get_state()
        rows = self.shuffle()[progress.minibatch :]
        end = self.rng.get_state()
        self.rng.set_state(start)
        for losses in self.losses(rows, before_step):
            progress.losses += [float(loss) for loss in losses]
            progress.minibatch += len(losses)
            if after_steps is not None:
                after_steps(losses)
            if should_stop():
                return None
        try:
            row = self._judge(should_stop)
        except Stopped:
            return None
        self.rng.set_state(end)
        return row

    def _judge(self, should_stop):
        """Validate, measure the test set if validation is the best so far, and return the epoch's row of the log.

        The error decides, or the loss for language models. It and the model must be finite. The later epoch wins a tie.
        """
        progress = self.progress
        valid_loss, valid_error, _ = self.held_out.evaluate("valid", should_stop)
        judged = {"valid_loss": valid_loss, "valid_error": valid_error}[self.objective.judged_by]
        model = self.model()
        signs = self._signs(model)
        # The sign of NaN is −1, so a network with dead weights may be judged by a finite number all the same.
        finite = all(np.isfinite(array).all() for array in model.values())
        is_best = finite and math.isfinite(judged) and judged <= getattr(progress, self.objective.judged_by)
        test_loss, test_error, test_losses = (
            self.held_out.evaluate("test", should_stop) if is_best else (None, None, None)
        )

        train_loss = float(np.mean(np.array(progress.losses, "float32"), dtype="float64"))
        progress.epoch, progress.minibatch, progress.losses = progress.epoch + 1, 0, []
        if not finite:
            progress.diverged_at = progress.epoch
        if is_best:
            progress.best_epoch = progress.epoch
            progress.valid_loss, progress.valid_error = valid_loss, valid_error
            progress.test_loss, progress.test_error, self.test_losses = test_loss, test_error, test_losses
            self.best = model
        row = {
            "epoch": progress.epoch,
            "learning_rate": progress.learning_rate,
            "train_loss": train_loss,
            "valid_loss": valid_loss,
            "valid_error": valid_error,
            "test_loss": progress.test_loss,
            "test_error": progress.test_error,
            "best_epoch": progress.best_epoch,
        }
        row |= self.alphas() | self._flip_ratios(signs, model)
        self.signs = signs
        progress.rows.append(row)
        progress.learning_rate = decayed(progress.learning_rate, progress.epoch, self.experiment)
        return row

    @property
    def finished(self):
        """Whether all epochs are over, or it diverged."""
        progress = self.progress
        return progress.diverged_at is not None or progress.epoch >= self.experiment["training.epochs"]

    def alphas(self):
        """The scale of each weight tensor, as ``alpha_<layer>``."""
        scaled = [weight for weight in self.network.weights if weight.alpha is not None]
        state = self.backend.state([weight.alpha.name for weight in scaled])
        return {f"alpha_{w.name.removesuffix('.W')}": float(state[w.alpha.name]) for w in scaled}

    def _signs(self, state):
        """The signs of every binarized weight tensor in `state`, by the tensor's name."""
        binarized = [weight for weight in self.network.weights if weight.method.binarizes]
        return {w.name: packed_signs(state[w.latent.name], self.network.recipe.zero_is_positive) for w in binarized}

    def _flip_ratios(self, now, model):
        """The share of each binary tensor's signs that changed since the epoch began, as ``flip_ratio_<layer>``."""
        sizes = {weight.name: model[weight.latent.name].size for weight in self.network.weights}
        return {
            f"flip_ratio_{name.removesuffix('.W')}": self.signs and flip_ratio(self.signs[name], bits, sizes[name])
            for name, bits in now.items()
        }

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


def _refuse_what_does_not_fit(experiment, splits):
    size = experiment["training.batch_size"]
    for name in ("train", "valid", "test"):
        count = len(getattr(splits, name).x)
        if count < size:
            raise UserError(f"training.batch_size={size} is more than the {count} examples of the {name} set")
    classes, most = experiment.settings.get("network.classes"), int(splits.test.y.max())
    if classes is not None and most >= classes:
        raise UserError(f"network.classes={classes} is too few: the data have {most + 1}")


def _minibatch(experiment, examples, resident):
    """Rows of resident examples, or examples and labels themselves."""
    size = experiment["training.batch_size"]
    if resident:
        return Minibatch(*resident_rows(experiment, "train", examples.x, examples.y, size))
    inputs = x, labels = [
        TensorType(str(part.dtype), shape=(size, *part.shape[1:]))(name)
        for name, part in (("x", examples.x), ("labels", examples.y))
    ]
    return Minibatch(inputs, shaped(experiment, x, size), labels)


def _training_step(network, objective, minibatch, backend):
    """The step (inputs of the minibatch, learning rate) → loss."""
    learning_rate = at.fscalar("learning_rate")
    scores, statistics = network.training_pass(minibatch.x)
    loss = objective.loss(scores, minibatch.labels)
    steps = updates.adam(loss, network, learning_rate)
    return backend.compile([*minibatch.inputs, learning_rate], [loss], [*steps, *statistics])
