"""Scripts in the era's style give the losses of closed forms and of NumPy, and Theano's own."""

import numpy as np
import pytest


@pytest.fixture
def lines(request, run):
    name = request.node.originalname.removeprefix("test_")
    return lambda *arguments: run(name, "jax", *arguments)


def values(lines, word):
    """The numbers after `word` in the lines that begin with it."""
    return [float(line.split()[1]) for line in lines if line.startswith(f"{word} ")]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_logistic_regression(lines):
    rng = np.random.RandomState(1)
    x, y = rng.uniform(size=(23, 6)), rng.randint(0, 4, 23)
    W, b, expected = np.zeros((6, 4)), np.zeros(4), []
    for _ in range(3):
        for part in (slice(5 * i, 5 * i + 5) for i in range(4)):
            p = softmax(x[part] @ W + b)
            expected.append(-np.log(p[np.arange(5), y[part]]).mean())
            error = (p - np.eye(4)[y[part]]) / 5
            W, b = W - 0.5 * x[part].T @ error, b - 0.5 * error.sum(0)
    found = lines()
    np.testing.assert_allclose(values(found, "loss"), expected, atol=1e-6)
    assert found[-1] == "batches 4"  # 23 / 5


def test_mlp_dropout(lines):
    found = lines()
    assert values(found, "first") == [pytest.approx(np.log(3), abs=1e-6)]
    assert values(found, "last")[0] < 0.8


def test_lenet(lines):
    rng = np.random.RandomState(23455)
    bound = np.sqrt(6 / (16 + 12))  # 3 · 16 / 4 outputs a place
    filters = rng.uniform(-bound, bound, (3, 1, 4, 4))
    images = rng.uniform(size=(4, 81)).reshape(4, 9, 9)
    windows = np.lib.stride_tricks.sliding_window_view(images, (4, 4), axis=(1, 2))
    convolved = np.einsum("nijab,fab->nfij", windows, filters[:, 0, ::-1, ::-1])
    features = np.tanh(convolved.reshape(4, 3, 3, 2, 3, 2).max((3, 5)))
    found = lines()
    assert values(found, "first") == [pytest.approx(np.log(10), abs=1e-6)] and values(found, "last")[0] < 2.2
    printed = [float(word) for word in found[1].split()[1:]]
    np.testing.assert_allclose(printed, features[0, :, 0, 1], atol=1e-6)
    assert found[-1] == "saved True"


def test_denoising_autoencoder(lines):
    found = lines()
    assert values(found, "first") == [pytest.approx(12 * np.log(2), abs=1e-6)]
    assert values(found, "last")[0] < 6.5


def test_rbm(lines):
    rng = np.random.RandomState(1)
    rng.randint(2**30)
    W = rng.normal(0, 0.1, (7, 4))
    data = (rng.uniform(size=(50, 7)) < 0.3).astype(float)
    energy = -np.log1p(np.exp(data @ W)).sum(1) - data @ np.linspace(-1, 1, 7)
    found = lines()
    assert values(found, "energy") == [pytest.approx(energy.mean(), abs=1e-6)]
    assert found[1:] == ["chain (50, 7) True", "biased True"]


def test_rnn(lines):
    rng = np.random.RandomState(7)
    W, W_in, W_out, h = (rng.uniform(size=size, low=-0.3, high=0.3) for size in ((5, 5), (3, 5), (5, 2), (5,)))
    inputs, targets = rng.uniform(size=(6, 3)), rng.uniform(size=(6, 2))
    error = 0
    for u, t in zip(inputs, targets, strict=True):
        h = np.tanh(u @ W_in + h @ W)
        error += ((h @ W_out - t) ** 2).sum() / 6
    losses = values(lines(), "loss")
    assert losses[0] == pytest.approx(error, abs=1e-6) and losses == sorted(losses, reverse=True)


def test_lstm(lines):
    rng = np.random.RandomState(3)
    W, U, b, V = (rng.uniform(-0.5, 0.5, shape) for shape in ((4, 16), (4, 16), (16,), (4, 3)))
    x = rng.normal(size=(5, 2, 4))
    mask = np.array([[1, 1], [1, 1], [1, 1], [1, 0], [1, 0]])[:, :, None]
    h = c = total = np.zeros((2, 4))
    for x_, m in zip(x, mask, strict=True):
        i, f, o, g = np.split(h @ U + x_ @ W + b, 4, axis=1)
        c = m * (sigmoid(f) * c + sigmoid(i) * np.tanh(g)) + (1 - m) * c
        h = m * sigmoid(o) * np.tanh(c) + (1 - m) * h
        total = total + m * h
    p = softmax(total / mask.sum(0) @ V)
    losses = values(lines(), "loss")
    assert losses[0] == pytest.approx(-np.log(p[[0, 1], [0, 2]] + 1e-8).mean(), abs=1e-6)
    assert losses == sorted(losses, reverse=True)


def test_batch_norm(lines):
    found = lines()
    assert values(found, "first") == [pytest.approx(np.log(3), abs=1e-6)]
    assert found[1] == "mean None" and values(found, "accuracy")[0] > 0.9


def test_masked_sequences(lines):
    found = lines()
    assert found[0] == "W:3x4 b:4 W:4x4 W:4x1 b:1"
    numbers = np.array([float(word) for word in found[1].split()[1:]])
    W, b, U, V, _ = np.split(numbers, np.cumsum([12, 4, 16, 4]))
    x = _normal_after(found)
    h = np.zeros((2, 4))
    for t in range(5):
        new = np.tanh(x[:, t] @ W.reshape(3, 4) + b + h @ U.reshape(4, 4))
        h = new if t < 2 else np.stack([new[0], h[1]])
    loss = ((h @ V - [1, -1]) ** 2).mean()
    assert values(found, "loss") == [pytest.approx(loss, abs=2e-6)] and values(found, "last")[0] < 0.1


def _normal_after(found):
    """The inputs that the script draws after its weights, from the same generator."""
    rng = np.random.RandomState(11)
    for size in ((3, 4), (4, 4)):
        weights = rng.uniform(-0.01, 0.01, size)
    numbers = [float(word) for word in found[1].split()[1:]]
    np.testing.assert_allclose(numbers[16:32], weights.ravel(), atol=1e-8)
    return rng.normal(size=(2, 5, 3))


def test_character_model(lines):
    first, last = lines()
    assert first == "data has 64 characters, 18 unique."  # of bytes, as Python 2 read them
    words = last.split()
    assert (words[1], words[3]) == ("120", f"{np.log(18):.6f}") and float(words[5]) < 1.5


THEANOS = {
    "": "5.807970 6.150664 5.807970 6.129749 5.182417 5.122264 3.633233 3.343579 4.035803 3.113146 3.946698 2.824001 "
        "3.018421 2.611180 2.663415",
    "--stochastic": "4.847162 7.727928 4.283299 3.791165 4.858401 5.558449 7.191471 3.751226 5.243410 5.311103 "
                    "6.106949 6.316019 4.645618 3.885224 3.901209",
}  # fmt: skip
"""What binary_connect.py prints under Python 2.7.18 with Theano 0.9.0, NumPy 1.16.6."""


@pytest.mark.compiler
@pytest.mark.parametrize("argument", THEANOS)
def test_binary_connect(run, argument):
    rng = np.random.RandomState(1234)
    W, x = rng.uniform(-1, 1, (6, 4)), rng.normal(size=(10, 6))
    loss = (np.maximum(0, 1 - np.where(x[:, :4] > 0, 1, -1) * (x @ np.where(W >= 0, 1, -1))) ** 2).mean()
    found = run("binary_connect", "c", *filter(None, [argument]))
    losses = values(found, "loss")
    np.testing.assert_allclose(losses, [float(word) for word in THEANOS[argument].split()], atol=2e-6)
    assert all(line.endswith("True") for line in found)
    assert argument or losses[0] == pytest.approx(loss, abs=1e-6)
