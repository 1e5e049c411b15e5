"""Elementwise Ops: JAX against NumPy."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import JAX
from aesara.scalar.basic import Composite, InRange
from aesara.tensor.elemwise import Elemwise
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

SETTINGS = settings(max_examples=10, deadline=None)
# No subnormal numbers: XLA takes them for zeros.
FLOATS = st.integers(-64, 64).map(lambda i: i / 16)
EDGES = np.array(
    [0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, -0.49999997, 8388609, -8388609], "float32"
)
UNARY = (
    at.abs, at.sgn, at.neg, at.exp, at.tanh, at.sigmoid, at.softplus, at.sqr, at.floor, at.ceil, at.round,
    lambda x: at.sqrt(x + 5), lambda x: at.log(x + 5), lambda x: at.reciprocal(x + 5), lambda x: x ** 3,
    lambda x: at.clip(x, -1, 1), lambda x: at.cast(x, "int8"), lambda x: at.cast(x, "bool"),
    lambda x: 1 / (x + 5), at.erf, at.isnan, lambda x: at.log1p(x + 5), lambda x: x ** -2,
    lambda x: (x + 5) ** 0.5,
)  # fmt: skip


@cache
def unary(parity):
    x = at.fmatrix()
    return parity([x], [function(x) for function in UNARY])


@SETTINGS
@given(x=hnp.arrays("float32", hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=4),
                    elements=FLOATS))  # fmt: skip
def test_unary_functions(parity, x):
    unary(parity)(x)


@cache
def binary(parity):
    x, y, row, m = at.fmatrix(), at.fmatrix(), at.frow(), at.imatrix()
    return parity(
        [x, y, row, m],
        [
            x + y + row, x - row, x * y * row, x / (at.abs(row) + 1), at.maximum(x, row), at.minimum(x, y),
            at.switch(x > y, x, row), at.ge(x, row), at.eq(x, y), at.neq(m, 1), m // 3, m % 3, m + 1,
            m / 4, -m, at.and_(m, 6), at.or_(m, 6), at.xor(m, 6), at.invert(m), at.fill(row, x),
            at.fill(x, row), at.power(at.abs(x) + 1, y), at.arctan2(x, y), at.mod(x, 1.5),
        ],

    )  # fmt: skip


@SETTINGS
@given(data=st.data(), rows=st.integers(1, 3), columns=st.integers(1, 3))
def test_functions_of_two_broadcast(parity, data, rows, columns):
    values = [
        data.draw(hnp.arrays("float32", shape, elements=FLOATS))
        for shape in ((rows, columns), (rows, columns), (1, columns))
    ]
    integers = data.draw(hnp.arrays("int32", (rows, columns), elements=st.integers(-9, 9)))
    binary(parity)(*values, integers)


@pytest.mark.parametrize("dtype", ["int8", "int32", "float32", "bool"])
def test_output_dtypes_are_aesaras(parity, dtype):
    x, y = at.vector(dtype=dtype), at.bvector()
    parity([x, y], [x + y, x * y, x / (y + 1), at.eq(x, y), at.switch(y, x, y), x + np.float32(1)])(
        np.array([0, 1, 1], dtype), np.array([2, 0, 1], "int8")
    )


def test_rounding_half_away_from_zero(parity):
    x = at.fvector()
    (result,) = parity([x], [at.round(x, mode="half_away_from_zero")])(EDGES)
    assert list(np.asarray(result)) == [0, 0, 1, -1, 2, -2, 3, -3, 0, 0, 8388609, -8388609]


def test_rounding_half_to_even(parity):
    x = at.fvector()
    (result,) = parity([x], [at.round(x, mode="half_to_even")])(EDGES)
    assert list(np.asarray(result)) == [0, 0, 0, 0, 2, -2, 2, -2, 0, 0, 8388609, -8388609]


@pytest.mark.parametrize("open_low", [False, True])
@pytest.mark.parametrize("open_high", [False, True])
def test_in_range(parity, open_low, open_high):
    x = at.fvector()
    inside = Elemwise(InRange(open_low, open_high))(x, np.float32(-0.5), np.float32(1.5))
    parity([x], [inside])(EDGES)


def test_composites_of_fused_graphs():
    x = at.fmatrix()
    graph = aesara.function([x], at.tanh(x + 1) * 2 - x**2, mode=JAX.including("fusion"))
    assert any(
        isinstance(getattr(n.op, "scalar_op", None), Composite) for n in graph.maker.fgraph.apply_nodes
    )
    value = np.linspace(-2, 2, 6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(graph(value), np.tanh(value + 1) * 2 - value**2, rtol=1e-5, atol=1e-6)


def test_dimshuffle(parity):
    x = at.ftensor3()
    parity([x], [x.dimshuffle(2, "x", 0, 1), x.T, x.dimshuffle("x", 1, 0, 2, "x")])(
        np.arange(24, dtype="float32").reshape(2, 3, 4)
    )
