"""The sign: values at the edges of its rounding rule, its gradient, and that C, Python and JAX agree."""

import functools

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.model.ops import jax_rules  # noqa: F401  registers the JAX twins
from reproduce.model.ops.sign import Sign, sign
from reproduce.shim import jax_ops

MODES = {"c": lambda: Mode("cvm", "fast_run"), "jax": jax_ops.mode}

# x, the released scripts' rule, BinaryConnect's repository's. Around 1 float32 has a spacing of 2⁻²⁴ below and 2⁻²³
# above, and halves go to even, here to 1: x + 1 is 1 for x from -2⁻²⁵ (-2.98e-8) to 2⁻²⁴ (5.96e-8), both included.
EDGES = [
    (0.0, 1, -1),
    (-0.0, 1, -1),
    (1.0, 1, 1),
    (-1.0, -1, -1),
    (-1e-8, 1, -1),
    (-(2.0**-25), 1, -1),
    (np.nextafter(np.float32(-(2.0**-25)), np.float32(-1)), -1, -1),
    (-3e-8, -1, -1),
    (-6e-8, -1, -1),
    (2.0**-24, 1, -1),
    (np.nextafter(np.float32(2.0**-24), np.float32(1)), 1, 1),
    (6e-8, 1, 1),
    (np.finfo(np.float32).smallest_subnormal, 1, -1),
    (-np.finfo(np.float32).smallest_subnormal, 1, -1),
    (np.finfo(np.float32).max, 1, 1),
    (-np.finfo(np.float32).max, -1, -1),
    (np.inf, 1, 1),
    (-np.inf, -1, -1),
    (np.nan, -1, -1),  # no comparison holds for NaN
]
X = np.array([edge[0] for edge in EDGES], dtype="float32")


@functools.cache
def signs(mode):
    """x → its signs by the two rules, compiled or by the Op's own NumPy."""
    if mode == "numpy":
        return lambda x: [Sign(rule).impl(x) for rule in (True, False)]
    x = at.fvector()
    return aesara.function([x], [sign(x), sign(x, zero_is_positive=False)], mode=MODES[mode]())


@pytest.mark.parametrize("mode", [*MODES, "numpy"])
@pytest.mark.parametrize("rule", [0, 1], ids=["released", "repository"])
def test_edges(mode, rule):
    found = np.asarray(signs(mode)(X)[rule])
    assert found.dtype == np.float32
    expected = [edge[1 + rule] for edge in EDGES]
    assert dict(zip(map(repr, X), found, strict=True)) == dict(zip(map(repr, X), expected, strict=True))


def test_edges_under_the_python_linker():
    x = at.fvector()
    found = aesara.function([x], sign(x), mode=Mode("py", None))(X)
    assert found.tolist() == [edge[1] for edge in EDGES]


@pytest.mark.parametrize("mode", [*MODES, "numpy"])
@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-2, 2, width=32) | st.floats(-(2.0**-23), 2.0**-23, width=32), max_size=20))
def test_the_rule_is_float32_addition_and_comparison(mode, values):
    x = np.array(values, dtype="float32")
    shifted = x + np.float32(1)
    released, repository = signs(mode)(x)
    np.testing.assert_array_equal(released, np.where(shifted >= 1, 1, -1))
    np.testing.assert_array_equal(repository, np.where(shifted > 1, 1, -1))


@pytest.mark.compiler
@pytest.mark.parametrize("zero_is_positive", [True, False])
def test_float64_keeps_its_precision_and_type(zero_is_positive):
    x = at.dvector()
    function = aesara.function([x], sign(x, zero_is_positive))
    found = function([-1e-8, -1e-17, 0.0, 1e-17, 1e-8])
    assert found.dtype == np.float64
    middle = 1 if zero_is_positive else -1
    assert found.tolist() == [-1, middle, middle, middle, 1]


@pytest.mark.parametrize("mode", MODES)
def test_gradient_passes_from_minus_one_to_one_inclusive(mode):
    below, above = np.nextafter(np.float32(1), np.float32(0)), np.nextafter(np.float32(1), np.float32(2))
    inside = [0.0, -0.0, -1e-8, 0.5, -0.5, below, -below, 1.0, -1.0]
    outside = [above, -above, 2.0, -2.0, np.inf, -np.inf, np.nan]
    x, upstream = at.fvectors(2)
    gradient = aesara.function([x, upstream], at.grad((upstream * sign(x)).sum(), x), mode=MODES[mode]())
    values = np.array(inside + outside, dtype="float32")
    weights = np.arange(1, len(values) + 1, dtype="float32")
    found = np.asarray(gradient(values, weights))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, weights * np.repeat([1, 0], [len(inside), len(outside)]))


def test_gradient_is_the_same_for_both_rules():
    x = at.fvector()
    both = [at.grad(sign(x, rule).sum(), x) for rule in (True, False)]
    released, repository = aesara.function([x], both, mode=Mode("py", None))(X)
    np.testing.assert_array_equal(released, repository)


def test_shape_is_kept():
    x = at.ftensor4()
    found = aesara.function([x], sign(x), mode=Mode("py", None))(np.zeros((2, 0, 3, 1), dtype="float32"))
    assert found.shape == (2, 0, 3, 1)
