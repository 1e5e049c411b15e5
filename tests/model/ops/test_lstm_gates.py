"""LSTMGates and its gradient against the elementwise graph, which Aesara differentiates; layouts, edges, threads."""

import functools

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.gradient import grad_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reproduce.model.ops import jax_rules  # noqa: F401  registers the JAX twins
from reproduce.model.ops.lstm_gates import KINDS, LSTMGates, LSTMGatesGradient
from reproduce.model.ops.sign import sign
from reproduce.shim import jax_ops

MODES = {"python": lambda: Mode("py", None), "jax": jax_ops.mode, "c": lambda: Mode("cvm", "fast_run")}
MODE = pytest.mark.parametrize("mode", ["python", "jax", pytest.param("c", marks=pytest.mark.compiler)])
KIND = pytest.mark.parametrize("binarize", KINDS)
CLIP = 0.5


@functools.cache
def compiled(mode, binarize, clip=CLIP):
    """The two Ops as functions: (pre, cell) → outputs, and the gradient's five inputs → outputs."""
    pre, cell, *five = at.fmatrices("pre", "cell", *"abcde")
    return (
        aesara.function([pre, cell], LSTMGates(binarize)(pre, cell), mode=MODES[mode]()),
        aesara.function(five, LSTMGatesGradient(binarize, clip)(*five), mode=MODES[mode]()),
    )


@functools.cache
def elementwise(binarize, clip=CLIP):
    """(pre, cell, ∂cell', ∂hidden) → cell', hidden, ∂pre, ∂cell, by Ops of Aesara's own in float64."""
    pre, cell, grad_cell, grad_hidden = inputs = at.dmatrices("pre", "cell", "grad_cell", "grad_hidden")
    n = cell.shape[1]
    clipped = grad_clip(pre, -clip, clip) if clip else pre
    i, f, c, o = (clipped[:, k * n : (k + 1) * n] for k in range(4))
    after = at.sigmoid(f) * cell + at.sigmoid(i) * at.tanh(c)
    hidden = at.sigmoid(o) * (sign(after) if binarize == "cell_output" else at.tanh(after))
    if binarize == "hidden_state":
        hidden = sign(hidden)
    gradients = aesara.grad((grad_cell * after).sum() + (grad_hidden * hidden).sum(), [pre, cell])
    return aesara.function(inputs, [after, hidden, *gradients], mode=Mode("py", "fast_compile"))


def state(rows, units, seed=0, scale=2.0):
    rng = np.random.RandomState(seed)
    shapes = (rows, 4 * units), (rows, units), (rows, units), (rows, units)
    return [(scale * rng.randn(*shape)).astype("float32") for shape in shapes]


def both(mode, binarize, pre, cell, grad_cell, grad_hidden, clip=CLIP):
    """cell', hidden, ∂pre, ∂cell."""
    gates, gradient = compiled(mode, binarize, clip)
    after, hidden, kept = gates(pre, cell)
    return [np.asarray(x) for x in (after, hidden, *gradient(kept, cell, after, grad_cell, grad_hidden))]


@MODE
@KIND
@pytest.mark.parametrize("clip", [CLIP, 0.0])
def test_values_and_gradients_equal_the_elementwise_graphs(mode, binarize, clip):
    inputs = state(7, 5)
    found = both(mode, binarize, *inputs, clip=clip)
    assert [x.dtype for x in found] == [np.float32] * 4
    for ours, wanted in zip(found, elementwise(binarize, clip)(*inputs), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=2e-5, atol=2e-6)
    assert (abs(found[2]).max() == CLIP) == bool(clip), "the inputs reach the bound"


@pytest.mark.compiler
@settings(deadline=None, max_examples=60)
@given(st.sampled_from(KINDS), st.integers(0, 6), st.integers(0, 40), st.data())
def test_c_equals_python(binarize, rows, units, data):
    shapes = (rows, 4 * units), (rows, units), (rows, units), (rows, units)
    inputs = [data.draw(arrays("float32", shape, elements=st.floats(-30, 30, width=32))) for shape in shapes]
    for ours, wanted in zip(both("c", binarize, *inputs), both("python", binarize, *inputs), strict=True):
        assert ours.shape == wanted.shape
        # 1 − s² and 1 − c² cancel where a gate saturates, and gradients are as large as 60.
        np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=3e-5)


@pytest.mark.compiler
@KIND
def test_views_are_read_as_they_look(binarize):
    wide = state(12, 20, seed=1)
    views = [x[::2, : x.shape[1] // 2] for x in wide[:2]] + [np.asfortranarray(x[::2, ::2]) for x in wide[2:]]
    for ours, wanted in zip(
        both("c", binarize, *views), both("c", binarize, *map(np.ascontiguousarray, views)), strict=True
    ):
        np.testing.assert_array_equal(ours, wanted)


@pytest.mark.compiler
def test_many_rows_equal_each_row_alone():
    """Threads divide rows from 4096 elements on, so this also says that their number changes nothing."""
    inputs = state(300, 64, seed=2)
    whole = both("c", None, *inputs)
    for row in (0, 149, 150, 299):
        alone = both("c", None, *(x[row : row + 1] for x in inputs))
        for ours, wanted in zip(whole, alone, strict=True):
            np.testing.assert_array_equal(ours[row], wanted[0])


@MODE
def test_saturation_and_ties(mode):
    """Gates at 0 and 1 without overflow; a cell of 0 and of −1e-9 counts as +1 (the rule of `Sign`)."""
    pre = np.array([[-200, -200, 0, 200], [200, 200, 200, -200], [-200, -200, 0, 200]], dtype="float32")
    cell = np.array([[5.0], [0.5], [-1e-9]], dtype="float32")
    ones = np.ones_like(cell)
    after, hidden, grad_pre, grad_cell = both(mode, "cell_output", pre, cell, ones, ones)
    np.testing.assert_array_equal(after, [[0], [1.5], [0]])
    np.testing.assert_array_equal(hidden, [[1], [0], [1]])
    np.testing.assert_array_equal(grad_cell, [[0], [1], [0]])
    assert not grad_pre[1].any() and np.isfinite(grad_pre).all()


@MODE
def test_not_a_number_stays_one(mode):
    pre, cell, grad_cell, grad_hidden = state(2, 3)
    pre[0, 0] = np.nan
    after, hidden, grad_pre, _ = both(mode, None, pre, cell, grad_cell, grad_hidden)
    assert np.isnan([after[0, 0], hidden[0, 0], grad_pre[0, 0]]).all()
    assert np.isfinite([after[1], hidden[1]]).all() and np.isfinite(after[0, 1:]).all()


@pytest.mark.parametrize("mode", ["python", pytest.param("c", marks=pytest.mark.compiler)])
def test_shapes_that_do_not_fit_are_refused(mode):
    pre, cell, grad_cell, grad_hidden = state(2, 3)
    gates, gradient = compiled(mode, None)
    with pytest.raises(ValueError, match="shapes do not fit"):
        gates(pre[:, :-1], cell)
    with pytest.raises(ValueError, match="shapes do not fit"):
        gates(pre[:1], cell)
    with pytest.raises(ValueError, match="shapes do not fit"):
        gradient(pre, cell, cell, grad_cell, grad_hidden)


def test_other_dtypes_and_names_are_refused():
    with pytest.raises(TypeError, match="float32 matrices"):
        LSTMGates()(at.dmatrix(), at.fmatrix())
    for op in (LSTMGates, LSTMGatesGradient):
        with pytest.raises(ValueError, match="cell_output"):
            op("cell")
