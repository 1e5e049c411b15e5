"""AdamStep against a NumPy loop and Lasagne's Adam; C, Python and JAX against each other; layouts and threads."""

import functools

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
from aesara.compile.mode import Mode
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce import formulas
from reproduce.model.ops import jax_rules  # noqa: F401  registers the JAX twins
from reproduce.model.ops.adam import AdamStep
from reproduce.model.recipe import RELEASED
from reproduce.shim import jax_ops

MODES = {"c": lambda: Mode("cvm", "fast_run"), "python": lambda: Mode("py", None), "jax": jax_ops.mode}
KINDS = [(False, None), (True, "one"), (True, "mean_abs"), (True, "curvature")]
BLOCK = 16384
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@functools.cache
def compiled(mode, clip, scale):
    """(w, m, v, g, a) → w', m', v' and, where the scale has one, α'."""
    *matrices, a = at.fmatrices("w", "m", "v", "g"), at.fscalar("a")
    matrices = matrices[0]
    outputs = AdamStep(clip, scale, RELEASED.decay_rates)(*matrices, a, return_list=True)
    return aesara.function([*matrices, a], outputs, mode=MODES[mode]())


def reference(w, m, v, g, a, clip, scale):
    """Algorithm 1, steps 3 to 5, and Equation 8, element by element in float64."""
    w, m, v = (np.array(x, dtype="float64") for x in (w, m, v))
    weighted = total = 0.0
    for i in np.ndindex(w.shape):
        m[i] = BETA1 * m[i] + (1 - BETA1) * g[i]
        v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] ** 2
        d = np.sqrt(v[i]) + EPSILON
        w[i] -= a * m[i] / d
        if clip:
            w[i] = min(max(w[i], -1.0), 1.0)
        importance = d if scale == "curvature" else 1.0
        weighted += importance * abs(w[i])
        total += importance
    return [w, m, v] + [weighted / total] * (scale in ("mean_abs", "curvature"))


def state(shape, seed=0):
    """Weights, some beyond ±1 after a step, moments in the middle of a training, and a gradient."""
    rng = np.random.RandomState(seed)
    w, m, g = rng.uniform(-1, 1, shape), 0.1 * rng.randn(*shape), rng.randn(*shape)
    return [x.astype("float32") for x in (w, m, 0.01 + rng.rand(*shape), g)]


def assert_float32(outputs):
    assert [np.asarray(x).dtype for x in outputs] == [np.float32] * len(outputs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("clip, scale", KINDS)
def test_several_steps_equal_a_numpy_loop(mode, clip, scale):
    w, m, v, _ = state((3, 5))
    m, v = 0 * m, 0 * v
    expected = found = [w, m, v]
    for t in range(1, 6):
        g = state((3, 5), seed=t)[3]
        a = 0.3 * np.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        expected = reference(*expected[:3], g, a, clip, scale)
        found = compiled(mode, clip, scale)(*found[:3], g, np.float32(a))
        assert_float32(found)
        for ours, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=1e-6, atol=1e-6)
    assert clip == (np.abs(found[0]).max() <= 1)


def test_unclipped_steps_equal_lasagnes_adam():
    w, *_ = state((3, 4))
    parameter, gradient = aesara.shared(w), at.fmatrix()
    updates = lasagne.updates.adam([gradient], [parameter], learning_rate=0.1)
    lasagnes = aesara.function([gradient], updates=updates, mode=Mode("py", None))
    ours = [w, 0 * w, 0 * w]
    for t in range(1, 6):
        g = state(w.shape, seed=t)[3]
        lasagnes(g)
        beta1, beta2 = np.float32([BETA1, BETA2]) ** np.float32(t)
        a = np.float32(0.1) * np.sqrt(1 - beta2) / (1 - beta1)
        ours = compiled("c", False, None)(*ours, g, a)
        np.testing.assert_allclose(ours[0], parameter.get_value(), rtol=0, atol=t * 1e-7)


@pytest.mark.parametrize("clip, scale", KINDS)
@settings(deadline=None, max_examples=25)
@given(shape=st.tuples(st.integers(1, 4), st.integers(1, 40)), seed=st.integers(0, 99))
def test_c_equals_python(clip, scale, shape, seed):
    """The elements to the last bit, as neither contracts a·b + c; α to its sums' rounding."""
    arguments = *state(shape, seed), np.float32(0.01)
    in_c, in_python = (compiled(mode, clip, scale)(*arguments) for mode in ("c", "python"))
    for ours, wanted in zip(in_c[:3], in_python[:3], strict=True):
        np.testing.assert_array_equal(ours, wanted)
    np.testing.assert_allclose(in_c[3:], in_python[3:], rtol=2e-7)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scale", ["mean_abs", "curvature"])
def test_the_scale_is_that_of_the_new_weights(mode, scale):
    w, _, v, alpha = compiled(mode, True, scale)(*state((3, 5)), np.float32(0.1))
    np.testing.assert_allclose(alpha, formulas.SCALES[scale](formulas.NUMPY, w, v), rtol=2e-7)


LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("which", range(4), ids=["w", "m", "v", "g"])
def test_layouts_are_read_and_inputs_are_kept(layout, which):
    arrays = state((5, 7))
    step = compiled("c", True, "curvature")
    expected = step(*arrays, np.float32(0.5))
    arrays[which] = LAYOUTS[layout](arrays[which])
    before = [x.copy() for x in arrays]
    found = step(*arrays, np.float32(0.5))
    for ours, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, wanted)
    for array, value in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, value)
        assert not any(np.shares_memory(array, x) for x in found)


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (2, BLOCK // 2), (1, BLOCK + 1), (3, BLOCK + 7)], ids=str)
@pytest.mark.parametrize("clip, scale", KINDS)
def test_sizes(shape, clip, scale):
    arguments = *state(shape), np.float32(0.01)
    with np.errstate(invalid="ignore"):  # α of no elements is 0/0
        in_c, in_python = (compiled(mode, clip, scale)(*arguments) for mode in ("c", "python"))
    for ours, wanted in zip(in_c, in_python, strict=True):
        assert ours.shape == wanted.shape
        np.testing.assert_allclose(ours, wanted, rtol=2e-7)


@pytest.mark.compiler
def test_result_does_not_depend_on_the_number_of_threads(openmp_threads):
    step = compiled("c", True, "curvature")
    arguments = *state((5, BLOCK + 11)), np.float32(0.01)
    results = []
    for threads in (1, 2, 5):
        with openmp_threads(threads):
            results.append([x.tobytes() for x in step(*arguments)])
    assert results[0] == results[1] == results[2]


@functools.cache
def training_step(mode):
    """A step as training uses it, which updates shared variables; they come with it."""
    variables = [aesara.shared(x, name=name) for name, x in zip("wmv", state((2, 3)), strict=False)]
    variables.append(aesara.shared(np.asarray(np.float32(0)), name="alpha"))
    g, a = at.fmatrix(), at.fscalar()
    outputs = AdamStep(True, "curvature", RELEASED.decay_rates)(*variables[:3], g, a)
    return aesara.function([g, a], updates=list(zip(variables, outputs, strict=True)), mode=MODES[mode]()), variables


def adam_nodes(function):
    return [node for node in function.maker.fgraph.toposort() if isinstance(node.op, AdamStep)]


@pytest.mark.compiler
def test_updates_overwrite_their_variables_and_nothing_else_is_overwritten():
    function, variables = training_step("c")
    (node,) = adam_nodes(function)
    assert node.op.inplace
    assert node.op.destroy_map == {0: [0], 1: [1], 2: [2]}
    arrays = state((2, 3), seed=1)
    g = arrays[3].copy()
    for variable, value in zip(variables, arrays[:3], strict=False):
        variable.set_value(value)
    buffers = [variable.get_value(borrow=True) for variable in variables[:3]]
    function(g, np.float32(0.5))
    expected = compiled("python", True, "curvature")(*arrays, np.float32(0.5))
    for variable, wanted in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.get_value(), wanted, rtol=2e-7)
    for variable, buffer in zip(variables, buffers, strict=False):
        assert variable.get_value(borrow=True) is buffer
    np.testing.assert_array_equal(g, arrays[3])

    (node,) = adam_nodes(compiled("c", True, "curvature"))
    assert not node.op.inplace


def test_a_variable_in_another_layout_is_updated():
    function, variables = training_step("c")
    arrays = state((2, 3), seed=2)
    for variable, value in zip(variables, arrays[:3], strict=False):
        variable.set_value(np.asfortranarray(value), borrow=True)
    function(arrays[3], np.float32(0.5))
    expected = compiled("python", True, "curvature")(*arrays, np.float32(0.5))
    for variable, wanted in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.get_value(), wanted, rtol=2e-7)


@pytest.mark.parametrize("mode", MODES)
def test_nan_survives_the_clip(mode):
    w, m, v, g = state((1, 4))
    w[0, 0] = g[0, 1] = np.nan
    found, _, _, alpha = compiled(mode, True, "curvature")(w, m, v, g, np.float32(0.1))
    assert np.isnan(found).tolist() == [[True, True, False, False]]
    assert np.isnan(alpha)


@pytest.mark.parametrize("mode", MODES)
def test_first_step_without_a_gradient(mode):
    """0/ε is 0, so w stays; d is ε everywhere, so α is the mean."""
    w, *_ = state((3, 4))
    zero = 0 * w
    found, m, v, alpha = compiled(mode, True, "curvature")(w, zero, zero, zero, np.float32(0.1))
    np.testing.assert_array_equal(found, w)
    assert not np.any(m) and not np.any(v)
    np.testing.assert_allclose(alpha, abs(w).mean(dtype="float64"), rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_clip_is_exact_at_its_bounds(mode):
    w = np.array([[1, -1, 0.999, -0.999]], dtype="float32")
    g = np.array([[-1, 1, -1, 1]], dtype="float32")
    found, *_ = compiled(mode, True, "one")(w, 0 * w, 0 * w, g, np.float32(0.1))
    np.testing.assert_array_equal(found, [[1, -1, 1, -1]])


@pytest.mark.parametrize("number", range(5), ids=["w", "m", "v", "g", "step_size"])
def test_other_types_are_refused(number):
    inputs = [*at.fmatrices(4), at.fscalar()]
    inputs[number] = inputs[number].astype("float64")
    with pytest.raises(TypeError, match="needs float32, got float64"):
        AdamStep(True, "one", RELEASED.decay_rates)(*inputs)


@pytest.mark.parametrize("inputs", [[*at.fmatrices(3), at.fvector(), at.fscalar()], [*at.fmatrices(4), at.fvector()]])
def test_other_dimensions_are_refused(inputs):
    with pytest.raises(TypeError, match="one shape and a scalar step size"):
        AdamStep(True, "one", RELEASED.decay_rates)(*inputs)


@pytest.mark.parametrize("which", range(1, 4), ids=["m", "v", "g"])
def test_other_sizes_are_refused(which):
    arrays = state((2, 3))
    arrays[which] = state((2, 4))[which]
    with pytest.raises(ValueError, match="w, m, v and g differ in shape"):
        compiled("c", True, "curvature")(*arrays, np.float32(0.1))
