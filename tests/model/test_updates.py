"""Whole training steps against Algorithm 1 in NumPy and against Lasagne's Adam."""

import functools
from dataclasses import replace

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
from aesara.compile.mode import Mode
from lasagne.layers import InputLayer

from reproduce import backends, experiments
from reproduce.methods import METHODS
from reproduce.model import networks, updates
from reproduce.model.layers import BinarizedDenseLayer
from reproduce.model.objectives import SquaredHinge
from reproduce.model.recipe import RECIPES, RELEASED

ROWS, CLASSES, RATE, STEPS = 10, 3, 0.4, 4
# One hidden layer: a unit behind binary activations may tie with its batch mean, which rounding decides.
TINY = {"network.hidden_layers": 1, "network.units": 4, "network.classes": CLASSES}
PYTHON = Mode("py", None)


@pytest.fixture(autouse=True)
def _keep_lasagnes_generator():
    before = lasagne.random.get_rng()
    yield
    lasagne.random.set_rng(before)


def mlp(experiment):
    return networks.build(experiment, np.random.RandomState(7))


def one_layer(experiment):
    """A single dense layer: few C modules to compile."""
    lasagne.random.set_rng(np.random.RandomState(7))
    layer = BinarizedDenseLayer(InputLayer((None, 64)), CLASSES, experiment.method, RELEASED, name="layer1")
    return networks.Network(layer, RELEASED)


def minibatch(step):
    rng = np.random.RandomState(step)
    return rng.randn(ROWS, 64).astype("float32"), rng.randint(0, CLASSES, ROWS).astype("int32")


def loss_of(network):
    x, labels = at.TensorType("float32", (ROWS, 64))("x"), at.TensorType("int32", (ROWS,))("labels")
    scores, statistics = network.training_pass(x)
    return (x, labels), SquaredHinge(CLASSES).loss(scores, labels), statistics


class Algorithm1:
    """The paper's Algorithm 1 in float64, element by element in NumPy, from the values that `build` draws.

    Gradients come from a twin network in full precision whose weights are set to α·b: ∇ℓ at the used weights.
    """

    def __init__(self, experiment, build):
        network = build(experiment)
        self.weights = network.weights
        self.value = {p.name: p.get_value().astype("float64") for p in network.variables}
        self.trained = [weight.name for weight in network.weights] + [p.name for p in network.parameters]
        self.m = {name: np.zeros_like(self.value[name]) for name in self.trained}
        self.v = {name: np.zeros_like(self.value[name]) for name in self.trained}
        self.d = {weight.name: np.ones_like(self.value[weight.name]) for weight in network.weights}
        method = experiment.method
        twin_method = replace(method, scale=None)
        self.twin = build(replace(experiment, method=twin_method))
        inputs, loss, _ = loss_of(self.twin)
        self.variables = {p.name: p for p in self.twin.variables}
        gradients = aesara.grad(loss, [self.variables[name] for name in self.trained])
        self.evaluate = aesara.function(inputs, [loss, *gradients], mode=PYTHON)
        self.scale, self.zero = method.scale, network.recipe.zero_is_positive
        self.t = 0
        self.initial = self.state()

    def state(self):
        """The values and moments of all that is trained, and the scales, by name."""
        state = {}
        for name in self.trained:
            state |= {name: self.value[name], f"{name}.m": self.m[name], f"{name}.v": self.v[name]}
        for weight in self.weights:
            if weight.alpha is not None:
                state[weight.alpha.name] = self.alpha(weight.name)
        return state

    def alpha(self, name):
        w, d = abs(self.value[name]), self.d[name]
        return {"one": 1.0, "mean_abs": w.mean(), "curvature": (d * w).sum() / d.sum()}[self.scale]

    def used(self, name):
        w = self.value[name]
        if self.scale is None:
            return w
        return self.alpha(name) * np.where(w >= 0 if self.zero else w > 0, 1, -1)

    def step(self, x, labels, rate):
        """Train on one minibatch; its loss before the update."""
        self.t += 1
        latent = [weight.name for weight in self.weights]
        for name in self.trained:
            value = self.used(name) if name in latent else self.value[name]
            self.variables[name].set_value(value.astype("float32"))
        loss, *gradients = self.evaluate(x, labels)
        for name, g in zip(self.trained, gradients, strict=True):
            self.m[name] = 0.9 * self.m[name] + 0.1 * g
            self.v[name] = 0.999 * self.v[name] + 0.001 * np.square(g, dtype="float64")
            m_hat, v_hat = self.m[name] / (1 - 0.9**self.t), self.v[name] / (1 - 0.999**self.t)
            # Lasagne's ε stands beside the uncorrected root.
            d = (1e-8 / np.sqrt(1 - 0.999**self.t) + np.sqrt(v_hat)) / rate
            factor = next((weight.step_scale for weight in self.weights if weight.name == name), 1.0)
            self.value[name] = self.value[name] - factor * m_hat / d
            if name in latent and self.scale is not None:
                self.value[name] = np.clip(self.value[name], -1, 1)
                self.d[name] = d
        return loss


def is_noise(name):
    """Whether `name` belongs to a bias before batch norm, whose gradient is nothing but rounding."""
    layer, parameter, *_ = name.split(".")
    return layer.startswith("dense") and parameter == "b"


@functools.cache
def train(method, overrides=(), backend="jax", build=mlp):
    """Algorithm 1 after `STEPS` steps, and (loss, state) of ours and of it before the first and after each step."""
    experiment = experiments.resolve("digits", method, TINY | dict(overrides))
    network = build(experiment)
    inputs, loss, statistics = loss_of(network)
    rate = at.fscalar("rate")
    steps = updates.adam(loss, network, rate)
    backend = backends.create(backend, "cpu")
    step = backend.compile([*inputs, rate], [loss], [*steps, *statistics])
    algorithm = Algorithm1(experiment, build)
    ours, its = [(None, backend.state())], [(None, algorithm.initial)]
    for number in range(STEPS):
        rate = RATE if number < 2 else RATE / 10
        ours.append((*step(*minibatch(number), np.float32(rate)), backend.state()))
        its.append((algorithm.step(*minibatch(number), rate), algorithm.state()))
    return algorithm, ours, its


def _id(part):
    return part if isinstance(part, str) else part.__name__ if callable(part) else "-".join(v for _, v in part)


CASES = [(method,) for method in METHODS]
CASES += [("xnor", (("method.activation_scale", "mean_abs"),))]
CASES += [("binaryconnect", (("method.variant", "repository"),))]
CASES += [("lab", (), "jax", one_layer), pytest.param(("lab", (), "c", one_layer), marks=pytest.mark.compiler)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(_id, case)))
def test_training_is_algorithm_1(case):
    algorithm, ours, its = train(*case)
    for number, ((loss, state), (its_loss, expected)) in enumerate(zip(ours, its, strict=True)):
        assert state["adam.step"] == number
        if number:
            np.testing.assert_allclose(loss, its_loss, rtol=1e-4)
        for name, value in expected.items():
            assert state[name].dtype == np.float32
            if not is_noise(name):
                scale = np.max(abs(value), initial=1e-6)
                np.testing.assert_allclose(state[name], value, rtol=1e-3, atol=1e-4 * scale, err_msg=name)
    for name in algorithm.trained:
        assert np.any(ours[-1][1][name] != ours[0][1][name]), f"{name} did not move"


def test_full_precision_is_lasagnes_adam():
    algorithm, ours, _ = train("full-precision")
    twin = mlp(experiments.resolve("digits", "full-precision", TINY))
    inputs, loss, _ = loss_of(twin)
    parameters = lasagne.layers.get_all_params(twin.output, trainable=True)
    assert {parameter.name for parameter in parameters} == set(algorithm.trained)
    rate = at.fscalar()
    steps = lasagne.updates.adam(loss, parameters, rate)
    step = aesara.function([*inputs, rate], updates=steps, mode=PYTHON)
    for number in range(STEPS):
        step(*minibatch(number), RATE if number < 2 else RATE / 10)
        for parameter in parameters:
            if not is_noise(parameter.name):
                found = ours[number + 1][1][parameter.name]
                np.testing.assert_allclose(found, parameter.get_value(), rtol=1e-3, atol=1e-4, err_msg=parameter.name)


@pytest.mark.parametrize("method", ["full-precision", "binaryconnect", "lab"])
def test_latent_weights_are_clipped_only_where_they_are_binarized(method):
    _, ours, _ = train(method)
    largest = max(abs(state[name]).max() for _, state in ours for name in ("dense1.W", "dense2.W"))
    if method == "full-precision":
        assert largest > 1
    else:
        assert largest == 1


def test_biases_take_plain_adam_steps_from_their_moments():
    _, ((_, before), (_, after), *_), _ = train("lab")
    for name in ("dense1.b", "dense2.b"):
        m, v = (after[f"{name}.{moment}"].astype("float64") for moment in "mv")
        expected = before[name] - RATE * np.sqrt(0.001) / 0.1 * m / (np.sqrt(v) + 1e-8)
        np.testing.assert_allclose(after[name], expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("variant", RECIPES)
def test_every_parameter_decays_as_its_recipe_says(variant):
    """After one step v/m² is (1 − β₂)/(1 − β₁)², which tells the two roundings of 1 − β₂ apart."""
    _, (_, (_, after), *_), _ = train("binaryconnect", (("method.variant", variant),))
    rest1, rest2 = {"released": (0.1, 0.001), "repository": (1 - np.float32(0.9), 1 - np.float32(0.999))}[variant]
    for name in ("dense1.W", "dense2.W", "dense1.norm.beta", "dense2.norm.gamma"):
        m, v = (after[f"{name}.{moment}"].astype("float64") for moment in "mv")
        moved = abs(m) > 1e-6
        assert moved.any()
        np.testing.assert_allclose(v[moved] / m[moved] ** 2, rest2 / rest1**2, rtol=2e-6, err_msg=name)
