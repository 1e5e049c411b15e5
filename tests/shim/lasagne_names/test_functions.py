"""Nonlinearities, objectives and updates that Lasagne 0.1 lacks, against their formulas in NumPy."""

import aesara
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import nonlinearities, objectives, updates

from reproduce.shim import lasagne_names

PYTHON = aesara.compile.Mode(linker="py", optimizer="fast_compile")
pytestmark = pytest.mark.usefixtures("without_compiler")
X = np.linspace(-3, 3, 13).astype("float32")


def value(expression):
    return theano.function([], expression, mode=PYTHON)()


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (nonlinearities.elu, lambda x: np.where(x > 0, x, np.exp(x) - 1)),
        (nonlinearities.softplus, lambda x: np.log1p(np.exp(x))),
        (nonlinearities.ScaledTanH(0.5, 2), lambda x: 2 * np.tanh(x / 2)),
        (nonlinearities.ScaledTanh(scale_in=2), lambda x: np.tanh(2 * x)),
        (nonlinearities.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1))),
        (nonlinearities.SELU(2, 3), lambda x: 2 * np.where(x > 0, x, 3 * (np.exp(x) - 1))),
    ],
)
def test_nonlinearities(function, formula):
    np.testing.assert_allclose(value(function(T.constant(X))), formula(X), rtol=1e-5, atol=1e-6)


SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.3, 0.3, 0.4]], "float32")
CLASSES = np.array([1, 1, 2], "int32")
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


@pytest.mark.parametrize("targets", [CLASSES, ONE_HOT])
def test_multiclass_hinge_and_accuracy(targets):
    right = SCORES[np.arange(3), CLASSES]
    wrong = np.where(ONE_HOT > 0, -np.inf, SCORES).max(1)
    found = value(objectives.multiclass_hinge_loss(T.constant(SCORES), T.constant(targets), 0.5))
    np.testing.assert_allclose(found, np.maximum(0, wrong - right + 0.5), rtol=1e-6)
    for k, expected in ((1, [1, 0, 1]), (2, [1, 1, 1])):
        assert value(objectives.categorical_accuracy(T.constant(SCORES), T.constant(targets), k)).tolist() == expected


def test_binary_losses():
    p, t = np.array([0.1, 0.5, 0.9], "float32"), np.array([0, 1, 0], "float32")
    z = np.log(p / (1 - p))
    hinge = objectives.binary_hinge_loss
    signs = 2 * t - 1
    for found, expected in (
        (hinge(T.constant(z), T.constant(t)), np.maximum(0, 1 - signs * z)),
        (hinge(T.constant(p), T.constant(t), log_odds=False), np.maximum(0, 1 - signs * z)),
        (hinge(T.constant(z), T.constant(signs), delta=2, binary=False), np.maximum(0, 2 - signs * z)),
        (objectives.binary_accuracy(T.constant(p), T.constant(t)), [1, 1, 0]),
        (objectives.huber_loss(T.constant(4 * t), T.constant(p), 2), [0.005, 5, 0.405]),
    ):
        np.testing.assert_allclose(value(found), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["adamax", "amsgrad"])
def test_updates_by_their_papers_formulas(name):
    w = theano.shared(np.array([1.0, -2.0], "float32"))
    target = T.vector()
    beta2 = 0.5  # so small that the second moment falls
    steps = getattr(updates, name)(0.5 * T.sum((w - target) ** 2), [w], 0.1, beta2=beta2)
    step = theano.function([target], [], updates=steps, mode=PYTHON)
    expected, m, v, largest = np.array([1.0, -2.0]), 0.0, 0.0, 0.0
    for time, goal in enumerate((3.0, 0.5, -1.0), 1):
        gradient = expected - goal
        m = 0.9 * m + 0.1 * gradient
        if name == "adamax":
            largest = np.maximum(beta2 * largest, abs(gradient))
            expected = expected - 0.1 / (1 - 0.9**time) * m / (largest + 1e-8)
        else:
            v = beta2 * v + (1 - beta2) * gradient**2
            largest = np.maximum(largest, v)
            rate = 0.1 * np.sqrt(1 - beta2**time) / (1 - 0.9**time)
            expected = expected - rate * m / (np.sqrt(largest) + 1e-8)
        step(np.full(2, goal, "float32"))
    np.testing.assert_allclose(w.get_value(), expected, rtol=1e-4)


def test_what_lasagne_has_itself_stays_its_own(monkeypatch):
    monkeypatch.setattr(nonlinearities, "elu", abs)
    lasagne_names.supply()
    assert nonlinearities.elu is abs
