"""Elementwise Ops: JAX against C."""

from functools import cache, partial

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.graph.rewriting.db import RewriteDatabaseQuery
from aesara.scalar.basic import Composite, InRange
from aesara.tensor.elemwise import Elemwise
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reproduce.shim.jax_mode import JAXLinker

SETTINGS = settings(max_examples=5, deadline=None)
# No subnormal numbers: XLA takes them for zeros.
FLOATS = st.integers(-64, 64).map(lambda i: i / 16)
EDGES = np.array([0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, -0.49999997, 8388609, -8388609], "float32")
SPECIAL = np.array([[np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30, -1e30, 20, -20, 100, -100]])
COMMON = (
    at.abs, at.sgn, at.square, at.exp, at.sqrt, at.tanh, at.floor, at.invert, at.isnan, lambda x: x**3, lambda x: 1 / x,
    lambda x: at.clip(x, -1, 1), lambda x: at.cast(x, "bool"), lambda x: at.cast(x, "float32"),
)  # fmt: skip
UNARY = (
    *COMMON, at.neg, at.exp2, at.expm1, at.log, at.log2, at.log10, at.log1p, at.reciprocal, at.sin, at.cos, at.tan,
    at.arcsin, at.arccos, at.arctan, at.sinh, at.cosh, at.arcsinh, at.arccosh, at.arctanh, at.deg2rad, at.sigmoid,
    at.softplus, at.log1mexp, at.erf, at.erfc, at.gammaln, at.ceil, at.trunc, at.round, at.isinf,
    lambda x: at.round(x, mode="half_away_from_zero"), lambda x: x**-2, lambda x: x**0.5,
    lambda x: at.cast(at.clip(x, -9, 9), "int8"),
)  # fmt: skip


@pytest.fixture(scope="session")
def one_module(parity):
    return partial(parity, linker="c")


def nonzero(y):
    """C raises where integers are divided by zero; JAX cannot."""
    return at.switch(at.eq(y, 0), 2, y)


COMMON_OF_TWO = (
    at.add, at.mul, at.true_div, at.maximum, at.eq, at.and_, lambda x, y: at.switch(x > y, x, y),
    lambda x, y: at.floor_div(x, nonzero(y)), lambda x, y: at.mod(x, nonzero(y)),
)  # fmt: skip
OF_TWO = (
    *COMMON_OF_TWO, at.sub, at.minimum, at.neq, at.lt, at.le, at.gt, at.ge, at.arctan2, at.fill,
    lambda x, y: at.power(at.abs(x) + 1, y), lambda x, y: x + y + x, lambda x, y: x * y * y,
)  # fmt: skip


def applied(functions, *variables):
    """What those of `functions` give that Aesara has for the variables' dtypes."""
    results = []
    for function in functions:
        try:
            results.append(function(*variables))
        except (TypeError, NotImplementedError):
            assert variables[0].dtype == "bool" or function in (at.invert, at.and_), function
    return results


def elements(dtype):
    if dtype.startswith("float"):
        return FLOATS
    return st.booleans() if dtype == "bool" else st.integers(-9, 9)


@cache
def unary(one_module, dtype):
    x = at.matrix(dtype=dtype)
    return one_module(
        [x], applied(UNARY if dtype == "float32" else COMMON, x), rtol=1e-12 if dtype == "float64" else 2e-5
    )


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "bool"])
@SETTINGS
@given(data=st.data(), shape=hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=4))
def test_unary_functions(one_module, dtype, data, shape):
    unary(one_module, dtype)(data.draw(hnp.arrays(dtype, shape, elements=elements(dtype))))


@pytest.mark.compiler  # Aesara's Python implementation of a cast refuses NaN
def test_unary_functions_of_infinities_and_the_like(one_module):
    unary(one_module, "float32")(SPECIAL.astype("float32"))


def test_unary_functions_in_double_precision(one_module, x64):
    unary(one_module, "float64")(np.linspace(-4, 4, 33)[None])
    unary(one_module, "float64")(SPECIAL)


def test_erfinv(parity):
    """Apart from the others: Aesara has no C code for it."""
    x = at.fvector()
    parity([x], [at.erfinv(x)])(np.array([-1.5, -1, -0.75, 0, 0.25, 1, np.inf, np.nan], "float32"))


@cache
def of_two(one_module, left, right):
    x, row = at.matrix(dtype=left), at.row(dtype=right)
    functions = OF_TWO if left == "float32" else COMMON_OF_TWO
    return one_module([x, row], applied(functions, x, row), rtol=1e-12 if left == "float64" else 2e-5)


PAIRS = [("float32", "float32"), ("float32", "int32"), ("int64", "int32"), ("bool", "bool")]


@pytest.mark.parametrize(("left", "right"), PAIRS)
@SETTINGS
@given(data=st.data(), rows=st.integers(0, 3), columns=st.integers(1, 3))
def test_functions_of_two(one_module, left, right, data, rows, columns):
    x = data.draw(hnp.arrays(left, (rows, columns), elements=elements(left)))
    of_two(one_module, left, right)(x, data.draw(hnp.arrays(right, (1, columns), elements=elements(right))))


def test_functions_of_two_in_double_precision(one_module, x64):
    rng = np.random.default_rng(0)
    of_two(one_module, "float64", "float64")(rng.standard_normal((3, 2)), rng.standard_normal((1, 2)))


@cache
def broadcast(parity):
    x, row, column, scalar = at.fmatrix(), at.frow(), at.fcol(), at.fscalar()
    results = [x + column, row + column, x + scalar, at.fill(row, x), at.fill(x, row), at.switch(row > 0, x, column)]
    return parity([x, row, column, scalar], results)


@SETTINGS
@given(rows=st.integers(0, 3), columns=st.integers(0, 3))
def test_functions_of_two_broadcast(parity, rows, columns):
    rng = np.random.default_rng(rows)
    broadcast(parity)(*(rng.standard_normal(s, "float32") for s in ((rows, columns), (1, columns), (rows, 1), ())))


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
def test_in_range(open_low, open_high):
    """Against NumPy: Aesara takes all four for equal, and its C code for one serves the others."""
    x, low, high = at.fvector(), np.float32(-0.5), np.float32(1.5)
    form = Elemwise(InRange(open_low, open_high))(x, low, high)
    result = aesara.function([x], form, mode="JAX")(EDGES)
    above = np.greater(EDGES, low) if open_low else np.greater_equal(EDGES, low)
    below = np.less(EDGES, high) if open_high else np.less_equal(EDGES, high)
    np.testing.assert_array_equal(result, above & below)


def test_activations_of_aesaras_own(one_module):
    x = at.fmatrix()
    outputs = [f(x) for f in (at.nnet.softsign, at.nnet.ultra_fast_sigmoid, at.nnet.hard_sigmoid)]
    one_module([x], [*outputs, aesara.grad(outputs[0].sum(), x)])(np.linspace(-7, 7, 15, dtype="float32")[None])


def test_composites_of_fused_graphs():
    x = at.fmatrix()
    fused = Mode(JAXLinker(), RewriteDatabaseQuery(include=["fast_run", "jax"], exclude=["cxx_only", "BlasOpt"]))
    graph = aesara.function([x], at.tanh(x + 1) * 2 - x**2, mode=fused)
    assert any(isinstance(getattr(n.op, "scalar_op", None), Composite) for n in graph.maker.fgraph.apply_nodes)
    value = np.linspace(-2, 2, 6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(graph(value), np.tanh(value + 1) * 2 - value**2, rtol=1e-5, atol=1e-6)


@cache
def shuffled(parity, dtype):
    x, row = at.tensor(dtype, shape=(None,) * 3), at.row(dtype=dtype)
    orders = [(2, "x", 0, 1), (2, 1, 0), ("x", 1, 0, 2, "x")]
    return parity([x, row], [*(x.dimshuffle(*order) for order in orders), row.dimshuffle(1), row.dimshuffle(1, "x")])


@pytest.mark.parametrize("dtype", ["float32", "bool"])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), shape=hnp.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=3))
def test_dimshuffle(parity, dtype, data, shape):
    values = (data.draw(hnp.arrays(dtype, s, elements=elements(dtype))) for s in (shape, (1, shape[0])))
    shuffled(parity, dtype)(*values)
