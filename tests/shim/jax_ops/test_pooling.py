"""Pooling and its gradients: JAX's rules against Aesara's C code."""

from functools import cache

import aesara
import aesara.tensor as at
import jax
import numpy as np
import pytest
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.signal.pool import AveragePoolGrad, MaxPoolGrad, Pool, pool_2d
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reproduce.shim import jax_ops

FORMS = [
    ("max", True), ("max", False), ("sum", True), ("sum", False), ("average_inc_pad", True),
    ("average_inc_pad", False), ("average_exc_pad", True), ("average_exc_pad", False),
]  # fmt: skip


@cache
def pooled(mode, ignore_border):
    """In C: (input, gradient, window, stride, padding) → pooled, gradient of the input; and the two nodes."""
    x, gradient, geometry = at.ftensor4(), at.ftensor4(), [at.lvector() for _ in range(3)]
    result = Pool(ignore_border=ignore_border, mode=mode)(x, *geometry)
    if mode == "max":
        back = MaxPoolGrad(ignore_border)(x, result, gradient, *geometry)
    else:
        back = AveragePoolGrad(ignore_border, mode)(x, gradient, *geometry)
    forward = aesara.function([x, *geometry], result)
    return forward, aesara.function([x, gradient, *geometry], back), result.owner, back.owner


@pytest.mark.compiler
@pytest.mark.parametrize(("mode", "ignore_border"), FORMS)
@settings(max_examples=6, deadline=None)
@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pad=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    examples=st.integers(0, 2),
    rows=st.integers(3, 7),
    columns=st.integers(3, 7),
    layout=st.sampled_from([np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 2, axis=-1)[..., ::2]]),
    seed=st.integers(0, 99),
)
def test_pooling_and_its_gradient(mode, ignore_border, size, stride, pad, examples, rows, columns, layout, seed):
    assume(all(p < w for p, w in zip(pad, size, strict=True)))
    if not ignore_border or mode == "average_exc_pad":  # C has no padding there
        pad = (0, 0)
    forward, backward, node, back_node = pooled(mode, ignore_border)
    rng = np.random.default_rng(seed)
    # Few different values, so that windows have ties.
    x = layout(rng.integers(-2, 3, (examples, 3, rows, columns)).astype("float32"))
    geometry = [np.array(values) for values in (size, stride, pad)]
    expected = forward(x, *geometry)
    rule = jax_funcify(node.op, node=node)
    result = jax.jit(lambda x: rule(x, *geometry))(x)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)
    gradient = layout(rng.standard_normal(expected.shape, "float32"))
    back_rule = jax_funcify(back_node.op, node=back_node)
    arrays = (x, expected, gradient) if mode == "max" else (x, gradient)
    back = jax.jit(lambda *arrays: back_rule(*arrays, *geometry))(*arrays)
    np.testing.assert_allclose(back, backward(x, gradient, *geometry), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["max", "average_inc_pad"])
def test_a_pooling_layer(parity, mode):
    x = at.ftensor4()
    result = pool_2d(at.maximum(x, 0), (2, 2), ignore_border=True, mode=mode)
    values = np.random.default_rng(0).standard_normal((2, 3, 6, 5), "float32")
    parity([x], [result, aesara.grad((result**2).sum(), x)])(values)


def test_every_maximum_receives_the_whole_gradient():
    x = at.ftensor4()
    result = pool_2d(x, (2, 2), ignore_border=True)
    gradient = aesara.function([x], aesara.grad(result.sum(), x), mode=jax_ops.mode())
    np.testing.assert_array_equal(gradient(np.zeros((1, 1, 2, 4), "float32")), np.ones((1, 1, 2, 4)))


def test_one_axis_and_integers(parity):
    x = at.imatrix()
    parity([x], [Pool(ignore_border=True, ndim=1)(x, (2,))])(np.array([[3, -5, -7, -6, 9]], "int32"))


def test_windows_that_depend_on_values(parity):
    x, size = at.ftensor4(), at.lvector()
    values = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
    parity([x, size], [Pool(ignore_border=True)(x, size)])(values, np.array([2, 2]))
