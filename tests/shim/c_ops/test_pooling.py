"""Max-pooling of tiles against Aesara's own C code, bit by bit."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.tensor.signal.pool import pool_2d
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.shim.c_ops.pooling import MaxPoolTiles

pytestmark = pytest.mark.compiler

WINDOWS = [(2, 2), (3, 1)]


@cache
def compiled(window, ignore_border, own=True):
    """(pictures, weights of the maxima) → maxima, and the gradient of their weighted sum."""
    mode = aesara.compile.get_default_mode()
    if not own:
        mode = mode.excluding("local_max_pool_tiles")
    x, weights = at.ftensor4s(2)
    maxima = pool_2d(x, window, ignore_border=ignore_border)
    gradient = aesara.grad(None, x, known_grads={maxima: weights})
    function = aesara.function([x, weights], [maxima, gradient], mode=mode)
    used = [isinstance(node.op, MaxPoolTiles) for node in function.maker.fgraph.toposort()]
    assert sum(used) == (2 if own else 0)
    return function


def maxima_shape(shape, window, ignore_border):
    counts = [n // w if ignore_border else -(-n // w) for n, w in zip(shape[2:], window, strict=True)]
    return (*shape[:2], *counts)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("ignore_border", [True, False])
@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(3, 9), st.integers(1, 9)),
    layout=st.sampled_from([np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 2, axis=-1)[..., ::2]]),
    seed=st.integers(0, 99),
)
def test_the_bits_are_aesaras(window, ignore_border, shape, layout, seed):
    rng = np.random.default_rng(seed)
    # Few different values, so that windows have ties, among them both zeros; and some that are no numbers.
    x = rng.choice(np.array([-1, -0.0, 0.0, 2, np.nan], "float32"), shape, p=[0.3, 0.2, 0.2, 0.25, 0.05])
    weights = rng.choice(np.array([-0.0, 0.5, -3], "float32"), maxima_shape(shape, window, ignore_border))
    x, weights = layout(x), layout(weights)
    for ours, theirs in zip(
        compiled(window, ignore_border)(x, weights), compiled(window, ignore_border, False)(x, weights), strict=True
    ):
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


def test_the_number_of_threads_changes_nothing(openmp_threads):
    rng = np.random.default_rng(0)
    x, weights = rng.standard_normal((6, 5, 32, 32), "float32"), rng.standard_normal((6, 5, 16, 16), "float32")
    results = []
    for threads in (1, 2, 3):
        with openmp_threads(threads):
            results.append([y.tobytes() for y in compiled((2, 2), True)(x, weights)])
    assert results[0] == results[1] == results[2]


def test_shapes_that_do_not_fit_are_refused():
    x = np.zeros((1, 1, 4, 4), "float32")
    with pytest.raises(ValueError, match="do not fit"):
        compiled((2, 2), True)(x, np.zeros((1, 1, 2, 1), "float32"))


def test_windows_that_overlap_or_are_not_known_are_left_to_aesara():
    x, size = at.ftensor4(), at.lvector()
    for maxima in (pool_2d(x, (3, 3), stride=(2, 2), ignore_border=True), pool_2d(x, size, ignore_border=True)):
        function = aesara.function([x, size], maxima, on_unused_input="ignore")
        assert not any(isinstance(node.op, MaxPoolTiles) for node in function.maker.fgraph.toposort())


def test_python_stands_in_where_an_op_is_not_compiled():
    x = at.ftensor4()
    pool = pool_2d(x, (2, 2), ignore_border=True).owner.op
    values = np.arange(32, dtype="float32").reshape(1, 2, 4, 4)
    maxima = aesara.function([x], MaxPoolTiles(pool, (2, 2))(x), mode=Mode("py", None))(values)
    np.testing.assert_array_equal(maxima, values[:, :, 1::2, 1::2])
    with pytest.raises(TypeError, match="float32"):
        MaxPoolTiles(pool, (2, 2))(at.dtensor4())
