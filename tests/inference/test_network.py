"""Exported networks beside Aesara's evaluation of the same networks."""

import numpy as np
import pytest

from reproduce import export
from reproduce.inference import kernels, network
from reproduce.methods import METHODS

KINDS = [kernels.NumPyKernels(), *([kernels.compiled()] if kernels.compiled() else [])]


def input_of(experiment, count):
    rng = np.random.RandomState(1)
    if experiment["network.kind"] == "lstm":
        return rng.randint(0, 11, (count, 6)).astype("int32")
    return rng.uniform(-1, 1, (count, *experiment["data.shape"])).astype("float32")


def scores_of(built, x):
    if x.ndim == 4:
        x = x.transpose(0, 2, 3, 1)
    return built(x)


def compare(trained, evaluated, name, method, count, **overrides):
    """Compare all examples at a time, and one."""
    experiment, source = trained(name, method, **overrides)
    x = input_of(experiment, count)
    expected = evaluated(source, x)
    layers, tensors = export.describe(source)
    shape = [11] if name == "linux_kernel" else experiment["data.shape"]
    for kind in KINDS:
        for some, wanted in ((x, expected), (x[:1], expected[: len(expected) // count])):
            found = scores_of(network.build({"shape": shape, "layers": layers}, tensors, kind), some)
            assert found.dtype == np.float32 and found.shape == wanted.shape
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * abs(expected).max())
    return tensors


@pytest.mark.parametrize("method", METHODS)
def test_fully_connected_networks(trained, evaluated, method):
    tensors = compare(trained, evaluated, "mnist", method, 12)
    packed = METHODS[method].binarizes
    assert ("dense1.W.bits" in tensors, "dense1.W" in tensors) == (packed, not packed)


@pytest.mark.parametrize("method", ["full-precision", "lab", "lab2"])
def test_convolutional_networks(trained, evaluated, method):
    compare(trained, evaluated, "cifar10", method, 2)


@pytest.mark.parametrize(
    ("method", "binarize"),
    [("full-precision", None), ("lab", None), ("lab2", "cell_output"), ("xnor", "hidden_state")],
)
def test_language_models(trained, evaluated, method, binarize):
    overrides = {"network.binarize": binarize} if binarize else {}
    compare(trained, evaluated, "linux_kernel", method, 10, **overrides)


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_activations_with_a_scale(trained, evaluated, name):
    compare(trained, evaluated, name, "xnor", 2, **{"method.activation_scale": "mean_abs"})


def test_the_sign_of_a_zero_weight_is_the_recipes(trained):
    for variant, bit in (("released", 1), ("repository", 0)):
        _, source = trained("mnist", "bnn", **{"method.variant": variant})
        latent = source.weights[0].latent
        latent.set_value(np.zeros_like(latent.get_value()))
        _, tensors = export.describe(source)
        assert set(np.unpackbits(tensors["dense1.W.bits"]).tolist()) == {bit}


def test_a_border_of_zeros_adds_nothing_to_the_products_of_signs():
    """By brute force, with as many channels as do not fill a word, and more."""
    rng = np.random.RandomState(3)
    for channels in (1, 5, 64, 70):
        positive, filters = rng.rand(2, 4, 3, channels) < 0.5, rng.rand(6, 3, 3, channels) < 0.5
        padded = np.pad(np.where(positive, 1, -1), ((0, 0), (1, 1), (1, 1), (0, 0)))
        signs = np.where(filters, 1, -1)
        expected = np.array([
            [[[(padded[n, r : r + 3, c : c + 3] * f).sum() for f in signs] for c in range(3)] for r in range(4)]
            for n in range(2)
        ])  # fmt: skip
        for kind in KINDS:
            weights = network.layers.BinaryWeights(
                kernels.pack(filters.reshape(6, -1)), np.float32(1), 9 * channels, kind
            )
            found = network.layers.Convolution(weights, takes_signs=True)(network.layers.Signs(positive))
            assert (found == expected).all()


def test_an_odd_last_row_is_left_out_of_pooling():
    x = np.arange(15, dtype="float32").reshape(1, 3, 5, 1)
    assert network.layers.pool(x).ravel().tolist() == [6, 8]
