"""The LSTM against a NumPy loop and Aesara's own gradients, and Proposition 3.2."""

import functools

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.gradient import grad_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from lasagne.layers import get_output

from reproduce import experiments
from reproduce.model import networks
from reproduce.model.lstm import GATES, unrolled
from reproduce.model.ops import jax_rules  # noqa: F401  registers the JAX twins
from reproduce.model.ops.sign import sign
from reproduce.shim import jax_ops

VOCABULARY, UNITS, STEPS = 5, 3, 4
PYTHON = Mode("py", "fast_compile")


def build(method, **overrides):
    overrides = {"network.units": UNITS, "network.steps": STEPS} | overrides
    experiment = experiments.resolve("war_and_peace", method, overrides)
    return networks.build(experiment, np.random.RandomState(1), VOCABULARY)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_lstm(network, x, act_cell, act_hidden):
    """Scores (batch·steps, vocabulary) in float64, one example and one step after the other."""
    layer = network.output.input_layer
    used = {}
    for weight in network.weights:
        w = weight.latent.get_value().astype("float64")
        used[weight.name.partition(".")[2]] = (
            w if weight.alpha is None and not weight.method.binarizes
            else (1.0 if weight.alpha is None else float(weight.alpha.get_value())) * np.where(w >= 0, 1.0, -1.0)
        )  # fmt: skip
    bias = {gate: b.get_value() for gate, b in zip(GATES, layer.biases, strict=True)}
    scores = []
    for sequence in x:
        cell, hidden = np.zeros(UNITS), np.zeros(UNITS)
        for index in sequence:
            pre = {
                gate: used[f"W_in_to_{gate}"][index] + hidden @ used[f"W_hid_to_{gate}"] + bias[gate] for gate in GATES
            }
            cell = sigmoid(pre["forgetgate"]) * cell + sigmoid(pre["ingate"]) * np.tanh(pre["cell"])
            hidden = act_hidden(sigmoid(pre["outgate"]) * act_cell(cell))
            scores.append(hidden @ network.output.W.get_value() + network.output.b.get_value())
    return np.array(scores)


def step(x):
    return np.where(x >= 0, 1.0, -1.0)


def identity(x):
    return x


@pytest.mark.parametrize(
    ("method", "binarize", "act_cell", "act_hidden"),
    [
        ("full-precision", None, np.tanh, identity),
        ("lab", None, np.tanh, identity),
        ("binaryconnect", None, np.tanh, identity),
        ("lab2", "cell_output", step, identity),
        ("xnor", "hidden_state", np.tanh, step),
    ],
)
def test_scores_equal_a_numpy_loop(method, binarize, act_cell, act_hidden):
    network = build(method, **({"network.binarize": binarize} if binarize else {}))
    rng = np.random.RandomState(3)
    for weight in network.weights:  # larger than at the start, so that no sum is near a tie
        weight.latent.set_value(rng.uniform(-1, 1, weight.latent.get_value().shape).astype("float32"))
    value = rng.randint(0, VOCABULARY, (2, STEPS)).astype("int32")
    x = at.imatrix()
    found = aesara.function([x], get_output(network.output, x), mode=PYTHON)(value)
    assert found.shape == (2 * STEPS, VOCABULARY)
    np.testing.assert_allclose(found, numpy_lstm(network, value, act_cell, act_hidden), rtol=1e-4, atol=1e-6)


def test_weights_are_drawn_in_lasagnes_order():
    network = build("lab")
    rng = np.random.RandomState(1)
    for weight, (gate, source) in zip(
        network.weights, [(gate, source) for gate in GATES for source in ("in", "hid")], strict=True
    ):
        rows = VOCABULARY if source == "in" else UNITS
        assert weight.name == f"lstm.W_{source}_to_{gate}"
        expected = rng.uniform(-0.08, 0.08, (rows, UNITS)).astype("float32")
        np.testing.assert_array_equal(weight.latent.get_value(), expected)
    expected = rng.normal(0, 0.01, (UNITS, VOCABULARY)).astype("float32")
    np.testing.assert_array_equal(network.output.W.get_value(), expected)
    biases = [b.get_value() for b in network.output.input_layer.biases]
    np.testing.assert_array_equal(biases, [[0] * UNITS, [1] * UNITS, [0] * UNITS, [0] * UNITS])


def test_gradients_are_clipped_at_every_step():
    """With a bound so small that every step's gradient is cut, the bias's gradient is the bound times the steps."""
    bound = 1e-7
    network = build("full-precision", **{"training.clip_gradient": bound})
    x = at.imatrix()
    loss = (1e6 * get_output(network.output, x)).sum()
    bias = network.output.input_layer.biases[-1]
    value = np.zeros((1, STEPS), dtype="int32")
    gradient = aesara.function([x], aesara.grad(loss, bias), mode=PYTHON)(value)
    np.testing.assert_allclose(abs(gradient), bound * STEPS, rtol=1e-5)


def by_elementwise_scan(W_in, bias, characters, W_hid, binarize, clip):
    """`unrolled` as a scan of elementwise Ops, which Aesara differentiates by itself."""
    n = W_hid.shape[0]

    def step(projected, cell, hidden, W_hid):
        pre = projected + at.dot(hidden, W_hid)
        pre = grad_clip(pre, -clip, clip) if clip else pre
        i, f, c, o = (pre[:, k * n : (k + 1) * n] for k in range(4))
        cell = at.sigmoid(f) * cell + at.sigmoid(i) * at.tanh(c)
        hidden = at.sigmoid(o) * (sign(cell) if binarize == "cell_output" else at.tanh(cell))
        return cell, sign(hidden) if binarize == "hidden_state" else hidden

    start = at.zeros((characters.shape[1], n), dtype="float32")
    (_, hidden), _ = aesara.scan(step, W_in[characters] + bias, [start, start], [W_hid], strict=True)
    return hidden


@functools.cache
def results(build_scan, binarize, clip, mode):
    """Hidden states, and the gradients of a sum of them, of a loop that `build_scan` builds."""
    W_in, bias, _, W_hid = inputs = at.fmatrix(), at.fvector(), at.imatrix(), at.fmatrix()
    weights = at.ftensor3()
    rng = np.random.RandomState(5)
    shapes = (VOCABULARY, 4 * UNITS), (4 * UNITS,), (UNITS, 4 * UNITS), (STEPS, 2, UNITS)
    values = [rng.randn(*shape).astype("float32") for shape in shapes]
    values.insert(2, np.int32([[0, 1], [0, 0], [3, -3], [4, 3]]))
    hidden = build_scan(*inputs, binarize, clip)
    gradients = aesara.grad((weights * hidden).sum(), [W_in, bias, W_hid])
    compiled = {"python": PYTHON, "jax": jax_ops.mode(), "c": Mode("cvm", "fast_run")}[mode]
    return aesara.function([*inputs, weights], [hidden, *gradients], mode=compiled)(*values)


@pytest.mark.parametrize("clip", [0.05, 0])
@pytest.mark.parametrize("binarize", [None, "cell_output", "hidden_state"])
@pytest.mark.parametrize("mode", ["python", "jax", pytest.param("c", marks=pytest.mark.compiler)])
def test_gradients_equal_those_that_aesara_derives(mode, binarize, clip):
    found = results(unrolled, binarize, clip, mode)
    for ours, wanted in zip(found, results(by_elementwise_scan, binarize, clip, "python"), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
    once = np.asarray(found[1])[2]  # of a character that comes once
    assert not clip or abs(once).max() == np.float32(clip)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 8), st.integers(0, 8), st.integers(0, 10**6))
def test_proposition_3_2(rows, more, seed):
    """A ±1 matrix m×n with m ≤ n has a largest singular value of at least √n."""
    columns = rows + more
    matrix = np.random.RandomState(seed).choice([-1.0, 1.0], (rows, columns))
    assert np.linalg.svd(matrix, compute_uv=False)[0] >= np.sqrt(columns) * (1 - 1e-12)
