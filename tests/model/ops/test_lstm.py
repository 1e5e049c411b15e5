"""The LSTM's recurrence in C against a Python loop; errors of the vectorised gates; threads and edges."""

import ctypes
import functools

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from reproduce.model.lstm import unrolled
from reproduce.model.ops.lstm import LSTMRecurrence, LSTMRecurrenceGradient
from reproduce.model.ops.lstm_gates import KINDS

MODES = {"python": Mode("py", None), "c": Mode("cvm", "fast_run")}
KIND = pytest.mark.parametrize("binarize", KINDS)
CLIP = 0.5


@functools.cache
def compiled(mode, binarize, exact_gates=False, clip=CLIP):
    """(projected, W_hid, ∂hidden) → hidden, cells, kept, ∂projected, ∂W_hid."""
    projected, W_hid, gradient = at.ftensor3("projected"), at.fmatrix("W_hid"), at.ftensor3("gradient")
    forward = LSTMRecurrence(binarize, exact_gates, keep=True)(projected, W_hid)
    backward = LSTMRecurrenceGradient(binarize, clip)(W_hid, *forward, gradient)
    return aesara.function([projected, W_hid, gradient], [*forward, *backward], mode=MODES[mode])


def sequences(steps, batch, units, seed=0):
    rng = np.random.RandomState(seed)
    shapes = (steps, batch, 4 * units), (units, 4 * units), (steps, batch, units)
    return [rng.randn(*shape).astype("float32") for shape in shapes]


@pytest.mark.compiler
@KIND
@pytest.mark.parametrize("exact_gates", [False, True])
@settings(deadline=None, max_examples=20)
@given(steps=st.integers(0, 4), batch=st.integers(0, 3), units=st.integers(0, 19), seed=st.integers(0, 99))
def test_c_equals_python(binarize, exact_gates, steps, batch, units, seed):
    values = sequences(steps, batch, units, seed)
    values[1] *= 0.3  # without chaos
    in_c, in_python = compiled("c", binarize, exact_gates)(*values), compiled("python", binarize)(*values)
    for ours, wanted in zip(in_c, in_python, strict=True):
        assert ours.shape == wanted.shape and ours.dtype == np.float32
        np.testing.assert_allclose(ours, wanted, rtol=2e-4, atol=2e-5)


@pytest.mark.compiler
def test_views_are_read_as_they_look():
    values = sequences(6, 4, 5)
    views = [np.asfortranarray(values[0]), values[1][::-1], np.repeat(values[2], 2, axis=0)[::2]]
    for ours, wanted in zip(
        compiled("c", None)(*views), compiled("c", None)(*map(np.ascontiguousarray, views)), strict=True
    ):
        np.testing.assert_array_equal(ours, wanted)


@pytest.mark.compiler
def test_the_same_bits_each_time_and_the_same_gates_on_any_number_of_threads():
    openmp = ctypes.CDLL("libgomp.so.1")
    values = sequences(5, 70, 64)  # enough for threads
    default, results = openmp.omp_get_max_threads(), []
    try:
        for threads in (1, 2, 2, 3):
            openmp.omp_set_num_threads(threads)
            results.append([x.tobytes() for x in compiled("c", None)(*values)])
    finally:
        openmp.omp_set_num_threads(default)
    assert results[0] == results[1] == results[2] == results[3]


@pytest.mark.compiler
def test_not_a_number_stays_in_its_example_from_its_step_on():
    projected, W_hid, gradient = sequences(3, 2, 17)
    projected[1, 0, 0] = np.nan
    hidden, cells, _, grad_projected, _ = compiled("c", None)(projected, W_hid, gradient)
    for x in (hidden, cells):
        assert np.isfinite(x[:, 1]).all() and np.isfinite(x[0]).all()
        assert np.isnan(x[1, 0, 0]) and np.isnan(x[2, 0]).all()
    assert np.isnan(grad_projected[1, 0]).any() and np.isfinite(grad_projected[:, 1]).all()


def gates(x, exact_gates=False):
    """Sigmoid and tanh of `x`, which is a matrix, as the recurrence's first step computes them."""
    units = x.shape[1]
    projected, W_hid = np.tile(x, 4)[None], np.zeros((units, 4 * units), "float32")
    kept = compiled("c", None, exact_gates)(projected, W_hid, np.zeros((1, *x.shape), "float32"))[2][0]
    i, f, c, o, _ = np.split(kept, 5, axis=1)
    np.testing.assert_array_equal([i, i], [f, o])
    return i, c


@pytest.mark.compiler
def test_the_vectorised_gates_errors_are_at_most_four_units_in_the_last_place():
    magnitudes = np.geomspace(1e-6, 87, 100 * 500)
    x = np.concatenate([-magnitudes, magnitudes]).astype("float32").reshape(1000, 100)
    for found, exact in zip(gates(x), (expit(x.astype("float64")), np.tanh(x.astype("float64"))), strict=True):
        assert (abs(found - exact) <= 4 * np.spacing(abs(exact).astype("float32"))).all()


@pytest.mark.compiler
@pytest.mark.parametrize("exact_gates", [False, True])
def test_gates_saturate_and_not_a_number_stays_one(exact_gates):
    x = np.float32([[-np.inf, -200, -88.8, 0, 200, np.inf, np.nan]])
    sigmoid, tanh = gates(x, exact_gates)
    np.testing.assert_allclose(sigmoid, [[0, 0, 0, 0.5, 1, 1, np.nan]], atol=1e-38)
    np.testing.assert_array_equal(tanh, [[-1, -1, -1, 0, 1, 1, np.nan]])


@pytest.mark.compiler
def test_it_replaces_both_scans_and_keeps_nothing_where_no_gradient_is_taken():
    projected, W_hid = at.ftensor3(), at.fmatrix()
    hidden = unrolled(projected, W_hid, None, CLIP, exact_gates=True)
    gradients = aesara.grad((hidden**2).sum(), [projected, W_hid])

    def made(outputs):
        function = aesara.function([projected, W_hid], outputs, mode=MODES["c"])
        return [node.op for node in function.maker.fgraph.toposort() if "LSTM" in type(node.op).__name__]

    assert made(gradients) == [LSTMRecurrence(None, True, keep=True), LSTMRecurrenceGradient(None, CLIP)]
    assert made(hidden) == [LSTMRecurrence(None, True, keep=False)]
    values = sequences(3, 2, 5)[:2]
    whole, alone = (aesara.function([projected, W_hid], x, mode=MODES["c"]) for x in ([hidden, *gradients], hidden))
    np.testing.assert_array_equal(whole(*values)[0], alone(*values))


@pytest.mark.compiler
def test_shapes_that_do_not_fit_are_refused():
    projected, W_hid, gradient = sequences(2, 3, 4)
    for values in ((projected[:, :, 1:], W_hid, gradient), (projected, W_hid, gradient[1:])):
        with pytest.raises(ValueError, match="shapes do not fit"):
            compiled("c", None)(*values)
    with pytest.raises(TypeError, match="float32 arrays"):
        LSTMRecurrence(None, False, keep=True)(at.dtensor3(), at.fmatrix())
