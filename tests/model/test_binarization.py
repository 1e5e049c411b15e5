"""Binarized weights and activations as symbolic tensors, with their gradients."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode

from reproduce.model import binarization

PYTHON = Mode("py", None)


def test_binarize_follows_the_rule_asked_for():
    w = at.fvector()
    outputs = [binarization.binarize(w, np.float32(0.5), rule) for rule in (True, False)]
    released, repository = aesara.function([w], outputs, mode=PYTHON)([-1, -0.0, 0, 1])
    assert released.tolist() == [-0.5, 0.5, 0.5, 0.5]
    assert repository.tolist() == [-0.5, -0.5, -0.5, 0.5]


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2, 2)], ids=["dense", "convolution"])
def test_scaled_binary_activation(shape):
    """±1 times each example's mean of abs(x), which the gradient takes as a constant."""
    rng = np.random.RandomState(0)
    value, upstream = rng.uniform(-2, 2, shape).astype("float32"), rng.randn(*shape).astype("float32")
    x = at.TensorType("float32", shape=(None,) * len(shape))()
    found = binarization.scaled_binary_activation(x)
    gradient = at.grad((found * upstream).sum(), x)
    found, gradient = aesara.function([x], [found, gradient], mode=PYTHON)(value)
    scale = np.array([abs(example).mean() for example in value]).reshape(-1, *[1] * (len(shape) - 1))
    assert found.dtype == gradient.dtype == np.float32
    np.testing.assert_allclose(found, scale * np.where(value >= 0, 1, -1), rtol=1e-6)
    np.testing.assert_allclose(gradient, scale * upstream * (abs(value) <= 1), rtol=1e-6)


def test_binary_activation_is_the_released_sign():
    x = at.fvector()
    found = binarization.binary_activation(x)
    value = np.array([-2, -1, -0.5, -0.0, 0, 0.5, 1, 2], dtype="float32")
    found, gradient = aesara.function([x], [found, at.grad(found.sum(), x)], mode=PYTHON)(value)
    assert found.tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    assert gradient.tolist() == [0, 1, 1, 1, 1, 1, 1, 0]
