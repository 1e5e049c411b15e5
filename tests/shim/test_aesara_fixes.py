"""Each repair does its work; and the fault it repairs is still there (if not: drop the repair)."""

import aesara
import numpy as np
import pytest
import theano
from aesara import tensor as at
from aesara.compile.mode import Mode
from aesara.gradient import ConsiderConstant, ZeroGrad
from aesara.scalar.basic import Deg2Rad, Rad2Deg, float64
from aesara.tensor.nnet.corr import CorrMM
from aesara.tensor.signal.pool import DownsampleFactorMaxGradGrad, Pool

from reproduce.shim import numpy2


@pytest.mark.skipif(numpy2.is_used(), reason="beside NumPy 2 Aesara cannot be imported without the shim")
def test_the_faults_are_still_there_without_the_shim(python):
    code = """
import aesara
import numpy as np
from aesara import tensor as at
from aesara.link.c.type import generic
from aesara.tensor.nnet.corr import CorrMM
from aesara.tensor.signal.pool import DownsampleFactorMaxGradGrad, Pool

def power_of_a_loops_gradient():
    u, x = aesara.shared(np.eye(3)), at.tensor3()
    start = at.alloc(np.float64(0), x.shape[1], 3)
    h, _ = aesara.scan(lambda i, p: at.tanh(i + at.dot(p, u)), sequences=[x], outputs_info=[start])
    aesara.function([x], aesara.grad(h.sum(), u) ** 2)

def default_update():
    s = aesara.shared(np.zeros(3))
    s.default_update = s + at.constant(np.ones(3))
    aesara.function([], s * 1)

def state_of_length_1():
    x, start = at.matrix(), aesara.shared(np.zeros(1), shape=(1,))
    h, _ = aesara.scan(lambda a, h: a + h, sequences=[x], outputs_info=[start])
    aesara.grad(h.sum(), x)

def second_gradient_of_max_pooling():
    x, pooled = at.TensorType("float64", (6,))(), at.TensorType("float64", (3,))()
    assert DownsampleFactorMaxGradGrad(ndim=1, ignore_border=True)(x, pooled, x, (2,)).type.shape != (6,)

faults = {
    lambda: CorrMM()(at.tensor4(), at.tensor4()): TypeError,
    lambda: aesara.Variable(generic): TypeError,
    power_of_a_loops_gradient: AssertionError,
    default_update: TypeError,
    state_of_length_1: TypeError,
    second_gradient_of_max_pooling: AssertionError,
}
for fault, error in faults.items():
    try:
        fault()
    except error:
        print("there")
"""
    process = python(code, AESARA_FLAGS="cxx=,blas__ldflags=,floatX=float64")
    assert process.stdout.split() == ["there"] * 6, "Aesara no longer has this fault; drop its repair"


@pytest.mark.skipif(not numpy2.is_used(), reason="the fault is there beside NumPy 2")
@pytest.mark.parametrize("kind", [Deg2Rad, Rad2Deg])
def test_the_fault_of_angles_is_still_there(kind):
    with pytest.raises(ValueError):
        kind.L_op.__wrapped__(kind(), [float64()], [float64()], [float64()])


@pytest.mark.skipif(not numpy2.is_used(), reason="the fault is there beside NumPy 2")
@pytest.mark.parametrize("kind", [ConsiderConstant, ZeroGrad])
def test_the_fault_of_zero_gradients_is_still_there(kind):
    x = at.constant([0.0])
    with pytest.raises((TypeError, ValueError)):
        kind.grad.__wrapped__(kind(), [x], [x])


@pytest.mark.parametrize("mode", [Mode("py", "fast_compile"), "JAX"], ids=["python", "jax"])
@pytest.mark.parametrize("kind", [ConsiderConstant, ZeroGrad])
def test_what_is_constant_to_a_gradient(kind, mode):
    x = at.fvector()
    gradient = theano.function([x], theano.grad((kind()(x) * x).sum(), x), mode=mode)
    np.testing.assert_array_equal(gradient(np.float32([2, 3])), [2, 3])


def correlate(x, w, pad, stride):
    """Two-dimensional correlation of (n, c, h, w) with (k, c, i, j), in loops."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, columns = w.shape[2:]
    height, width = ((x.shape[2] - rows) // stride + 1, (x.shape[3] - columns) // stride + 1)
    y = np.empty((len(x), len(w), height, width))
    for r, c in np.ndindex(height, width):
        patch = x[:, :, r * stride : r * stride + rows, c * stride : c * stride + columns]
        y[:, :, r, c] = np.einsum("nchw,kchw->nk", patch, w)
    return y


@pytest.mark.compiler
def test_conv2d_and_both_gradients_on_the_cpu():
    pad, stride, rng = 1, 2, np.random.RandomState(0)
    x, w = rng.randn(2, 3, 6, 5).astype("float32"), rng.randn(4, 3, 3, 3).astype("float32")
    direction = rng.randn(*correlate(x, w, pad, stride).shape).astype("float32")
    vx, vw = at.tensor4("x"), at.tensor4("w")
    y = at.nnet.conv2d(vx, vw, border_mode=pad, subsample=(stride, stride), filter_flip=False)
    step = aesara.function([vx, vw], [y, *aesara.grad((y * direction).sum(), [vx, vw])])
    result, dx, dw = step(x, w)

    np.testing.assert_allclose(result, correlate(x, w, pad, stride), rtol=1e-4, atol=1e-5)
    # The operation is linear in each argument: the gradient along a unit vector is its value there.
    for index in ((0, 0, 0, 0), (1, 2, 5, 4), (0, 1, 3, 2)):
        unit = np.zeros_like(x)
        unit[index] = 1
        assert dx[index] == pytest.approx((correlate(unit, w, pad, stride) * direction).sum(), rel=1e-4, abs=1e-5)
    for index in ((0, 0, 0, 0), (3, 2, 2, 2), (1, 1, 0, 2)):
        unit = np.zeros_like(w)
        unit[index] = 1
        assert dw[index] == pytest.approx((correlate(x, unit, pad, stride) * direction).sum(), rel=1e-4, abs=1e-5)


def test_corr_mm_checks_and_types_its_inputs():
    node = CorrMM()(at.TensorType("float32", (1, None, 8, 8))(), at.TensorType("float64", (1, 3, 3, 3))())
    assert node.type.shape == (1, 1, None, None) and node.dtype == "float64"
    with pytest.raises(TypeError, match="img must be 4D"):
        CorrMM()(at.matrix(), at.tensor4())
    with pytest.raises(TypeError, match="kern must be 4D"):
        CorrMM()(at.tensor4(), at.matrix())
    with pytest.raises(TypeError, match="kern must be 6D"):
        CorrMM(unshared=True)(at.tensor4(), at.tensor4())


def test_variables_need_only_a_type():
    assert aesara.Variable("a type").type == "a type"
    vector = aesara.Variable(at.dvector)
    assert vector.owner is None
    vector.tag.test_value = [1, 2]
    assert vector.tag.test_value.dtype == "float64", "a real type still checks test values"


def test_a_function_and_a_shared_variable_have_theanos_attributes():
    s = theano.shared(0)
    s.default_update = s + 1
    function = theano.function([], s, mode=Mode("py", "fast_compile"))
    function()
    del s.default_update
    assert s.get_value() == 1 and function.fn is function.vm and s.default_update is None


@pytest.mark.parametrize("mode", [pytest.param("FAST_RUN", marks=pytest.mark.compiler), "JAX"])
def test_powers_of_a_loops_gradient(mode):
    """As Adam and RMSProp take them; by finite differences of a loop in NumPy."""
    u, x = theano.shared(np.eye(3) / 2), theano.tensor.dtensor3()
    h, _ = theano.scan(
        lambda i, p: at.tanh(i + at.dot(p, u)), sequences=[x], outputs_info=[at.alloc(np.float64(0), x.shape[1], 3)]
    )
    gradient = at.grad(h.sum(), u)
    function = theano.function([x], [gradient**2, gradient**-1, abs(gradient) ** 0.5, gradient**3], mode=mode)

    def total(u):
        p, sum_ = np.zeros((2, 3)), 0
        for i in values:
            p = np.tanh(i + p @ u)
            sum_ += p.sum()
        return sum_

    values = np.random.RandomState(0).randn(4, 2, 3)
    expected = np.zeros((3, 3))
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-6
        expected[place] = (total(u.get_value() + step) - total(u.get_value() - step)) / 2e-6
    for power, result in zip((2, -1, 0.5, 3), function(values), strict=True):
        np.testing.assert_allclose(result, (abs(expected) if power == 0.5 else expected) ** power, rtol=1e-4)


FUNCTIONS = (
    "abs_", "arccos", "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "cos", "cosh", "deg2rad", "erf", "erfc",
    "erfcinv", "erfcx", "erfinv", "exp", "exp2", "expm1", "floor", "gamma", "gammaln", "inv", "log", "log10",
    "log1p", "log2", "neg", "psi", "rad2deg", "round", "sgn", "sin", "sinh", "sqr", "sqrt", "tan", "tanh",
    "trunc",
)  # fmt: skip
PAIRS = "add", "arctan2", "maximum", "minimum", "mul", "pow", "sub", "true_div"


def test_gradients_of_elementwise_functions():
    """Each by central differences; a NumPy 2 beside Aesara's code takes other arguments than a NumPy 1 did."""
    x, y = at.dvector(), at.dvector()
    where, other = np.linspace(0.15, 0.83, 5), np.linspace(0.9, 0.2, 5)
    values = [getattr(theano.tensor, name)(x) for name in FUNCTIONS]
    values += [getattr(theano.tensor, name)(x, y) for name in PAIRS]
    arguments = {"mode": Mode("py", "fast_compile"), "on_unused_input": "ignore"}
    of = aesara.function([x, y], values, **arguments)
    above, below = (np.array(of(where + step, other)) for step in (1e-6, -1e-6))
    found = aesara.function([x, y], [aesara.grad(value.sum(), x) for value in values], **arguments)(where, other)
    for name, slope, expected in zip(FUNCTIONS + PAIRS, found, (above - below) / 2e-6, strict=True):
        np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_default_update_may_have_a_static_shape():
    s = aesara.shared(np.zeros(3))
    s.default_update = s + at.constant(np.ones(3))
    assert s.type.shape == (None,) and s.default_update.type.shape == (3,)
    function = aesara.function([], s * 1, mode=Mode("py", "fast_compile"))
    assert [function().tolist() for _ in range(2)] == [[0] * 3, [1] * 3]


STATES = {
    "a known length before an open one": lambda x, w: (lambda a, h: at.tanh(a + h), theano.shared(np.zeros(1))),
    "an open length before a known one": lambda x, w: (lambda a, h: at.tanh(at.dot(a + h, w)), x[0] * 0),
    "an earlier tap": lambda x, w: (
        lambda a, h: at.tanh(a + h), {"initial": theano.shared(np.zeros((2, 1))), "taps": [-2]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", [pytest.param("FAST_RUN", marks=pytest.mark.compiler), "JAX"])
@pytest.mark.parametrize("form", STATES)
def test_states_of_length_1(form, mode):
    """A loop and its gradient, by finite differences of a loop in NumPy."""
    x, w = theano.tensor.dmatrix(), theano.shared(np.full((1, 1), 0.5))
    step, start = STATES[form](x, w)
    h, _ = theano.scan(step, sequences=[x], outputs_info=[start])
    found, slopes = theano.function([x], [h, at.grad((h**2).sum(), x)], mode=mode)(values := np.arange(1.0, 5)[:, None])

    def loop(x):
        earlier, weight = (2, 1) if form == "an earlier tap" else (1, 0.5 if "open length before" in form else 1)
        h = np.zeros((len(x) + earlier, 1))
        for t in range(len(x)):
            h[t + earlier] = np.tanh(weight * (x[t] + h[t]))
        return h[earlier:]

    np.testing.assert_allclose(found, loop(values), rtol=1e-5)
    for place, slope in enumerate(slopes[:, 0]):
        above, below = (np.square(loop(values + step * np.eye(4)[:, [place]])).sum() for step in (1e-6, -1e-6))
        assert slope == pytest.approx((above - below) / 2e-6, rel=1e-3, abs=1e-6)


def test_a_variable_knows_the_line_that_made_it():
    with aesara.config.change_flags(traceback__limit=1):
        h, _ = theano.scan(lambda a: a * 2, sequences=[theano.tensor.dmatrix()])
    ((name, _, _, line),) = h.tag.trace[0]
    assert name == __file__ and line.startswith("h, _ = theano.scan(")


@pytest.mark.parametrize("linker", [pytest.param("cvm", marks=pytest.mark.compiler), "vm"])
@pytest.mark.parametrize("taps", [[-1], [-4], [-3, -1]])
def test_shortened_buffers_of_states_of_length_1(taps, linker):
    """The new values are not asked for, so Aesara keeps few of them; the earlier ones must come out all the same."""
    x, start = theano.tensor.dmatrix(), theano.shared(np.zeros((-taps[0], 1) if taps != [-1] else 1))
    outputs = [{"initial": start, "taps": taps}, None]
    (_, earlier), _ = theano.scan(lambda a, h, *others: (a, h), sequences=[x], outputs_info=outputs)
    values = np.arange(1.0, 11)[:, None]
    found = theano.function([x], earlier, mode=Mode(linker, "fast_run"))(values)
    np.testing.assert_array_equal(found, np.vstack([np.zeros((-taps[0], 1)), values])[:10])


def test_loops_with_states_of_length_1_are_copied():
    x = theano.tensor.dmatrix()
    h, _ = theano.scan(lambda a, h: a + h, sequences=[x], outputs_info=[theano.shared(np.zeros(1))])
    (copied,) = theano.clone([h], share_inputs=False)
    assert copied.owner.inputs[0].owner.op.clone() == h.owner.inputs[0].owner.op


def test_the_second_gradient_of_max_pooling():
    """It takes, for each window, what multiplies the largest element."""
    x, weights = at.TensorType("float64", (6,))(), at.TensorType("float64", (3,))()
    pooled = Pool(ndim=1, ignore_border=True)(x, (2,))
    assert DownsampleFactorMaxGradGrad(ndim=1, ignore_border=True)(x, pooled, x, (2,)).type.shape != (6,)
    slope = at.grad((pooled * weights).sum(), x)
    second = at.grad((slope * np.arange(6.0)).sum(), weights)
    function = aesara.function([x, weights], second, mode=Mode("py", "fast_compile"))
    np.testing.assert_array_equal(function(np.array([3.0, 1, 1, 3, 5, 4]), np.ones(3)), [0, 3, 4])
