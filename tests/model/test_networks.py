"""The paper's MLP from an experiment: shapes, parameters, order of draws; losses and errors against NumPy."""

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
from aesara.compile.mode import Mode

from reproduce import experiments
from reproduce.methods import METHODS
from reproduce.model import networks

PYTHON = Mode("py", None)
SEED = 1234


def build(method, **overrides):
    overrides = {"network.hidden_layers": 2, "network.units": 4, "network.classes": 3} | overrides
    return networks.build(experiments.resolve("digits", method, overrides), np.random.RandomState(SEED))


@pytest.fixture(autouse=True)
def _keep_lasagnes_generator():
    before = lasagne.random.get_rng()
    yield
    lasagne.random.set_rng(before)


def names(variables):
    return [variable.name for variable in variables]


@pytest.mark.parametrize("method", METHODS)
def test_parameters(method):
    network = build(method)
    latent = ["dense1.W", "dense2.W", "dense3.W"]
    assert names(weight.latent for weight in network.weights) == latent
    assert [weight.name for weight in network.weights] == latent
    shapes = [weight.latent.get_value().shape for weight in network.weights]
    assert shapes == [(64, 4), (4, 4), (4, 3)]
    norms = [norm.name for norm in network.norms]
    assert len(set(norms)) == 3
    others = []
    for k, norm in enumerate(norms, start=1):
        others += [f"dense{k}.b", f"{norm}.beta", f"{norm}.gamma"]
    assert names(network.parameters) == others
    statistics = [f"{norm}.{name}" for norm in norms for name in ("mean", "std")]
    alphas = [f"{name}.alpha" for name in latent] if METHODS[method].has_alpha else []
    assert sorted(names(network.variables)) == sorted(latent + others + statistics + alphas)


@pytest.mark.parametrize("method", ["full-precision", "lab"])
def test_weights_are_drawn_in_network_order(method):
    rng = np.random.RandomState(SEED)
    for weight in build(method).weights:
        shape = weight.latent.get_value().shape
        bound = np.sqrt(6 / sum(shape)) if method == "full-precision" else float(np.float32(np.sqrt(1.5 / sum(shape))))
        drawn = rng.uniform(-bound, bound, shape).astype("float32")
        np.testing.assert_allclose(weight.latent.get_value(), drawn, rtol=1e-6)


def test_the_variant_reaches_every_layer():
    network = build("bnn", **{"method.variant": "repository"})
    steps = [weight.step_scale for weight in network.weights]
    np.testing.assert_allclose(steps, np.sqrt(np.array([64 + 4, 4 + 4, 4 + 3]) / 1.5), rtol=1e-12)


def numpy_pass(network, x, activation, deterministic):
    """Scores by plain NumPy in float64, and the norms' inputs."""
    value = {variable.name: variable.get_value().astype("float64") for variable in network.variables}
    inputs = []
    for k, (weight, norm) in enumerate(zip(network.weights, network.norms, strict=True), start=1):
        w = value[f"dense{k}.W"]
        alpha = value.get(f"dense{k}.W.alpha", 1.0)
        used = alpha * np.where(w >= 0, 1, -1) if weight.method.binarizes else w
        x = x @ used + value[f"dense{k}.b"]
        inputs.append(x)
        mean, std = x.mean(0), x.std(0)
        if deterministic:
            mean, std = value[norm.mean.name], value[norm.std.name]
        x = (x - mean) / (std + 1e-4) * value[norm.gamma.name] + value[norm.beta.name]
        if k < len(network.weights):
            x = activation(x)
    return x, inputs


def relu(x):
    return np.maximum(x, 0)


def signs(x):
    return np.where(x >= 0, 1.0, -1.0)


def scaled_signs(x):
    return signs(x) * abs(x).mean(axis=1, keepdims=True)


SCALED = {"method.activation_scale": "mean_abs"}
PASSES = [("full-precision", relu, {}), ("binaryconnect", relu, {}), ("lab", relu, {})]
PASSES += [("lab2", signs, {}), ("xnor", signs, {}), ("xnor", scaled_signs, SCALED)]


@pytest.mark.parametrize("method, activation, overrides", PASSES)
def test_passes_equal_numpy(method, activation, overrides):
    # One hidden layer: a unit behind binary activations may tie with its batch mean, which rounding decides.
    network = build(method, **overrides, **{"network.hidden_layers": 1})
    rng = np.random.RandomState(0)
    for norm in network.norms:
        norm.mean.set_value(rng.randn(*norm.mean.get_value().shape).astype("float32"))
        norm.std.set_value(rng.uniform(0.5, 2, norm.std.get_value().shape).astype("float32"))
    x, value = at.fmatrix(), rng.randn(8, 64).astype("float32")
    running = [statistic.get_value() for norm in network.norms for statistic in (norm.mean, norm.std)]

    scores, updates = network.training_pass(x)
    assert [variable for variable, _ in updates] == [s for norm in network.norms for s in (norm.mean, norm.std)]
    found, *statistics = aesara.function([x], [scores] + [new for _, new in updates], mode=PYTHON)(value)
    wanted, inputs = numpy_pass(network, value, activation, deterministic=False)
    assert found.shape == (8, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    batch = [statistic for norm_input in inputs for statistic in (norm_input.mean(0), norm_input.std(0))]
    for new, old, of_batch in zip(statistics, running, batch, strict=True):
        np.testing.assert_allclose(new, 0.9 * old + 0.1 * of_batch, rtol=1e-5, atol=1e-6)

    found = aesara.function([x], network.evaluation_pass(x), mode=PYTHON)(value)
    wanted, _ = numpy_pass(network, value, activation, deterministic=True)
    assert found.shape == (8, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
