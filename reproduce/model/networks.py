"""The paper's networks, from an experiment's [network] section."""

import lasagne
from lasagne.layers import InputLayer, MaxPool2DLayer, NonlinearityLayer, get_all_layers, get_all_params, get_output

from reproduce.model import binarization
from reproduce.model.layers import BatchNormLayer, BinarizedConv2DLayer, BinarizedDenseLayer
from reproduce.model.lstm import BinarizedLSTMLayer, OutputLayer
from reproduce.model.recipe import RECIPES


class Network:
    """A network over symbolic inputs.

    Attributes
    ----------
    output : lasagne.layers.Layer
        The last layer.
    recipe : reproduce.model.recipe.Recipe
        How its binarized weights start and step.
    weights : list of reproduce.model.layers.Weight
        The weight tensors that a method binarizes, in network order.
    parameters : list of shared variables
        The other trained parameters.
    variables : list of shared variables
        The whole trained network: latent weights, scales, other parameters and running statistics.
    """

    def __init__(self, output, recipe):
        self.output, self.recipe = output, recipe
        layers = get_all_layers(output)
        self.weights = [weight for layer in layers for weight in getattr(layer, "weights", ())]
        self.norms = [layer for layer in layers if isinstance(layer, BatchNormLayer)]
        latent = {weight.latent for weight in self.weights}
        trained = get_all_params(output, trainable=True)
        self.parameters = [p for p in trained if p not in latent]
        alphas = [weight.alpha for weight in self.weights if weight.alpha is not None]
        self.variables = get_all_params(output) + alphas

    def training_pass(self, x, **options):
        """Scores of the minibatch `x` by batch statistics, and the updates of the running statistics.

        Every layer's ``get_output_for`` receives `options`.
        """
        *inputs, scores = get_output([norm.input_layer for norm in self.norms] + [self.output], x, **options)
        updates = []
        for norm, value in zip(self.norms, inputs, strict=True):
            updates += norm.running_updates(value)
        return scores, updates

    def evaluation_pass(self, x):
        """Scores of `x` by the running statistics."""
        return get_output(self.output, x, deterministic=True)


def build(experiment, rng, vocabulary=None):
    """Draw the network of `experiment`.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    rng : numpy.random.RandomState
        Draws the initial weights, one call per weight tensor in network order (the scripts' order).
    vocabulary : int, optional
        Number of distinct characters, for a language model.

    Returns
    -------
    Network

    Examples
    --------
    >>> import numpy as np
    >>> from reproduce import experiments
    >>> digits = experiments.resolve("digits", "lab", {"network.units": 16})
    >>> network = build(digits, np.random.RandomState(1234))
    >>> [weight.latent.get_value().shape for weight in network.weights]
    [(64, 16), (16, 16), (16, 16), (16, 10)]
    """
    lasagne.random.set_rng(rng)
    recipe = RECIPES[experiment.settings.get("method.variant", "released")]
    if experiment["network.kind"] == "lstm":
        return Network(_lstm(experiment, vocabulary), recipe)
    return Network(ARCHITECTURES[experiment["network.kind"]](experiment, recipe), recipe)


def _mlp(experiment, recipe):
    """in – units FC – … – classes. Paper, Section 4.1; released mnist.py, main."""
    layer = InputLayer((None, *experiment["data.shape"]))
    for number in range(1, experiment["network.hidden_layers"] + 1):
        layer = _block(experiment, recipe, layer, BinarizedDenseLayer, experiment["network.units"], f"dense{number}")
    return _scores(experiment, recipe, layer, f"dense{number + 1}")


def _cnn(experiment, recipe):
    """(2×KC3)–MP2–(2×2KC3)–MP2–(2×4KC3)–MP2–(2×1024FC)–classes, K filters in the first block.

    Paper, Sections 4.1 and 4.2; released cifar10.py and svhn.py, main.
    """
    layer = InputLayer((None, *experiment["data.shape"]))
    number = 0
    for block in range(3):
        for pools in (False, True):
            number += 1
            filters = experiment["network.filters"] * 2**block
            layer = _block(experiment, recipe, layer, BinarizedConv2DLayer, filters, f"conv{number}", pools)
    for number in (1, 2):
        layer = _block(experiment, recipe, layer, BinarizedDenseLayer, experiment["network.units"], f"dense{number}")
    return _scores(experiment, recipe, layer, "dense3")


ARCHITECTURES = {"mlp": _mlp, "cnn": _cnn}


def _lstm(experiment, vocabulary):
    """Characters – LSTM – scores. Paper, Section 4.3; released warpeace.py and linux.py, main."""
    layer = InputLayer((None, experiment["network.steps"]))
    layer = BinarizedLSTMLayer(
        layer,
        vocabulary,
        experiment["network.units"],
        experiment.method,
        experiment.settings.get("network.binarize"),
        experiment["training.clip_gradient"],
        experiment["backend.exact_gates"],
    )
    return OutputLayer(layer, vocabulary)


def _block(experiment, recipe, layer, kind, size, name, pools=False):
    """Linear – 2×2 max-pooling where it `pools` – batch norm – nonlinearity: the released scripts' order."""
    layer = _linear(experiment, recipe, layer, kind, size, name)
    if pools:
        layer = MaxPool2DLayer(layer, pool_size=2)
    return NonlinearityLayer(BatchNormLayer(layer, name=f"{name}.norm"), _activation(experiment))


def _scores(experiment, recipe, layer, name):
    """The last fully connected layer: batch norm and no nonlinearity."""
    layer = _linear(experiment, recipe, layer, BinarizedDenseLayer, experiment["network.classes"], name)
    return BatchNormLayer(layer, name=f"{name}.norm")


def _linear(experiment, recipe, layer, kind, size, name):
    return kind(layer, size, experiment.method, recipe, name=name)


def _activation(experiment):
    if not experiment.method.binary_activations:
        return lasagne.nonlinearities.rectify
    if experiment.settings.get("method.activation_scale") == "mean_abs":
        return binarization.scaled_binary_activation
    return binarization.binary_activation
