"""The LSTM's recurrence in C against a Python loop; errors of the vectorised gates; threads and edges."""

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
from reproduce.shim.c_ops import onednn

MODES = {"python": Mode("py", None), "c": Mode("cvm", "fast_run")}
KIND = pytest.mark.parametrize("binarize", KINDS)
CLIP = 0.5


@functools.cache
def compiled(mode, binarize, exact_gates=False, clip=CLIP):
    """(W_in, bias, characters, W_hid, ∂hidden) → hidden, cells, kept, ∂W_in, ∂bias, ∂W_hid."""
    W_in, _, characters, W_hid = inputs = arguments()
    gradient = at.ftensor3("gradient")
    forward = LSTMRecurrence(binarize, exact_gates, keep=True)(*inputs)
    backward = LSTMRecurrenceGradient(binarize, clip)(W_in, characters, W_hid, *forward, gradient)
    return aesara.function([*inputs, gradient], [*forward, *backward], mode=MODES[mode])


def arguments():
    return at.fmatrix("W_in"), at.fvector("bias"), at.imatrix("characters"), at.fmatrix("W_hid")


def sequences(steps, batch, units, seed=0, vocabulary=5):
    rng = np.random.RandomState(seed)
    W_in, bias, W_hid, gradient = (
        rng.randn(*shape).astype("float32")
        for shape in ((vocabulary, 4 * units), (4 * units,), (units, 4 * units), (steps, batch, units))
    )
    characters = rng.randint(-vocabulary, vocabulary, (steps, batch)).astype("int32")
    return [W_in, bias, characters, W_hid, gradient]


@pytest.fixture(scope="module", params=["oneDNN", "BLAS"])
def library(request):
    """The library of the Ops' products; pip's answers stand for a machine without oneDNN."""
    if request.param == "oneDNN":
        if onednn.find() is None:
            pytest.skip("oneDNN is not installed: make venv")
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onednn.metadata, "files", lambda name: [])
        for cached in (onednn.find, compiled):
            cached.cache_clear()
        yield
    for cached in (onednn.find, compiled):
        cached.cache_clear()


@pytest.mark.compiler
@KIND
@pytest.mark.parametrize("exact_gates", [False, True])
@settings(deadline=None, max_examples=20)
@given(
    steps=st.integers(0, 4), batch=st.integers(0, 3), units=st.integers(0, 19), vocabulary=st.integers(1, 7),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_c_equals_python(library, binarize, exact_gates, steps, batch, units, vocabulary, seed):
    values = sequences(steps, batch, units, seed, vocabulary)
    values[3] *= 0.3  # without chaos
    in_c, in_python = compiled("c", binarize, exact_gates)(*values), compiled("python", binarize)(*values)
    for ours, wanted in zip(in_c, in_python, strict=True):
        assert ours.shape == wanted.shape and ours.dtype == np.float32
        np.testing.assert_allclose(ours, wanted, rtol=2e-4, atol=2e-5)


@pytest.mark.compiler
def test_sequences_of_more_than_one_block_equal_python(library):
    """The pre-activations' gradients are used up in blocks of steps; here they need three, the last of one step."""
    values = sequences(5, 4096, 64, vocabulary=30)
    values[3] *= 0.1
    for ours, wanted in zip(compiled("c", None)(*values), compiled("python", None)(*values), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-3, atol=1e-4 * abs(wanted).max())


@pytest.mark.compiler
def test_views_are_read_as_they_look():
    values = sequences(6, 4, 5)
    views = [
        np.asfortranarray(values[0]), values[1][::-1], values[2].T.copy().T, values[3][::-1],
        np.repeat(values[4], 2, axis=0)[::2],
    ]  # fmt: skip
    for ours, wanted in zip(
        compiled("c", None)(*views), compiled("c", None)(*map(np.ascontiguousarray, views)), strict=True
    ):
        np.testing.assert_array_equal(ours, wanted)


@pytest.mark.compiler
def test_the_same_bits_each_time_and_on_any_number_of_threads(library, openmp_threads):
    values, results = sequences(5, 70, 65), []  # enough for threads
    for threads in (1, 2, 2, 3):
        with openmp_threads(threads):
            results.append([x.tobytes() for x in compiled("c", None)(*values)])
    assert results[0] == results[1] == results[2] == results[3]


@pytest.mark.compiler
def test_not_a_number_stays_in_its_example_from_its_step_on():
    values = sequences(3, 2, 17)
    values[2][:] = [[0, 1], [4, 1], [2, 3]]
    values[0][4, 0] = np.nan
    hidden, cells, _, grad_in, grad_bias, _ = compiled("c", None)(*values)
    for x in (hidden, cells):
        assert np.isfinite(x[:, 1]).all() and np.isfinite(x[0]).all()
        assert np.isnan(x[1, 0, 0]) and np.isnan(x[2, 0]).all()
    assert np.isnan(grad_in[4]).any() and np.isnan(grad_bias).any()
    assert np.isfinite(grad_in[[1, 3]]).all(), "of characters that only the other example has"


@pytest.mark.compiler
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("character", [5, -6, 2**31 - 1, -(2**31)])
def test_a_character_outside_the_vocabulary_is_refused(mode, character):
    values = sequences(3, 2, 4)
    values[2][2, 1] = character
    with pytest.raises(IndexError, match=f"index {character} is out of bounds for axis 0 with size 5"):
        compiled(mode, None)(*values)
    backward = LSTMRecurrenceGradient(None, CLIP)
    inputs = [at.fmatrix(), at.imatrix(), at.fmatrix(), *(at.ftensor3() for _ in range(4))]
    states = [np.zeros((3, 2, width), "float32") for width in (4, 4, 20, 4)]
    with pytest.raises(IndexError, match="out of bounds"):
        aesara.function(inputs, backward(*inputs), mode=MODES[mode])(values[0], *values[2:4], *states)


def gates(x, exact_gates=False):
    """Sigmoid and tanh of `x`, which is a matrix, as the recurrence's first step computes them."""
    batch, units = x.shape
    W_in, W_hid = np.tile(x, 4), np.zeros((units, 4 * units), "float32")
    characters, gradient = np.arange(batch, dtype="int32")[None], np.zeros((1, *x.shape), "float32")
    kept = compiled("c", None, exact_gates)(W_in, W_hid[0], characters, W_hid, gradient)[2][0]
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
def test_it_replaces_lookups_and_scans_and_keeps_nothing_where_no_gradient_is_taken():
    inputs = arguments()
    hidden = unrolled(*inputs, None, CLIP, exact_gates=True)
    gradients = aesara.grad((hidden**2).sum(), [inputs[0], inputs[1], inputs[3]])

    def made(outputs):
        function = aesara.function(inputs, outputs, mode=MODES["c"])
        ops = [node.op for node in function.maker.fgraph.toposort()]
        assert not any("Subtensor" in type(op).__name__ for op in ops)
        return [op for op in ops if "LSTM" in type(op).__name__]

    assert made(gradients) == [LSTMRecurrence(None, True, keep=True), LSTMRecurrenceGradient(None, CLIP)]
    assert made(hidden) == [LSTMRecurrence(None, True, keep=False)]
    values = sequences(3, 2, 5)[:4]
    whole, alone = (aesara.function(inputs, x, mode=MODES["c"]) for x in ([hidden, *gradients], hidden))
    np.testing.assert_array_equal(whole(*values)[0], alone(*values))


@pytest.mark.compiler
@pytest.mark.parametrize("narrowed", [0, 1, 3, 4])
def test_shapes_that_do_not_fit_are_refused(narrowed):
    values = sequences(2, 3, 4)
    values[narrowed] = values[narrowed][..., 1:]
    with pytest.raises(ValueError, match="shapes do not fit"):
        compiled("c", None)(*values)


def test_other_types_are_refused():
    W_in, bias, characters, W_hid = arguments()
    op = LSTMRecurrence(None, False, keep=True)
    with pytest.raises(TypeError, match="float32 array of 2 axes"):
        op(at.dmatrix(), bias, characters, W_hid)
    with pytest.raises(TypeError, match="matrix of integers"):
        op(W_in, bias, at.fmatrix(), W_hid)
