"""Evaluates a network on an experiment's validation and test examples."""

import math

import numpy as np
from aesara import shared
from aesara.tensor.type import TensorType

BATCH = {"mlp": 1000, "cnn": 250, "lstm": 100}
"""Examples evaluated at a time, by kind of network; a mean over examples does not depend on it."""


class Stopped(Exception):
    """Raised to leave an evaluation."""


class HeldOut:
    """The held-out examples, kept on the device, and the compiled step that evaluates a network on some of them.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    splits : reproduce.splits.Splits
    network : reproduce.model.networks.Network
    objective : reproduce.model.objectives
    backend : reproduce.backends
    """

    def __init__(self, experiment, splits, network, objective, backend):
        self.experiment, self.splits, self.objective = experiment, splits, objective
        held_out = [np.concatenate(pair) for pair in zip(splits.valid, splits.test, strict=True)]
        inputs, x, labels = resident_rows(experiment, "held_out", *held_out)
        scores = network.evaluation_pass(x)
        outputs = [objective.loss(scores, labels), objective.errors(scores, labels)]
        if splits.vocabulary:
            outputs.append(objective.sequence_losses(scores, labels))
        # Rows number the validation examples, then the test ones.
        self._step = backend.compile(inputs, outputs)
        self._inputs, self._scores, self._backend = inputs, scores, backend

    def evaluate(self, split, should_stop=lambda: False):
        """Evaluate the network on the whole minibatches of `split`, ``"valid"`` or ``"test"``.

        Parameters
        ----------
        split : {"valid", "test"}
        should_stop : function
            Called after each chunk of examples.

        Returns
        -------
        loss : float
            Mean over the examples.
        error : float
            In %.
        sequence_losses : list of float
            A language model's mean loss on each sequence, in the order of the text; empty for pictures.

        Raises
        ------
        Stopped
            Where `should_stop` says so.
        """
        loss, errors, sequence_losses = 0.0, 0, []
        for rows in self._chunks(split):
            mean, wrong, *each = self._step(rows)
            loss += len(rows) * float(mean)
            errors += int(wrong)
            sequence_losses += np.ravel(each).tolist()
            if should_stop():
                raise Stopped
        count = self.count(split)
        return loss / count, 100 * errors / (count * math.prod(self.splits.test.y.shape[1:])), sequence_losses

    def predictions(self, split):
        """The class of each of the examples that `evaluate` judges, int (examples,)."""
        step = self._backend.compile(self._inputs, [self._scores.argmax(axis=1)])
        return np.concatenate([np.asarray(step(rows)[0]) for rows in self._chunks(split)])

    def count(self, split):
        """The number of examples that `evaluate` judges."""
        return getattr(self.splits, split).in_minibatches(self.experiment["training.batch_size"])

    def _chunks(self, split):
        first = 0 if split == "valid" else len(self.splits.valid.x)
        count, chunk = self.count(split), BATCH[self.experiment["network.kind"]]
        for start in range(0, count, chunk):
            yield first + np.arange(start, min(start + chunk, count), dtype="int32")


def resident_rows(experiment, name, x, y, size=None):
    """Row numbers as an input, and the examples and labels in those rows of arrays kept on the device."""
    rows = TensorType("int32", shape=(size,))(f"{name}_rows")
    x, y = (
        shared(array, name=f"{name}.{part}", shape=array.shape, borrow=True)
        for part, array in (("x", np.asarray(x)), ("y", y))
    )
    return [rows], shaped(experiment, x[rows], size), y[rows]


def shaped(experiment, x, size):
    """Pictures given as rows of features, (size, features), in the shape that the network takes."""
    if experiment["network.kind"] != "cnn":
        return x
    return x.reshape((-1 if size is None else size, *experiment["data.shape"]))
