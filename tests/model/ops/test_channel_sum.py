"""ChannelSum against Aesara's own sum, bit by bit; layouts; where the rewrite puts it."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.model.ops.channel_sum import REWRITE, ChannelSum

PICTURES = at.ftensor4("x")
SUM = PICTURES.sum((0, 2, 3), acc_dtype="float64")


def pictures(shape, seed=0):
    """Values of many magnitudes, so that another order of summation shows."""
    rng = np.random.RandomState(seed)
    return (rng.randn(*shape) * 10.0 ** rng.randint(-6, 7, shape)).astype("float32")


@pytest.fixture(scope="module")
def c_code():
    return aesara.function([PICTURES], ChannelSum()(PICTURES), mode="FAST_RUN")


@pytest.fixture(scope="module")
def aesaras():
    return aesara.function([PICTURES], SUM, mode=Mode("cvm", None))


@pytest.mark.compiler
@settings(deadline=None, max_examples=50)
@given(shape=st.tuples(*(st.integers(0, most) for most in (3, 20, 5, 5))), seed=st.integers(0, 99))
def test_the_c_code_gives_the_bits_of_aesaras_own_sum(c_code, aesaras, shape, seed):
    x = pictures(shape, seed)
    found = c_code(x)
    assert found.dtype == np.float32 and found.shape == shape[1:2]
    np.testing.assert_array_equal(found, aesaras(x))


@pytest.mark.compiler
def test_many_elements_are_summed_by_threads_to_the_same_bits(c_code, aesaras):
    x = pictures((5, 37, 12, 13))
    np.testing.assert_array_equal(c_code(x), aesaras(x))


@pytest.mark.compiler
def test_views_are_summed_as_they_read(c_code):
    x = pictures((4, 9, 5, 6))
    for view in (x.T, x[::2, ::3], x[:, ::-1], np.broadcast_to(x[:, :1], x.shape)):
        np.testing.assert_array_equal(c_code(view), c_code(np.ascontiguousarray(view)))


def test_python_sums_in_float64():
    x = np.float32([1e8, 1, -1e8]).reshape(3, 1, 1, 1)
    assert aesara.function([PICTURES], ChannelSum()(PICTURES), mode=Mode("py", None))(x) == [1.0]


@pytest.mark.compiler
@pytest.mark.parametrize(
    ("graph", "replaced"),
    [
        (SUM, True),
        (PICTURES.sum((0, 1, 2), acc_dtype="float64"), False),
        (PICTURES.sum((0, 2, 3), acc_dtype="float32"), False),
    ],
)
def test_the_rewrite_takes_sums_of_channels_only(graph, replaced):
    mode = Mode("cvm", "fast_run").including(REWRITE)
    nodes = aesara.function([PICTURES], graph, mode=mode).maker.fgraph.toposort()
    assert any(isinstance(node.op, ChannelSum) for node in nodes) == replaced


def test_what_is_no_float32_array_of_four_axes_is_refused():
    for x in (at.dtensor4(), at.fmatrix()):
        with pytest.raises(TypeError, match="float32 array of 4 axes"):
            ChannelSum()(x)
