"""Whole training steps against Algorithm 1 in NumPy and against Lasagne's Adam."""

from dataclasses import replace

import reproduce  # noqa: F401  gives Lasagne its Theano, and Aesara its flags

# isort: split

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
from aesara.compile.mode import Mode

from reproduce import backends, experiments, networks, updates
from reproduce.methods import METHODS, Method

ROWS, CLASSES, RATE, STEPS = 10, 3, 0.05, 4
# One hidden layer: a unit behind binary activations may tie with its batch mean, which rounding decides.
TINY = {"network.hidden_layers": 1, "network.units": 4, "network.classes": CLASSES}
PYTHON = Mode("py", None)


@pytest.fixture(autouse=True)
def _keep_lasagnes_generator():
    before = lasagne.random.get_rng()
    yield
    lasagne.random.set_rng(before)


def build(experiment):
    return networks.build(experiment, np.random.RandomState(7))


def minibatch(step):
    rng = np.random.RandomState(step)
    return rng.randn(ROWS, 64).astype("float32"), rng.randint(0, CLASSES, ROWS).astype("int32")


def loss_of(network):
    x, labels = at.TensorType("float32", (ROWS, 64))("x"), at.TensorType("int32", (ROWS,))("labels")
    scores, statistics = network.training_pass(x)
    return (x, labels), networks.squared_hinge(scores, networks.signed_one_hot(labels, CLASSES)), statistics


def compile_training(experiment, backend):
    """A backend and its training step (x, labels, η) → loss."""
    network = build(experiment)
    inputs, loss, statistics = loss_of(network)
    rate = at.fscalar("rate")
    steps = updates.adam(loss, network, rate)
    return network, backend, backend.compile([*inputs, rate], [loss], [*steps, *statistics])


class Algorithm1:
    """The paper's Algorithm 1 in float64, element by element in NumPy, from the initial values of `network`.

    Gradients come from a twin network in full precision whose weights are set to α·b: ∇ℓ at the used weights.
    """

    def __init__(self, experiment, network):
        self.weights = network.weights
        self.value = {p.name: p.get_value().astype("float64") for p in network.variables}
        self.trained = [weight.name for weight in network.weights] + [p.name for p in network.parameters]
        self.m = {name: np.zeros_like(self.value[name]) for name in self.trained}
        self.v = {name: np.zeros_like(self.value[name]) for name in self.trained}
        self.d = {weight.name: np.ones_like(self.value[weight.name]) for weight in network.weights}
        method = experiment.method
        twin_method = Method("twin", None, method.binary_activations)
        self.twin = build(replace(experiment, method=twin_method))
        inputs, loss, _ = loss_of(self.twin)
        self.variables = {p.name: p for p in self.twin.variables}
        gradients = aesara.grad(loss, [self.variables[name] for name in self.trained])
        self.evaluate = aesara.function(inputs, [loss, *gradients], mode=PYTHON)
        self.scale, self.zero = method.scale, experiment.settings.get("method.variant") != "repository"
        self.t = 0

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


def is_bias(name):
    """Whether `name` is a bias before batch norm, whose gradient is nothing but rounding."""
    return name.startswith("dense") and name.endswith(".b")


CASES = [(method, {}, "jax") for method in METHODS]
CASES += [("xnor", {"method.activation_scale": "mean_abs"}, "jax")]
CASES += [(method, {"method.variant": "repository"}, "jax") for method in ("binaryconnect", "bnn")]
CASES += [("lab", {}, "c")]


@pytest.mark.parametrize("method, overrides, backend", CASES)
def test_training_is_algorithm_1(method, overrides, backend):
    experiment = experiments.resolve("digits", method, TINY | overrides)
    network, backend, step = compile_training(experiment, backends.create(backend, "cpu"))
    algorithm = Algorithm1(experiment, network)
    for number in range(STEPS):
        rate = RATE if number < 2 else RATE / 10
        (loss,) = step(*minibatch(number), np.float32(rate))
        np.testing.assert_allclose(loss, algorithm.step(*minibatch(number), rate), rtol=1e-4)
        state = backend.state()
        assert state["adam.step"] == number + 1
        for name in algorithm.trained:
            assert state[name].dtype == np.float32
            if is_bias(name):
                continue
            scale = abs(algorithm.m[name]).max()
            np.testing.assert_allclose(state[f"{name}.m"], algorithm.m[name], rtol=1e-3, atol=1e-4 * scale)
            np.testing.assert_allclose(state[f"{name}.v"], algorithm.v[name], rtol=1e-3, atol=1e-4 * scale**2)
            np.testing.assert_allclose(state[name], algorithm.value[name], rtol=1e-4, atol=2e-5)
        for weight in network.weights:
            if weight.alpha is not None:
                np.testing.assert_allclose(state[weight.alpha.name], algorithm.alpha(weight.name), rtol=1e-4)
    moved = [name for name in algorithm.trained if np.any(state[name] != algorithm.variables[name].get_value())]
    assert set(moved) >= {name for name in algorithm.trained if not is_bias(name)}


def test_full_precision_is_lasagnes_adam():
    experiment = experiments.resolve("digits", "full-precision", TINY)
    network, backend, step = compile_training(experiment, backends.create("jax", "cpu"))
    twin = build(experiment)
    inputs, loss, _ = loss_of(twin)
    parameters = lasagne.layers.get_all_params(twin.output, trainable=True)
    lasagnes = aesara.function(inputs, updates=lasagne.updates.adam(loss, parameters, RATE), mode=PYTHON)
    assert len(parameters) == len(network.weights) + len(network.parameters)
    for number in range(STEPS):
        step(*minibatch(number), np.float32(RATE))
        lasagnes(*minibatch(number))
    state = backend.state([parameter.name for parameter in parameters])
    for parameter in parameters:
        if not is_bias(parameter.name):
            np.testing.assert_allclose(state[parameter.name], parameter.get_value(), rtol=1e-4, atol=2e-5)


def test_latent_weights_are_clipped_only_where_they_are_binarized():
    largest = {}
    for method in ("full-precision", "binaryconnect"):
        experiment = experiments.resolve("digits", method, TINY)
        _, backend, step = compile_training(experiment, backends.create("jax", "cpu"))
        for number in range(3):
            step(*minibatch(number), np.float32(1))
        state = backend.state(["dense1.W", "dense2.W"])
        largest[method] = max(abs(value).max() for value in state.values())
    assert largest["binaryconnect"] == 1
    assert largest["full-precision"] > 1


def test_biases_take_plain_adam_steps_from_their_moments():
    experiment = experiments.resolve("digits", "lab", TINY)
    _, backend, step = compile_training(experiment, backends.create("jax", "cpu"))
    before = backend.state()
    step(*minibatch(0), np.float32(RATE))
    after = backend.state()
    for name in ("dense1.b", "dense2.b"):
        m, v = (after[f"{name}.{moment}"].astype("float64") for moment in "mv")
        expected = before[name] - RATE * np.sqrt(0.001) / 0.1 * m / (np.sqrt(v) + 1e-8)
        np.testing.assert_allclose(after[name], expected, rtol=1e-4, atol=1e-7)


def test_all_moments_start_at_zero():
    experiment = experiments.resolve("digits", "lab", TINY)
    network = build(experiment)
    _, loss, _ = loss_of(network)
    pairs = updates.adam(loss, network, at.fscalar())
    moments = [variable for variable, _ in pairs if variable.name.endswith((".m", ".v")) or variable.name == "adam.step"]
    assert len(moments) == 1 + 2 * (len(network.weights) + len(network.parameters))
    assert not any(np.any(variable.get_value()) for variable in moments)
