"""The seven methods: the paper's remarks and Proposition 3.1 by brute force, and what holds for any weights."""

import functools
import itertools

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from reproduce import methods
from reproduce.errors import UserError
from reproduce.methods import METHODS
from reproduce.model.ops.adam import EPSILON, AdamStep

PYTHON = Mode("py", None)
BINARIZING = [name for name, method in METHODS.items() if method.binarizes]
# Weights that binarize by their sign: those nearer to 0 than float32's spacing at 1 count as 0.
WEIGHTS = st.floats(2.0**-9, 1, width=16) | st.floats(-1, -(2.0**-9), width=16)


@functools.cache
def scaled(name):
    """(w, v) → α, α·b of method `name`."""
    w, v = at.fvectors("w", "v")
    alpha = METHODS[name].alpha(w, v)
    return aesara.function([w, v], [alpha, methods.binarize(w, alpha)], mode=PYTHON, on_unused_input="ignore")


def vectors(elements, size):
    return npst.arrays("float32", size, elements=elements)


@st.composite
def weights_and_moments(draw, max_size=12):
    """Weights, and second moments far above ε²."""
    size = draw(st.integers(1, max_size))
    moments = st.floats(2.0**-10, 4, width=16)
    return draw(vectors(WEIGHTS, size)), draw(vectors(moments, size))


def test_the_papers_seven_methods():
    table = {method.name: (method.scale, method.binary_activations) for method in METHODS.values()}
    assert table == {
        "full-precision": (None, False),
        "binaryconnect": ("one", False),
        "bwn": ("mean_abs", False),
        "lab": ("curvature", False),
        "bnn": ("one", True),
        "xnor": ("mean_abs", True),
        "lab2": ("curvature", True),
    }
    assert not METHODS["full-precision"].binarizes
    assert [METHODS[name].group for name in ("full-precision", "lab", "lab2")] == [
        "weights",
        "weights",
        "weights_and_activations",
    ]


def test_an_unknown_method_is_a_users_mistake():
    assert methods.get("lab") is METHODS["lab"]
    with pytest.raises(UserError, match=r"unknown method 'lab3'.*methods are full-precision, .*lab2"):
        methods.get("lab3")


def test_full_precision_has_no_scale():
    with pytest.raises(ValueError, match="full-precision has no scale"):
        METHODS["full-precision"].alpha(at.fvector(), at.fvector())


@settings(deadline=None, max_examples=100)
@given(wv=weights_and_moments(max_size=6))
def test_proposition_3_1(wv):
    """No α > 0 and b ∈ {±1}ⁿ has less of ⟨g, ŵ−ŵ'⟩ + ½(ŵ−ŵ')ᵀD(ŵ−ŵ') than LAB's, where w = ŵ' − g/d."""
    w, v = wv
    ours = scaled("lab")(w, v)[1].astype("float64")
    d = np.sqrt(v, dtype="float64") + EPSILON
    used = np.random.RandomState(len(w)).uniform(-1, 1, len(w))
    g = d * (used - w)

    def objective(candidates):
        step = candidates - used
        return step @ g + 0.5 * step**2 @ d

    b = np.array(list(itertools.product([-1.0, 1.0], repeat=len(w))))
    alphas = 0.005 * (np.arange(400) + 0.5)
    values = objective(alphas[:, None, None] * b)
    # The grid's best is at most half its spacing, 0.0025, from the best α, which adds ½·Σd·0.0025².
    assert values.min() - 0.5 * d.sum() * 0.0025**2 - 1e-6 <= objective(ours) <= values.min() + 1e-6
    best_alpha, best_b = np.unravel_index(values.argmin(), values.shape)
    np.testing.assert_array_equal(np.sign(ours), b[best_b])
    assert abs(abs(ours[0]) - alphas[best_alpha]) < 0.0026


@settings(deadline=None)
@given(w=vectors(WEIGHTS, st.integers(1, 12)), v=st.floats(0, 4, width=32))
def test_remark_3_1_lab_with_constant_curvature_is_bwn(w, v):
    constant = np.full_like(w, v)
    for lab, bwn in zip(scaled("lab")(w, constant), scaled("bwn")(w, constant), strict=True):
        np.testing.assert_allclose(lab, bwn, rtol=1e-6)


@settings(deadline=None)
@given(wv=weights_and_moments())
def test_remark_3_2_lab_with_scale_one_is_binaryconnect(wv):
    w, v = wv
    alpha, used = scaled("lab")(w, v)
    one, binaryconnect = scaled("binaryconnect")(w, v)
    assert one == 1
    np.testing.assert_allclose(used / alpha, binaryconnect, rtol=1e-6)


@pytest.mark.parametrize("name", BINARIZING)
@settings(deadline=None, max_examples=50)
@given(wv=weights_and_moments())
def test_one_positive_scale_and_two_levels(name, wv):
    w, v = wv
    alpha, used = scaled(name)(w, v)
    assert alpha > 0
    assert alpha.dtype == used.dtype == np.float32
    np.testing.assert_array_equal(used, np.where(w > 0, alpha, -alpha))


@pytest.mark.parametrize("name", BINARIZING)
@settings(deadline=None, max_examples=50)
@given(wv=weights_and_moments())
def test_binarizing_twice_changes_nothing(name, wv):
    w, v = wv
    once = scaled(name)(w, v)[1]
    np.testing.assert_allclose(scaled(name)(once, v)[1], once, rtol=1e-6)


@settings(deadline=None)
@given(wv=weights_and_moments(), factor=st.floats(2.0**-5, 2.0**5, width=32))
def test_only_the_ratios_of_curvature_matter(wv, factor):
    w, v = wv
    np.testing.assert_allclose(scaled("lab")(w, v * np.float32(factor) ** 2)[0], scaled("lab")(w, v)[0], rtol=1e-5)


@settings(deadline=None)
@given(wv=weights_and_moments())
def test_alpha_lies_between_the_smallest_and_the_largest_weight(wv):
    w, v = wv
    for name in ("bwn", "lab"):
        alpha = scaled(name)(w, v)[0]
        assert abs(w).min() * (1 - 1e-6) <= alpha <= abs(w).max() * (1 + 1e-6)


def test_at_the_first_step_lab_is_bwn():
    """v is 0, so d is ε everywhere."""
    w = np.array([0.5, -0.25, 0.125], dtype="float32")
    np.testing.assert_allclose(scaled("lab")(w, 0 * w)[0], abs(w).mean(), rtol=1e-7)


@pytest.mark.parametrize("name", ["bwn", "lab"])
def test_scales_are_accumulated_in_float64(name):
    """A float32 sum from 1 on would lose each of these."""
    w = np.array([1] + 1000 * [2.0**-25], dtype="float32")
    found = scaled(name)(w, np.ones_like(w))[0]
    np.testing.assert_allclose(found, (1 + 1000 * 2.0**-25) / 1001, rtol=2e-7)


@pytest.mark.parametrize("scale", ["mean_abs", "curvature"])
@settings(deadline=None, max_examples=50)
@given(wv=weights_and_moments(), seed=st.integers(0, 99))
def test_the_training_steps_scale_is_that_of_its_new_weights(scale, wv, seed):
    w, v = wv
    g = np.random.RandomState(seed).randn(len(w)).astype("float32")
    w, _, v, alpha = adam_step(scale)(w, 0 * w, v, g)
    assume(abs(w).max() > 1e-6)
    name = {"mean_abs": "bwn", "curvature": "lab"}[scale]
    np.testing.assert_allclose(alpha, scaled(name)(w, v)[0], rtol=1e-6)


@functools.cache
def adam_step(scale):
    inputs = at.fvectors(4)
    return aesara.function(inputs, AdamStep(True, scale)(*inputs, np.float32(0.1)), mode=PYTHON)


def test_binarize_follows_the_rule_asked_for():
    w = at.fvector()
    outputs = [methods.binarize(w, np.float32(0.5), rule) for rule in (True, False)]
    released, repository = aesara.function([w], outputs, mode=PYTHON)([-1, -0.0, 0, 1])
    assert released.tolist() == [-0.5, 0.5, 0.5, 0.5]
    assert repository.tolist() == [-0.5, -0.5, -0.5, 0.5]


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2, 2)], ids=["dense", "convolution"])
def test_scaled_binary_activation(shape):
    """±1 times each example's mean of abs(x), which the gradient takes as a constant."""
    rng = np.random.RandomState(0)
    value, upstream = rng.uniform(-2, 2, shape).astype("float32"), rng.randn(*shape).astype("float32")
    x = at.TensorType("float32", shape=(None,) * len(shape))()
    found = methods.scaled_binary_activation(x)
    gradient = at.grad((found * upstream).sum(), x)
    found, gradient = aesara.function([x], [found, gradient], mode=PYTHON)(value)
    scale = np.array([abs(example).mean() for example in value]).reshape(-1, *[1] * (len(shape) - 1))
    assert found.dtype == gradient.dtype == np.float32
    np.testing.assert_allclose(found, scale * np.where(value >= 0, 1, -1), rtol=1e-6)
    np.testing.assert_allclose(gradient, scale * upstream * (abs(value) <= 1), rtol=1e-6)


def test_binary_activation_is_the_released_sign():
    x = at.fvector()
    found = methods.binary_activation(x)
    value = np.array([-2, -1, -0.5, -0.0, 0, 0.5, 1, 2], dtype="float32")
    found, gradient = aesara.function([x], [found, at.grad(found.sum(), x)], mode=PYTHON)(value)
    assert found.tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    assert gradient.tolist() == [0, 1, 1, 1, 1, 1, 1, 0]
