"""Elementwise loops against Aesara's own C code, bit by bit."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.scalar import basic as scalar
from aesara.tensor.elemwise import Elemwise
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.shim.c_ops import elementwise
from reproduce.shim.c_ops.elementwise import ElementwiseLoops

pytestmark = pytest.mark.compiler

LAYOUTS = [
    np.ascontiguousarray,
    np.asfortranarray,
    lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    lambda x: np.flip(np.ascontiguousarray(np.flip(x))),
    lambda x: np.swapaxes(np.ascontiguousarray(np.swapaxes(x, 0, 1)), 0, 1),
]


def batch_norm(x, y, channels, scale):
    """As batch norm has them: pictures, a number for each channel, and one for all."""
    centred = x - channels.dimshuffle("x", 0, "x")
    return [centred / at.sqrt(at.square(y) + 0.5) * scale + abs(x), at.switch(x > y, x, -y), at.exp(x) > 1]


def whole_numbers(x, y, channels, scale):
    """Of several kinds of numbers."""
    whole = channels.dimshuffle("x", 0, "x").astype("int64")
    return [(x > y).astype("int8") + whole, (x * y).astype("float64") / scale, whole * at.ones_like(x).astype("int16")]


@cache
def compiled(graph, own=True):
    mode = aesara.compile.get_default_mode()
    if not own:
        mode = mode.excluding("elementwise_loops")
    inputs = at.ftensor3(), at.ftensor3(), at.fvector(), at.fscalar()
    function = aesara.function(inputs, graph(*inputs), mode=mode)
    nodes = [node for node in function.maker.fgraph.toposort() if isinstance(node.op, Elemwise)]
    assert {type(node.op) for node in nodes if node.outputs[0].ndim} == {ElementwiseLoops if own else Elemwise}
    return function


@pytest.mark.parametrize("graph", [batch_norm, whole_numbers])
@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(1, 9)),
    layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS)),
    broadcast=st.sampled_from([(), (0,), (1,), (2,), (0, 2), (0, 1, 2)]),
    seed=st.integers(0, 99),
)
def test_the_bits_are_aesaras(graph, shape, layouts, broadcast, seed):
    rng = np.random.default_rng(seed)
    other = [1 if axis in broadcast else n for axis, n in enumerate(shape)]
    x, y = (layout(_numbers(rng, size)) for layout, size in zip(layouts, (shape, other), strict=True))
    arguments = x, y, rng.integers(-3, 3, shape[1]).astype("float32"), np.float32(-1.5)
    for ours, theirs in zip(compiled(graph)(*arguments), compiled(graph, False)(*arguments), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
        if ours.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


@pytest.mark.parametrize("shape", [(3, 2, 20_001), (300, 7, 33), (1, 1, 100_000), (2, 40_000, 1)])
def test_the_bits_do_not_depend_on_the_threads(shape, openmp_threads):
    rng = np.random.default_rng(3)
    arguments = *(_numbers(rng, shape) for _ in range(2)), _numbers(rng, shape[1:2]), np.float32(2)
    found = []
    for threads in (1, 2, 3):
        with openmp_threads(threads):
            found.append(compiled(batch_norm)(*arguments))
    for ours in found:
        for one, theirs in zip(ours, compiled(batch_norm, False)(*arguments), strict=True):
            np.testing.assert_array_equal(one, theirs)


def _numbers(rng, shape):
    """Normal numbers, and some that are special."""
    x = rng.standard_normal(shape).astype("float32")
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0], "float32")
    return np.where(rng.random(shape) < 0.2, rng.choice(special, shape), x)


def test_a_result_overwrites_its_input_only_where_their_shapes_agree():
    state, x = aesara.shared(np.ones((2, 3), "float32")), at.fmatrix()
    step = aesara.function([x], updates={state: state * 2 + x})
    (node,) = [n for n in step.maker.fgraph.toposort() if isinstance(n.op, ElementwiseLoops)]
    assert node.op.inplace_pattern == {0: node.inputs.index(step.maker.fgraph.inputs[1])}
    memory = state.get_value(borrow=True)
    step(np.full((2, 3), 5, "float32"))
    assert state.get_value(borrow=True) is memory and (memory == 7).all()
    state.set_value(np.ones((1, 3), "float32"))
    step(np.full((2, 3), 5, "float32"))
    np.testing.assert_array_equal(state.get_value(), np.full((2, 3), 7))


def test_results_keep_fortrans_order():
    x = at.fmatrix()
    result = aesara.function([x], x * 2 + x)(np.asfortranarray(np.ones((4, 3), "float32")))
    assert result.flags.f_contiguous and not result.flags.c_contiguous


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"shape\[2\] = 4, but input\[\d\].shape\[2\] = 5"):
        compiled(batch_norm)(np.ones((2, 3, 4), "f"), np.ones((2, 3, 5), "f"), np.ones(3, "f"), np.float32(1))


class Counting(scalar.UnaryScalarOp):
    """A script's own Op, whose C code could count its calls."""

    def c_code(self, node, name, inputs, outputs, sub):
        return f"{outputs[0]} = {inputs[0]};"


@pytest.mark.parametrize(
    "make",
    [
        lambda x: Elemwise(Counting(scalar.same_out))(x),
        lambda x: Elemwise(scalar.Composite(*_composite(Counting(scalar.same_out))))(x),
        lambda x: x.astype("complex64") * 2,
        lambda x: x.astype("int32") // x.astype("int32"),
        lambda x: at.exp(x.sum()),
    ],
    ids=["own", "fused own", "complex", "may fail", "a number"],
)
def test_what_stays_with_aesara(make):
    z = make(at.fvector())
    assert not elementwise.vectorises(z.owner)


def _composite(op):
    x = scalar.float32()
    return [x], [op(x) + x]


def test_test_values_stay():
    """A loop's graph is used again after it was compiled, for its gradient."""
    x = at.fvector()
    x.tag.test_value = np.float32([0, 1])
    with aesara.config.change_flags(compute_test_value="raise"):
        function = aesara.function([x], at.sqrt(x))
    (node,) = function.maker.fgraph.toposort()
    assert isinstance(node.op, ElementwiseLoops)
    np.testing.assert_array_equal(node.outputs[0].tag.test_value, [0, 1])
