"""The formulas: the paper's remarks and Proposition 3.1 by brute force, what holds for any weights, and any array."""

import itertools

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from reproduce import formulas
from reproduce.formulas import NUMPY
from reproduce.methods import METHODS
from reproduce.model.binarization import SYMBOLIC
from reproduce.model.ops.jax_rules import JAX
from reproduce.model.recipe import RELEASED

BINARIZING = [name for name, method in METHODS.items() if method.binarizes]
# Weights that binarize by their sign: those nearer to 0 than float32's spacing at 1 count as 0.
WEIGHTS = st.floats(2.0**-9, 1, width=16) | st.floats(-1, -(2.0**-9), width=16)


def scaled(name):
    """(w, v) → α, α·b of method `name`, in NumPy."""

    def alpha_and_used(w, v):
        alpha = formulas.SCALES[METHODS[name].scale](NUMPY, w, v)
        return alpha, alpha * formulas.sign(NUMPY, w)

    return alpha_and_used


def vectors(elements, size):
    return npst.arrays("float32", size, elements=elements)


@st.composite
def weights_and_moments(draw, max_size=12):
    """Weights, and second moments far above ε²."""
    size = draw(st.integers(1, max_size))
    moments = st.floats(2.0**-10, 4, width=16)
    return draw(vectors(WEIGHTS, size)), draw(vectors(moments, size))


@settings(deadline=None, max_examples=100)
@given(wv=weights_and_moments(max_size=6))
def test_proposition_3_1(wv):
    """No α > 0 and b ∈ {±1}ⁿ has less of ⟨g, ŵ−ŵ'⟩ + ½(ŵ−ŵ')ᵀD(ŵ−ŵ') than LAB's, where w = ŵ' − g/d."""
    w, v = wv
    ours = scaled("lab")(w, v)[1].astype("float64")
    d = np.sqrt(v, dtype="float64") + formulas.EPSILON
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


def in_numpy(function, *arrays):
    return function(NUMPY, *arrays)


def in_jax(function, *arrays):
    return function(JAX, *arrays)


def in_a_graph(function, *arrays):
    symbols = [at.as_tensor_variable(array).type() for array in arrays]
    outputs = function(SYMBOLIC, *symbols)
    return aesara.function(symbols, outputs, mode=Mode("py", None), on_unused_input="ignore")(*arrays)


@pytest.mark.parametrize("compute", [in_jax, in_a_graph])
@settings(deadline=None, max_examples=10)
@given(wv=weights_and_moments(), seed=st.integers(0, 99))
def test_every_kind_of_array_gives_the_same(compute, wv, seed):
    w, v = wv
    m, g = np.random.RandomState(seed).randn(2, len(w)).astype("float32")
    cases = [(formula, (w, v)) for name, formula in formulas.SCALES.items() if name != "one"]
    cases += [
        (lambda xp, *arrays: formulas.adam_step(xp, *arrays, RELEASED.decay_rates), (w, m, v, g, np.float32(0.1)))
    ]
    for function, arrays in cases:
        expected, found = (np.ravel(f(function, *arrays)) for f in (in_numpy, compute))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@given(w=vectors(st.floats(-2, 2, width=32), 9))
def test_the_gradient_passes_where_hard_tanhs_does(w):
    gradient = np.arange(9, dtype="float32")
    found = formulas.straight_through(NUMPY, w, gradient)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, gradient * (abs(w) <= 1))
