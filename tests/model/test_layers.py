"""Initial weights in the scripts' order of draws, and batch normalisation against a NumPy loop."""

import itertools

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
import scipy.signal
from aesara.compile.mode import Mode
from lasagne.layers import InputLayer, get_all_params, get_output, get_output_shape

from reproduce import backends
from reproduce.methods import METHODS
from reproduce.model.layers import BatchNormLayer, BinarizedConv2DLayer, BinarizedDenseLayer
from reproduce.model.recipe import RECIPES, RELEASED, REPOSITORY

PYTHON = Mode("py", None)
SEED = 1234


@pytest.fixture
def generator():
    """Lasagne's generator, seeded."""
    before = lasagne.random.get_rng()
    generator = np.random.RandomState(SEED)
    lasagne.random.set_rng(generator)
    yield generator
    lasagne.random.set_rng(before)


def dense_pair(method, recipe=RELEASED):
    """Two layers, 6 – 5 – 3, drawn one after the other."""
    first = BinarizedDenseLayer(InputLayer((None, 6)), 5, METHODS[method], recipe, name="dense1")
    return first, BinarizedDenseLayer(first, 3, METHODS[method], recipe, name="dense2")


BINARIZING = [name for name, method in METHODS.items() if method.binarizes]


@pytest.mark.parametrize("method", BINARIZING)
def test_released_weights_are_drawn_by_plain_numpy(generator, method):
    layers = dense_pair(method)
    rng = np.random.RandomState(SEED)
    for layer, (n_in, n_out) in zip(layers, [(6, 5), (5, 3)], strict=True):
        bound = float(np.float32(np.sqrt(1.5 / (n_in + n_out))))
        drawn = rng.uniform(-bound, bound, (n_in, n_out)).astype("float32")
        np.testing.assert_array_equal(layer.weight.latent.get_value(), drawn)
        assert layer.weight.step_scale == 1
    assert generator.randint(2**31) == rng.randint(2**31)  # nothing else was drawn


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_full_precision_weights_are_lasagnes_whatever_the_recipe(generator, recipe):
    layers = dense_pair("full-precision", recipe)
    rng = np.random.RandomState(SEED)
    for layer, (n_in, n_out) in zip(layers, [(6, 5), (5, 3)], strict=True):
        bound = np.sqrt(6 / (n_in + n_out))
        drawn = rng.uniform(-bound, bound, (n_in, n_out)).astype("float32")
        np.testing.assert_allclose(layer.weight.latent.get_value(), drawn, rtol=1e-6)
        assert layer.weight.used is layer.weight.latent
        assert layer.weight.alpha is None
        assert layer.weight.step_scale == 1
    assert generator.randint(2**31) == rng.randint(2**31)


@pytest.mark.parametrize("method", ["binaryconnect", "bnn"])
def test_repository_weights_follow_an_unused_integer(generator, method):
    layers = dense_pair(method, REPOSITORY)
    rng = np.random.RandomState(SEED)
    for layer, (n_in, n_out) in zip(layers, [(6, 5), (5, 3)], strict=True):
        rng.randint(1, 2147462579)
        drawn = rng.uniform(-1, 1, (n_in, n_out)).astype("float32")
        np.testing.assert_array_equal(layer.weight.latent.get_value(), drawn)
        assert layer.weight.step_scale == pytest.approx(np.sqrt((n_in + n_out) / 1.5), rel=1e-12)
    assert generator.randint(2**31) == rng.randint(2**31)


@pytest.mark.parametrize("recipe, at_zero", [(RELEASED, 1), (REPOSITORY, -1)], ids=RECIPES)
def test_the_recipe_decides_the_sign_of_zero(generator, recipe, at_zero):
    layer, _ = dense_pair("binaryconnect", recipe)
    layer.weight.latent.set_value(np.zeros((6, 5), dtype="float32"))
    used = aesara.function([], layer.weight.used, mode=PYTHON)()
    np.testing.assert_array_equal(used, np.full((6, 5), at_zero))


@pytest.mark.parametrize("method", METHODS)
def test_a_dense_layer_computes_with_its_used_weights(generator, method):
    layer, _ = dense_pair(method)
    layer.b.set_value(np.arange(5, dtype="float32"))
    w = layer.weight.latent.get_value()
    alpha = 1.0 if METHODS[method].scale == "one" else abs(w).mean(dtype="float64")
    used = alpha * np.where(w >= 0, 1, -1) if METHODS[method].binarizes else w
    x = np.random.RandomState(0).randn(4, 6).astype("float32")
    symbol = at.fmatrix()
    found = aesara.function([symbol], get_output(layer, symbol), mode=PYTHON)(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, x @ used + np.arange(5), rtol=1e-5, atol=1e-6)
    if layer.weight.alpha is not None:
        assert layer.weight.alpha.name == "dense1.W.alpha"
        assert layer.weight.alpha.get_value().shape == ()
        assert layer.weight.alpha.get_value() == np.float32(alpha)
        layer.weight.alpha.set_value(np.asarray(np.float32(2 * alpha)))
        doubled = aesara.function([symbol], get_output(layer, symbol), mode=PYTHON)(x)
        np.testing.assert_allclose(doubled, 2 * x @ used + np.arange(5), rtol=1e-5, atol=1e-6)


def test_a_dense_layer_flattens_its_input(generator):
    layer = BinarizedDenseLayer(InputLayer((None, 2, 3, 2)), 4, METHODS["lab"], RELEASED, name="dense1")
    assert get_output_shape(layer) == (None, 4)
    assert layer.weight.latent.get_value().shape == (12, 4)
    x, flat = at.ftensor4(), at.fmatrix()
    outputs = [layer.get_output_for(x), layer.get_output_for(flat)]
    value = np.random.RandomState(0).randn(3, 2, 3, 2).astype("float32")
    found, wanted = aesara.function([x, flat], outputs, mode=PYTHON)(value, value.reshape(3, 12))
    np.testing.assert_array_equal(found, wanted)


# Batch normalisation

SHAPES = pytest.mark.parametrize("shape", [(7, 3), (4, 3, 2, 5)], ids=["dense", "convolution"])


def norm_layer(shape):
    layer = BatchNormLayer(InputLayer((None, *shape[1:])), name="norm1")
    rng = np.random.RandomState(1)
    layer.gamma.set_value(rng.uniform(0.5, 2, shape[1]).astype("float32"))
    layer.beta.set_value(rng.randn(shape[1]).astype("float32"))
    return layer


def symbol(shape, dtype="float32"):
    return at.TensorType(dtype, shape=(None,) * len(shape))()


def loop(x, gamma, beta, statistics=None):
    """Batch normalisation feature by feature, in float64; also the statistics used."""
    result, used = np.empty(x.shape), []
    for k in range(x.shape[1]):
        values = x[:, k].astype("float64")
        mean, std = (values.mean(), np.sqrt(((values - values.mean()) ** 2).mean()))
        if statistics is not None:
            mean, std = statistics[0][k], statistics[1][k]
        used.append((mean, std))
        result[:, k] = gamma[k] * (values - mean) / (std + 1e-4) + beta[k]
    return result, np.array(used).T


@SHAPES
def test_batch_norm_and_its_running_statistics(shape):
    layer = norm_layer(shape)
    gamma, beta = layer.gamma.get_value(), layer.beta.get_value()
    x = symbol(shape)
    train = aesara.function([x], layer.get_output_for(x), updates=layer.running_updates(x), mode=PYTHON)
    evaluate = aesara.function([x], layer.get_output_for(x, deterministic=True), mode=PYTHON)
    mean, std = np.zeros(shape[1]), np.ones(shape[1])
    for step in range(4):
        value = (3 * np.random.RandomState(step).randn(*shape) + 1).astype("float32")
        wanted, (batch_mean, batch_std) = loop(value, gamma, beta)
        found = train(value)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
        mean, std = 0.9 * mean + 0.1 * batch_mean, 0.9 * std + 0.1 * batch_std
        np.testing.assert_allclose(layer.mean.get_value(), mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.std.get_value(), std, rtol=1e-5)
        found = evaluate(value)
        np.testing.assert_allclose(found, loop(value, gamma, beta, (mean, std))[0], rtol=1e-5, atol=1e-5)


@SHAPES
def test_batch_norm_gradient_by_finite_differences(shape):
    layer = norm_layer(shape)
    gamma, beta = layer.gamma.get_value(), layer.beta.get_value()
    rng = np.random.RandomState(2)
    value, upstream = rng.randn(*shape), rng.randn(*shape)
    x = symbol(shape, "float64")
    loss = (layer.get_output_for(x) * upstream).sum()
    gradients = aesara.grad(loss, [x, layer.gamma, layer.beta])
    by_x, by_gamma, by_beta = aesara.function([x], gradients, mode=PYTHON)(value)

    numeric = np.empty(shape)
    for i in np.ndindex(shape):
        step = np.zeros(shape)
        step[i] = 1e-6
        up, down = (loop(value + sign * step, gamma, beta)[0] for sign in (1, -1))
        numeric[i] = ((up - down) * upstream).sum() / 2e-6
    np.testing.assert_allclose(by_x, numeric, rtol=1e-4, atol=1e-6)
    others = tuple(axis for axis in range(len(shape)) if axis != 1)
    normalised = loop(value, np.ones(shape[1]), np.zeros(shape[1]))[0]
    np.testing.assert_allclose(by_gamma, (normalised * upstream).sum(others), rtol=1e-5)
    np.testing.assert_allclose(by_beta, upstream.sum(others), rtol=1e-5)


def test_a_constant_feature_is_normalised_to_beta():
    layer = norm_layer((5, 2))
    x = at.fmatrix()
    found = aesara.function([x], layer.get_output_for(x), mode=PYTHON)(np.full((5, 2), 3, dtype="float32"))
    np.testing.assert_array_equal(found, np.broadcast_to(layer.beta.get_value(), (5, 2)))


def test_batch_norms_parameters():
    layer = BatchNormLayer(InputLayer((None, 3)), name="norm1")
    assert [p.name for p in get_all_params(layer)] == ["norm1.beta", "norm1.gamma", "norm1.mean", "norm1.std"]
    assert get_all_params(layer, trainable=True) == [layer.beta, layer.gamma]
    assert get_all_params(layer, regularizable=True) == [layer.gamma]
    start = [p.get_value().tolist() for p in (layer.beta, layer.gamma, layer.mean, layer.std)]
    assert start == [[0, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1]]


def test_a_convolution_flips_its_filters_and_pads_by_one(generator):
    layer = BinarizedConv2DLayer(InputLayer((None, 2, 5, 4)), 3, METHODS["lab"], RELEASED)
    bias = np.float32([1, -2, 0.5])
    layer.b.set_value(bias)
    x = at.tensor4()
    value = np.random.RandomState(4).randn(2, 2, 5, 4).astype("float32")
    (found,) = backends.create("jax").compile([x], [layer.get_output_for(x)])(value)
    alpha, w = float(layer.weight.alpha.get_value()), layer.weight.latent.get_value()
    for n, f in itertools.product(range(2), range(3)):
        planes = [scipy.signal.convolve2d(value[n, c], alpha * np.where(w[f, c] >= 0, 1, -1), "same") for c in range(2)]
        np.testing.assert_allclose(found[n, f], sum(planes) + bias[f], rtol=1e-4, atol=1e-5)
    assert found.shape == (2, *layer.output_shape[1:])


def test_parameters_say_their_shapes_in_their_types(generator):
    """Compilers make use of it, and the numbers of the results of ours were computed so."""
    _, second = dense_pair("lab")
    shapes = [parameter.type.shape for parameter in get_all_params(BatchNormLayer(second, name="norm"))]
    assert shapes[:4] == [(6, 5), (5,), (5, 3), (3,)]
    assert all(None not in shape for shape in shapes)
