"""Convolutions by oneDNN: against sums written out, and as transposes of each other."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.tensor.nnet.abstract_conv import (
    AbstractConv2d_gradInputs,
    border_mode_to_pad,
    conv2d,
    get_conv_output_shape,
)
from aesara.tensor.signal.pool import pool_2d
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce import backends
from reproduce.shim.c_ops import convolution, onednn

pytestmark = [
    pytest.mark.compiler,
    pytest.mark.skipif(onednn.find() is None, reason="oneDNN is not installed: make venv"),
]

FORMS = [
    {"border_mode": (1, 1)},
    {"border_mode": "valid", "filter_flip": False},
    {"border_mode": "half", "subsample": (2, 1)},
    {"border_mode": "full", "filter_flip": False},
    {"border_mode": ((1, 2), (0, 1)), "subsample": (1, 3)},
    {"border_mode": (1, 0), "filter_dilation": (2, 1)},
    {"border_mode": "valid", "num_groups": 2, "subsample": (1, 2)},
]
LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "transposed": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: np.flip(np.ascontiguousarray(np.flip(x))),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


@cache
def compiled(number):
    """(image, filters, gradient of the maps) → maps and both gradients."""
    image, filters, gradient = inputs = at.ftensor4s(3)
    maps = conv2d(image, filters, **FORMS[number])
    gradients = aesara.grad(None, [image, filters], known_grads={maps: gradient})
    function = aesara.function(inputs, [maps, *gradients])
    used = [isinstance(node.op, convolution.OneDNNConvolution) for node in function.maker.fgraph.toposort()]
    assert sum(used) == 3
    return function


def arrays(number, image, filters, seed=0):
    """An image and filters of these shapes, with channels for every group, and a gradient of their maps."""
    form, rng = FORMS[number], np.random.default_rng(seed)
    groups = form.get("num_groups", 1)
    image = (image[0], image[1] * groups, *image[2:])
    filters = (filters[0] * groups, *filters[1:])
    geometry = form["border_mode"], form.get("subsample", (1, 1)), form.get("filter_dilation", (1, 1))
    maps = get_conv_output_shape(image, filters, *geometry)
    return [rng.standard_normal(shape, "float32") for shape in (image, filters, maps)]


def written_out(number, image, filters):
    """The maps, as sums over filter elements in float64."""
    form = FORMS[number]
    (down, right), (row, column) = form.get("subsample", (1, 1)), form.get("filter_dilation", (1, 1))
    groups = form.get("num_groups", 1)
    if form.get("filter_flip", True):
        filters = filters[:, :, ::-1, ::-1]
    height, width = filters.shape[2:]
    extent = (height - 1) * row + 1, (width - 1) * column + 1
    padding = border_mode_to_pad(form["border_mode"], 2, extent)
    image = np.pad(image.astype("float64"), [(0, 0), (0, 0), *padding])
    maps = 0
    for i in range(height):
        for j in range(width):
            places = image[:, :, i * row :, j * column :]
            places = places[:, :, : image.shape[2] - extent[0] + 1 : down, : image.shape[3] - extent[1] + 1 : right]
            parts = zip(np.split(places, groups, 1), np.split(filters[:, :, i, j], groups), strict=True)
            maps = maps + np.concatenate([np.einsum("nchw,oc->nohw", x, f.astype("float64")) for x, f in parts], 1)
    return maps


@pytest.mark.parametrize("number", range(len(FORMS)))
@settings(max_examples=12, deadline=None)
@given(
    examples=st.integers(1, 3), channels=st.sampled_from([1, 2, 3, 8, 17]), filters=st.sampled_from([1, 2, 5, 16, 33]),
    rows=st.integers(5, 9), columns=st.integers(5, 9), size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    layout=st.sampled_from(sorted(LAYOUTS)), threads=st.integers(1, 2),
)  # fmt: skip
def test_maps_are_the_sums_and_gradients_their_transposes(
    openmp_threads, number, examples, channels, filters, rows, columns, size, layout, threads
):
    values = arrays(number, (examples, channels, rows, columns), (filters, channels, *size))
    image, weights, gradient = map(LAYOUTS[layout], values)
    with openmp_threads(threads):
        maps, grad_image, grad_weights = compiled(number)(image, weights, gradient)
    assert [x.shape for x in (maps, grad_image, grad_weights)] == [gradient.shape, image.shape, weights.shape]
    np.testing.assert_allclose(maps, written_out(number, image, weights), rtol=1e-5, atol=1e-5 * channels)
    # Maps are linear in image and filters: <maps(x', w), g> = <x', grad_image> for every other image x', and so on.
    other_image, other_weights, _ = arrays(number, (examples, channels, rows, columns), (filters, channels, *size), 1)
    gradient = gradient.astype("float64")
    for other, grad, moved in (
        (other_image, grad_image, written_out(number, other_image, weights)),
        (other_weights, grad_weights, written_out(number, image, other_weights)),
    ):
        product = (grad * other.astype("float64")).sum()
        np.testing.assert_allclose(product, (moved * gradient).sum(), rtol=1e-4, atol=1e-2)


def test_the_same_threads_give_the_same_bits(openmp_threads):
    values = arrays(0, (6, 16, 12, 12), (32, 16, 3, 3))
    for threads in (1, 2):
        with openmp_threads(threads):
            first, second = ([x.tobytes() for x in compiled(0)(*values)] for _ in range(2))
            with openmp_threads(3 - threads):
                compiled(0)(*values)
            third = [x.tobytes() for x in compiled(0)(*values)]
        assert first == second == third


def test_results_of_earlier_calls_and_shapes_stay():
    step = compiled(0)
    small, large = arrays(0, (1, 3, 5, 5), (2, 3, 3, 3)), arrays(0, (3, 20, 9, 9), (4, 20, 3, 3))
    before = [x.copy() for x in step(*small)]
    kept = step(*small)
    step(*large)
    for values in (kept, step(*small)):
        for ours, wanted in zip(values, before, strict=True):
            np.testing.assert_array_equal(ours, wanted)


def test_not_a_number_reaches_what_it_touches_and_no_more():
    image, filters, gradient = arrays(0, (2, 3, 6, 6), (4, 3, 3, 3))
    image[0, 1, 0, 0] = np.nan
    maps, grad_image, grad_filters = compiled(0)(image, filters, gradient)
    assert np.isnan(maps[0, :, :2, :2]).all() and np.isnan(maps).sum() == 4 * 4
    assert np.isfinite(grad_image).all() and np.isnan(grad_filters[:, 1]).any()


@pytest.mark.parametrize(
    ("image", "filters"), [((0, 3, 5, 5), (2, 3, 3, 3)), ((2, 3, 5, 5), (0, 3, 3, 3)), ((2, 0, 5, 5), (4, 0, 3, 3))]
)
def test_sums_of_nothing_are_zero(image, filters):
    values = arrays(0, image, filters)
    for result, like in zip(compiled(0)(*values), (values[2], values[0], values[1]), strict=True):
        assert result.shape == like.shape and not result.any()


def test_shapes_that_do_not_fit_are_refused():
    image, filters, gradient = arrays(1, (2, 3, 5, 5), (2, 3, 3, 3))
    with pytest.raises(ValueError, match="do not fit each other: image 2 x 2 x 5 x 5 filters 2 x 3 x 3 x 3"):
        compiled(1)(image[:, :2], filters, gradient)
    with pytest.raises(ValueError, match="do not fit"):
        compiled(1)(image[:, :, :2], filters, gradient)
    with pytest.raises(ValueError, match="do not fit"):
        compiled(1)(image, filters, gradient[:1])


def test_lengths_that_are_missing_are_refused():
    maps, filters, lengths = at.ftensor4(), at.ftensor4(), at.lvector()
    image = aesara.function([maps, filters, lengths], AbstractConv2d_gradInputs()(filters, maps, lengths))
    maps, filters = np.ones((1, 1, 1, 1), "float32"), np.ones((1, 1, 2, 2), "float32")
    assert image(maps, filters, [2, 2]).shape == (1, 1, 2, 2)
    for lengths in ([2], [-2, 2], [2, 2**62]):
        with pytest.raises(ValueError, match="do not fit"):
            image(maps, filters, lengths)


def test_aesara_may_compile_a_whole_graph_as_one_module():
    image, filters = at.ftensor4s(2)
    maxima = pool_2d(conv2d(image, filters, **FORMS[0]), (2, 2), ignore_border=True)
    function = aesara.function([image, filters], maxima, mode=Mode("c", "fast_run"))
    image, filters, _ = arrays(0, (2, 3, 6, 6), (4, 3, 3, 3))
    maps = written_out(0, image, filters)
    wanted = maps.reshape(2, 4, 3, 2, 3, 2).max(axis=(3, 5))
    np.testing.assert_allclose(function(image, filters), wanted, rtol=1e-5, atol=1e-5)


def test_a_step_of_the_c_backend_takes_it_and_float64_is_left_to_aesara():
    image, filters = at.ftensor4s(2)
    step = backends.create("c").compile([image, filters], [conv2d(image, filters)])
    assert any(isinstance(node.op, convolution.OneDNNConvolution) for node in step._function.maker.fgraph.toposort())
    image, filters = at.dtensor4s(2)
    function = aesara.function([image, filters], conv2d(image, filters))
    assert not any(isinstance(node.op, convolution.OneDNNConvolution) for node in function.maker.fgraph.toposort())


def test_where_it_is_not_installed_aesaras_own_ops_compute(monkeypatch):
    monkeypatch.setattr(onednn, "find", lambda: None)
    image, filters = at.ftensor4s(2)
    function = aesara.function([image, filters], conv2d(image, filters, border_mode=(1, 1)))
    assert [type(node.op).__name__ for node in function.maker.fgraph.toposort()][-1] == "CorrMM"
    image, filters, _ = arrays(0, (2, 3, 5, 5), (2, 3, 3, 3))
    np.testing.assert_allclose(function(image, filters), written_out(0, image, filters), rtol=1e-5, atol=1e-5)


def test_python_stands_in_where_an_op_is_not_compiled():
    image, filters = at.ftensor4s(2)
    op = convolution.OneDNNConvolution(conv2d(image, filters, border_mode=(1, 1)).owner.op)
    function = aesara.function([image, filters], op(image, filters), mode=Mode("py", None))
    image, filters, _ = arrays(0, (2, 3, 5, 5), (2, 3, 3, 3))
    np.testing.assert_allclose(function(image, filters), written_out(0, image, filters), rtol=1e-5, atol=1e-5)
    with pytest.raises(TypeError, match="need float32"):
        op(at.dtensor4(), at.dtensor4())
