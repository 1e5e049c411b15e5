"""ColumnSum against Aesara's own sum, bit by bit, and against NumPy; layouts; where the rewrite puts it."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.graph.basic import graph_inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reproduce.model.ops.column_sum import REWRITE, ColumnSum

MATRIX = at.fmatrix("x")
SUM = MATRIX.sum(0, acc_dtype="float64")


def matrix(rows, columns, seed=0):
    """Values of many magnitudes, so that another order of summation shows."""
    rng = np.random.RandomState(seed)
    return (rng.randn(rows, columns) * 10.0 ** rng.randint(-6, 7, (rows, columns))).astype("float32")


def own(mode):
    return aesara.function([MATRIX], ColumnSum()(MATRIX), mode=mode)


@pytest.fixture(scope="module")
def c_code():
    return own("FAST_RUN")


@pytest.mark.compiler
@pytest.mark.parametrize("shape", [(100, 2048), (1, 1), (7, 256), (5, 257), (4, 0), (0, 4), (3000, 600)])
def test_the_c_code_gives_the_bits_of_aesaras_own_sum(c_code, shape):
    x = matrix(*shape)
    theirs = aesara.function([MATRIX], SUM, mode=Mode("cvm", None))
    found = c_code(x)
    assert found.dtype == np.float32 and found.shape == shape[1:]
    np.testing.assert_array_equal(found, theirs(x))


@pytest.mark.compiler
@settings(deadline=None, max_examples=50)
@given(arrays("float32", st.tuples(st.integers(0, 9), st.integers(0, 300)), elements=st.floats(-1e6, 1e6, width=32)))
def test_python_and_c_agree_bit_by_bit(c_code, x):
    in_order = np.zeros(x.shape[1])
    for row in x:
        in_order += row
    np.testing.assert_array_equal(c_code(x), in_order.astype("float32"))


def test_python_sums_in_float64():
    x = np.array([[1e8], [1.0], [-1e8]], dtype="float32")
    assert own(Mode("py", None))(x) == [1.0]


@pytest.mark.compiler
def test_views_are_summed_as_they_read(c_code):
    x = matrix(40, 60)
    for view in (x.T, x[::2, ::3], x[::-1], x[:, ::-1], np.broadcast_to(x[0], (8, 60))):
        np.testing.assert_array_equal(c_code(view), c_code(np.ascontiguousarray(view)))


@pytest.mark.compiler
def test_not_a_number_and_infinity_stay_in_their_columns(c_code):
    x = np.ones((3, 4), dtype="float32")
    x[1, 0], x[1, 1], x[0, 2], x[2, 2] = np.nan, np.inf, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(c_code(x), [np.nan, np.inf, np.nan, 3])


@pytest.mark.compiler
@pytest.mark.parametrize(
    ("graph", "replaced"),
    [
        (SUM, True),
        (MATRIX.sum(0), True),
        (MATRIX.sum(1, acc_dtype="float64"), False),
        (MATRIX.sum(acc_dtype="float64"), False),
        (MATRIX.sum(0, acc_dtype="float32"), False),
        (MATRIX.astype("float64").sum(0), False),
        (at.ftensor3("y").sum(0, acc_dtype="float64"), False),
    ],
)
def test_the_rewrite_takes_float32_columns_only_and_only_where_it_is_asked_for(graph, replaced):
    inputs = [variable for variable in graph_inputs([graph]) if variable.name]
    for mode, expected in (("FAST_RUN", False), (Mode("cvm", "fast_run").including(REWRITE), replaced)):
        nodes = aesara.function(inputs, graph, mode=mode).maker.fgraph.toposort()
        assert any(isinstance(node.op, ColumnSum) for node in nodes) == expected


def test_what_is_no_float32_matrix_is_refused():
    for x in (at.dmatrix(), at.fvector(), at.ftensor3()):
        with pytest.raises(TypeError, match="float32 array of 2 axes"):
            ColumnSum()(x)
