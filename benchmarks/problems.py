"""The training steps that are compared: networks of the paper, their initial state and synthetic examples."""

from dataclasses import dataclass, field

import numpy as np

from reproduce import experiments
from reproduce.model import networks
from reproduce.splits import Split, Splits, load

NETWORKS = {"mnist": {}, "cifar10": {}, "svhn": {"network.filters": 64}, "war_and_peace": {"network.steps": 100}}
"""Experiments and the settings of their networks; everything else is as configured."""

SEED = 1234
VOCABULARY = 87  # distinct characters of War and Peace
SEQUENCES = 500


@dataclass
class Problem:
    """One network's training step: what every contestant starts from and computes.

    Attributes
    ----------
    experiment : reproduce.experiments.Experiment
    splits : reproduce.splits.Splits
        Synthetic examples; validation and test sets are one minibatch.
    weights : dict of str to array
        Initial values of the latent weights that the method binarizes, by name, in network order and in our layout:
        dense (inputs, units); convolutions (filters, channels, 3, 3), flipped; LSTM (inputs or units, units) per gate.
    parameters : dict of str to array
        Initial values of the other trained parameters.
    """

    experiment: experiments.Experiment
    splits: Splits
    weights: dict = field(repr=False)
    parameters: dict = field(repr=False)

    @property
    def kind(self):
        """``"mlp"``, ``"cnn"`` or ``"lstm"``."""
        return self.experiment["network.kind"]

    @property
    def batch(self):
        return self.experiment["training.batch_size"]

    @property
    def learning_rate(self):
        return np.float32(self.experiment["training.learning_rate"])

    @property
    def classes(self):
        """The number of classes of pictures, or of distinct characters."""
        return len(self.splits.vocabulary or ()) or self.experiment["network.classes"]

    @property
    def layers(self):
        """Names of a picture network's binarized layers, in order."""
        return [name.removesuffix(".W") for name in self.weights]

    def pictures(self):
        """Training examples; for a convolutional network in the shape (n, channels, rows, columns)."""
        x = self.splits.train.x
        return x.reshape(-1, *self.experiment["data.shape"]) if self.kind == "cnn" else x

    def minibatches(self, count):
        """Row numbers of `count` minibatches, (count, batch) int32, the same in every call."""
        rng = np.random.RandomState(SEED)
        examples = len(self.splits.train.x)
        return np.stack([rng.permutation(examples)[: self.batch] for _ in range(count)]).astype("int32")


def problem(network, method="lab", overrides=None):
    """The step of `network`, a key of `NETWORKS`, under `method`; `overrides` are settings of its experiment."""
    settings = NETWORKS[network] | (overrides or {})
    if network != "war_and_peace":
        settings = {"data.source": "synthetic"} | settings
    experiment = experiments.resolve(network, method, settings)
    splits = _characters(experiment) if network == "war_and_peace" else _pictures(experiment)
    vocabulary = len(splits.vocabulary) if splits.vocabulary else None
    own_seed = experiment.settings.get("training.init_seed", SEED)
    drawn = networks.build(experiment, np.random.RandomState(own_seed), vocabulary)
    return Problem(
        experiment,
        splits,
        {weight.latent.name: weight.latent.get_value() for weight in drawn.weights},
        {parameter.name: parameter.get_value() for parameter in drawn.parameters},
    )


def _pictures(experiment):
    """The project's stand-in pictures."""
    splits = load(experiment, root=None)
    held_out = Split(*(part[: experiment["training.batch_size"]] for part in splits.train))
    return Splits(splits.train, held_out, held_out, splits.provenance)


def _characters(experiment):
    """Random sequences of indices; a step's cost does not depend on which characters they are."""
    rng = np.random.RandomState(0)
    text = rng.randint(0, VOCABULARY, (SEQUENCES, experiment["network.steps"] + 1)).astype("int32")
    train = Split(text[:, :-1].copy(), text[:, 1:].copy())
    held_out = Split(*(part[: experiment["training.batch_size"]] for part in train))
    return Splits(train, held_out, held_out, {"name": "random"}, bytes(range(VOCABULARY)))
