"""Layers that Lasagne 0.1 lacks, against their formulas in NumPy."""

import operator

import aesara
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import layers

PYTHON = aesara.compile.Mode(linker="py", optimizer="fast_compile").excluding("AbstractConvCheck")
RNG = np.random.RandomState(0)
pytestmark = pytest.mark.usefixtures("without_compiler")


def draw(*shape):
    return RNG.normal(size=shape).astype("float32")


def value(expression, updates=None):
    return theano.function([], expression, updates=updates, mode=PYTHON)()


def output(layer, x, **kwargs):
    """What a network gives for `x`; its expression's shape is what the layer says."""
    if layer.input_layer is None:  # made of a shape
        expression = layer.get_output_for(T.constant(x), **kwargs)
    else:
        expression = layers.get_output(layer, T.constant(x), **kwargs)
    found = value(expression)
    assert found.shape == tuple(f if n is None else n for n, f in zip(layer.output_shape, found.shape, strict=True))
    return found


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)


def test_bias_scale_and_standardize():
    x = draw(2, 3, 4)
    b, s = draw(3), draw(4)
    close(output(layers.BiasLayer((2, 3, 4), b), x), x + b[:, None])
    close(output(layers.ScaleLayer((2, 3, 4), s, shared_axes=(0, 1)), x), x * s)
    offset, scale = draw(3), np.abs(draw(3)) + 1
    layer = layers.standardize(layers.InputLayer((2, 3, 4)), offset, scale)
    close(output(layer, x), (x - offset[:, None]) / scale[:, None])
    assert layers.get_all_params(layer, trainable=True) == []
    assert [param.name for param in layers.get_all_params(layers.BiasLayer((2, 3), name="n"))] == ["n.b"]
    with pytest.raises(ValueError, match="specified input sizes"):
        layers.BiasLayer((2, None, 4))


@pytest.mark.parametrize(("shape", "axes"), [((6, 3), (0,)), ((4, 3, 2, 5), (0, 2, 3))])
def test_batch_norm_by_its_formula(shape, axes):
    x, gamma, beta = draw(*shape), draw(3), draw(3)
    wide = (1, 3) + (1,) * (len(shape) - 2)
    layer = layers.BatchNormLayer(shape, gamma=gamma, beta=beta)
    mean, inv_std = x.mean(axes), 1 / np.sqrt(x.var(axes) + 1e-4)
    normalized = (x - mean.reshape(wide)) * inv_std.reshape(wide) * gamma.reshape(wide) + beta.reshape(wide)
    close(output(layer, x), normalized)  # the call updates the averages by the way
    close(layer.mean.get_value(), 0.1 * mean)
    close(layer.inv_std.get_value(), 0.9 + 0.1 * inv_std)
    averaged = x - layer.mean.get_value().reshape(wide)
    averaged = averaged * layer.inv_std.get_value().reshape(wide) * gamma.reshape(wide) + beta.reshape(wide)
    close(output(layer, x, deterministic=True), averaged)
    before = layer.mean.get_value()
    output(layer, x, batch_norm_update_averages=False)
    assert (layer.mean.get_value() == before).all()
    assert [p.name for p in layers.get_all_params(layer)] == ["beta", "gamma", "mean", "inv_std"]
    assert [p.name for p in layers.get_all_params(layer, trainable=True, regularizable=True)] == ["gamma"]


def test_batch_norm_takes_bias_and_nonlinearity_from_its_layer():
    dense = layers.DenseLayer(layers.InputLayer((5, 3)), 4, name="d")
    layer = layers.batch_norm(dense)
    assert dense.b is None and dense.nonlinearity is lasagne.nonlinearities.identity
    assert layer.nonlinearity is lasagne.nonlinearities.rectify and layer.name == "d_bn_nonlin"
    names = ["d.W", "d_bn.beta", "d_bn.gamma", "d_bn.mean", "d_bn.inv_std"]
    assert [param.name for param in layers.get_all_params(layer)] == names
    assert (output(layer, draw(5, 3)) >= 0).all()
    plain = layers.batch_norm(layers.InputLayer((5, 3)), beta=None, gamma=None)
    assert isinstance(plain, layers.BatchNormLayer) and len(plain.params) == 2


def test_rectifiers():
    x = draw(3, 4)
    alpha = np.abs(draw(4))
    close(output(layers.ParametricRectifierLayer((3, 4), alpha), x), np.where(x > 0, x, alpha * x))
    close(output(layers.ParametricRectifierLayer((3, 4), shared_axes="all"), x), np.where(x > 0, x, 0.25 * x))
    random = layers.RandomizedRectifierLayer((None, 4), 0.3, 0.8, shared_axes=(0,))
    close(output(random, x, deterministic=True), np.where(x > 0, x, 0.55 * x))
    drawn = output(random, -np.ones((3, 4), "float32"))
    assert (drawn == drawn[:1]).all() and -0.8 <= drawn.min() < drawn.max() <= -0.3
    assert output(random, -np.ones((3, 4), "float32")).shape == (3, 4)
    with pytest.raises(ValueError, match="empty"):
        layers.RandomizedRectifierLayer((3, 4), 0.8, 0.3)
    for steal, kind in ((layers.prelu, "prelu"), (layers.rrelu, "rrelu")):
        dense = layers.DenseLayer((5, 3), 4, name="d")
        assert steal(dense).name == f"d_{kind}" and dense.nonlinearity is lasagne.nonlinearities.identity


def test_expressions():
    x = draw(2, 3)
    close(output(layers.ExpressionLayer((2, 3), lambda x: x**2), x), x**2)
    flat = layers.ExpressionLayer((2, 3), lambda x: x.flatten(), output_shape="auto")
    assert flat.output_shape == (6,) and (output(flat, x) == x.ravel()).all()
    assert layers.ExpressionLayer((None, 3), lambda x: x.sum(1), "auto").output_shape == (None,)
    assert layers.ExpressionLayer((2, 3), T.sum, output_shape=()).output_shape == ()
    assert layers.ExpressionLayer((2, 3), T.sum, output_shape=lambda shape: shape[::-1]).output_shape == (3, 2)


def test_inverse_of_a_product_is_by_the_transposed_matrix():
    x = draw(2, 3)
    first = layers.InputLayer((2, 3))
    dense = layers.DenseLayer(first, 4, b=None, nonlinearity=None)
    w = dense.W.get_value()
    inverse = layers.InverseLayer(dense, dense)
    assert inverse.output_shape == (2, 3)
    close(value(layers.get_output(inverse, T.constant(x))), x @ w @ w.T)


def test_dropout_along_axes():
    ones = np.ones((4, 50, 3), "float32")
    channels = output(layers.dropout_channels((4, 50, 3), p=0.5), ones)
    assert (channels == channels[:, :, :1]).all() and set(np.unique(channels)) == {0, 2}
    places = output(layers.dropout_locations((None, 50, 30), p=0.5), np.ones((4, 50, 30), "float32"))
    assert (places == places[:, :1]).all() and set(np.unique(places)) == {0, 2}
    assert layers.spatial_dropout is layers.dropout_channels
    plain = output(layers.DropoutLayer((4, 50, 3), p=0.5), ones)
    assert set(np.unique(plain)) == {0, 2} and (plain != plain[:, :, :1]).any()


def test_dense_layers_keep_leading_axes():
    x = draw(2, 5, 3)
    layer = layers.DenseLayer(layers.InputLayer((2, 5, 3)), 4, num_leading_axes=2, nonlinearity=None, b=draw(4))
    close(output(layer, x), x @ layer.W.get_value() + layer.b.get_value())
    assert layer.output_shape == (2, 5, 4)
    last = layers.DenseLayer((2, 5, 3), 4, num_leading_axes=-1)
    assert last.output_shape == (2, 5, 4) and last.W.get_value().shape == (3, 4)


def test_parameters_that_are_expressions():
    w = theano.shared(draw(3, 4), name="w")
    layer = layers.DenseLayer(layers.InputLayer((2, 3)), 4, W=T.tanh(w), nonlinearity=None)
    x = draw(2, 3)
    close(output(layer, x), x @ np.tanh(w.get_value()))
    assert layers.get_all_params(layer, trainable=True) == [w, layer.b]
    assert layers.get_all_params(layer, unwrap_shared=False) == [layer.W, layer.b]
    assert lasagne.utils.collect_shared_vars([layer.W, w * 2]) == [w]
    with pytest.raises(RuntimeError, match="2 dimensions, should be 1"):
        layers.DenseLayer((2, 3), 4, b=T.tanh(w))


@pytest.mark.parametrize("mode", ["repeat", "dilate"])
def test_upscaling(mode):
    x = draw(2, 3, 2, 4)
    expected = np.zeros((2, 3, 4, 12), "float32")
    for i in range(4):
        for j in range(12):
            if mode == "repeat" or (i % 2 == 0 and j % 3 == 0):
                expected[:, :, i, j] = x[:, :, i // 2, j // 3]
    assert (output(layers.Upscale2DLayer((2, 3, None, 4), (2, 3), mode=mode), x) == expected).all()
    line = output(layers.Upscale1DLayer((2, 3, 8), 2, mode=mode), x.reshape(2, 3, 8))
    assert (line[:, :, ::2] == x.reshape(2, 3, 8)).all() and line.shape == (2, 3, 16)
    assert layers.Upscale3DLayer((1, 2, 3, None, 5), 2).output_shape == (1, 2, 6, None, 10)
    with pytest.raises(ValueError, match="Scale factor"):
        layers.Upscale1DLayer((2, 3, 8), 0)


def test_pooling():
    x = draw(2, 3, 7)
    pairs = x[:, :, :6].reshape(2, 3, 3, 2)
    close(output(layers.Pool1DLayer((2, 3, 7), 2), x), pairs.max(-1))
    close(output(layers.Pool1DLayer((2, 3, 7), 2, mode="average_exc_pad"), x), pairs.mean(-1))
    assert layers.Pool1DLayer((2, 3, 7), 2, ignore_border=False).output_shape == (2, 3, 4)
    cube = draw(2, 3, 4, 6, 2)
    parts = cube.reshape(2, 3, 2, 2, 3, 2, 1, 2)
    close(output(layers.MaxPool3DLayer((2, 3, 4, 6, 2), 2), cube), parts.max((3, 5, 7)))
    close(output(layers.Pool3DLayer((2, 3, 4, 6, 2), 2, mode="average_inc_pad"), cube), parts.mean((3, 5, 7)))
    with pytest.raises(ValueError, match="5 axes"):
        layers.Pool3DLayer((2, 3, 4), 2)


def test_spatial_pyramid():
    x = draw(2, 3, 5, 4)
    found = output(layers.SpatialPyramidPoolingLayer((None, 3, 5, 4), [2, 1]), x)
    quarters = [x[:, :, a, b].max((2, 3)) for a in (slice(0, 3), slice(2, 5)) for b in (slice(0, 2), slice(2, 4))]
    close(found, np.stack([*quarters, x.max((2, 3))], 2))


def correlated(x, w, stride=1):
    """Valid correlation of (batch, channels, rows, columns) with (filters, channels, rows, columns)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijab,fcab->nfij", windows, w)


@pytest.mark.parametrize(("stride", "crop"), [(1, 0), (2, 0), (2, 1), (1, "same")])
@pytest.mark.parametrize("batch", [2, None])
def test_transposed_convolution_is_the_adjoint_of_a_convolution(stride, crop, batch):
    x, w = draw(2, 3, 4, 5), draw(3, 4, 3, 3)
    layer = layers.TransposedConv2DLayer((batch, 3, 4, 5), 4, 3, stride, crop, W=w, b=None, nonlinearity=None)
    found = output(layer, x)
    pad = 1 if crop in (1, "same") else 0
    other = draw(*found.shape)
    padded = np.pad(other, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    forwards = correlated(padded, w[:, :, ::-1, ::-1], stride)
    np.testing.assert_allclose((found * other).sum(), (x * forwards).sum(), rtol=1e-3)
    assert layers.Deconv2DLayer is layers.TransposedConv2DLayer


def test_transposed_convolution_of_pictures_of_open_size():
    x = draw(2, 3, 4, 5)
    options = {"stride": 2, "W": draw(3, 4, 3, 3), "b": None, "nonlinearity": None}
    still = layers.TransposedConv2DLayer((2, 3, 4, 5), 4, 3, **options)
    open_ = layers.TransposedConv2DLayer((None, 3, None, None), 4, 3, **options)
    assert open_.output_shape == (None, 4, None, None)
    close(output(open_, x), output(still, x))


def test_dilated_convolution():
    x, w, b = draw(2, 3, 7, 8), draw(3, 4, 3, 2), draw(4)
    layer = layers.DilatedConv2DLayer((2, 3, 7, 8), 4, (3, 2), (2, 3), W=w, b=b, nonlinearity=None)
    wide = np.zeros((4, 3, 5, 4), "float32")
    wide[:, :, ::2, ::3] = w.transpose(1, 0, 2, 3)
    close(output(layer, x), correlated(x, wide) + b[:, None, None])
    with pytest.raises(NotImplementedError, match="pad=0"):
        layers.DilatedConv2DLayer((2, 3, 7, 8), 4, 3, pad=1)


def test_convolution_over_three_axes():
    x, w = draw(2, 3, 4, 5, 3), draw(2, 3, 2, 2, 2)
    layer = layers.Conv3DLayer((2, 3, 4, 5, 3), 2, 2, W=w, flip_filters=False, nonlinearity=None)
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2, 2), axis=(2, 3, 4))
    close(output(layer, x), np.einsum("ncijkabd,fcabd->nfijk", windows, w))
    assert layers.Conv3DLayer((2, 3, 4, 5, 3), 2, 3, pad="same").output_shape == (2, 2, 4, 5, 3)


def test_locally_connected_filters():
    x, w = draw(2, 3, 4, 5), draw(2, 3, 3, 3, 4, 5)
    layer = layers.LocallyConnected2DLayer((None, 3, 4, 5), 2, 3, W=w, flip_filters=False, nonlinearity=None)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    close(output(layer, x), np.einsum("ncijab,fcabij->nfij", windows, w))


@pytest.mark.parametrize("module", ["dnn.Conv2DDNNLayer", "corrmm.Conv2DMMLayer", "Conv2DLayer"])
def test_gpu_convolutions_do_not_flip_unless_told(module):
    cls = operator.attrgetter(module)(layers)
    x, w = draw(2, 3, 5, 6), draw(4, 3, 3, 3)
    told = {} if "." in module else {"flip_filters": False}
    layer = cls((2, 3, 5, 6), 4, 3, pad=1, W=w, nonlinearity=None, **told)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    close(output(layer, x), correlated(padded, w))
    flipped = cls((2, 3, 5, 6), 4, 3, W=w, nonlinearity=None, flip_filters=True)
    close(output(flipped, x), correlated(x, w[:, :, ::-1, ::-1]))
    strided = cls((None, 3, None, 6), 4, 3, stride=2, W=w, **told)
    close(output(strided, x), np.maximum(correlated(x, w, 2), 0))


def test_convolution_with_a_bias_at_each_place_and_full_padding():
    x, w, b = draw(2, 3, 5, 6), draw(4, 3, 3, 2), draw(4, 7, 7)
    layer = layers.dnn.Conv2DDNNLayer((2, 3, 5, 6), 4, (3, 2), pad="full", untie_biases=True, W=w, b=b)
    padded = np.pad(x, ((0, 0), (0, 0), (2, 2), (1, 1)))
    close(output(layer, x), np.maximum(correlated(padded, w) + b, 0))


@pytest.mark.parametrize("mode", ["max", "average_inc_pad", "average_exc_pad"])
def test_gpu_pooling_leaves_borders_out(mode):
    from lasagne.layers import dnn

    x = draw(2, 3, 5, 7)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=np.nan if mode != "average_inc_pad" else 0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 2), axis=(2, 3))[:, :, ::2, ::2]
    close(
        output(dnn.Pool2DDNNLayer((2, 3, 5, 7), (3, 2), stride=2, pad=1, mode=mode), x),
        np.nanmax(windows, (4, 5)) if mode == "max" else np.nanmean(windows, (4, 5)),
    )
    assert dnn.MaxPool2DDNNLayer((2, 3, 5, 7), 2).output_shape == (2, 3, 2, 3)
    assert issubclass(dnn.MaxPool2DDNNLayer, dnn.Pool2DDNNLayer) and issubclass(dnn.Pool2DDNNLayer, dnn.DNNLayer)
    with pytest.raises(NotImplementedError, match="ignore_border=False"):
        dnn.MaxPool2DDNNLayer((2, 3, 5, 7), 2, ignore_border=False)


def test_spatial_transformer():
    x = draw(2, 3, 5, 4)

    def transformed(theta, **options):
        theta = layers.InputLayer((2, 6), T.constant(np.tile(np.array(theta, "float32"), (2, 1))))
        pictures = layers.InputLayer((2, 3, 5, 4), T.constant(x))
        layer = layers.TransformerLayer(pictures, theta, **options)
        return value(layers.get_output(layer)), layer.output_shape

    close(transformed([1, 0, 0, 0, 1, 0])[0], x)
    close(transformed([-1, 0, 0, 0, -1, 0])[0], x[:, :, ::-1, ::-1])
    right, _ = transformed([1, 0, 1 / 3, 0, 1, 0])  # half a column to the right
    close(right, (x + np.concatenate([x[..., 1:], x[..., -1:]], -1)) / 2)
    small, shape = transformed([1, 0, 0, 0, 1, 0], downsample_factor=2)
    assert small.shape == shape == (2, 3, 2, 2)
    close(small, x[:, :, ::4, ::3])
    wrapped, _ = transformed([1, 0, 2, 0, 1, 0], border_mode="wrap")
    close(wrapped[..., 0], x[..., 3])
    mirrored, _ = transformed([1, 0, 2, 0, 1, 0], border_mode="mirror")
    close(mirrored, x[..., ::-1])
