"""Random draws: the numbers of Aesara's C code, or of NumPy's generators the distributions."""

from functools import cache

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.sandbox.multinomial import MultinomialFromUniform
from aesara.sandbox.rng_mrg import MRG_RandomStream, mrg_uniform
from aesara.tensor.random.utils import RandomStream
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reproduce.shim import jax_ops


@cache
def streams(parity):
    state, x = at.imatrix(), at.fmatrix()
    return parity([state, x], mrg_uniform.new(state, None, "float32", x.shape), rtol=0, atol=0)


@pytest.mark.compiler  # Aesara's Python implementation overflows with NumPy 2
@settings(max_examples=5, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 5), st.integers(0, 5)), streams_=st.integers(1, 7), seed=st.integers(1, 2147462578)
)
def test_streams_equal_those_of_c(parity, shape, streams_, seed):
    state = MRG_RandomStream(seed).get_substream_rstates(streams_, "float32")
    for _ in range(3):
        state, draws = map(np.asarray, streams(parity)(state, np.zeros(shape, "float32")))
    assert draws.size == 0 or 0 < draws.min() <= draws.max() < 1


@pytest.mark.compiler
def test_streams_in_double_precision(parity, x64):
    state, x = at.imatrix(), at.dmatrix()
    compare = parity([state, x], mrg_uniform.new(state, None, "float64", x.shape), rtol=0, atol=0)
    compare(MRG_RandomStream(7).get_substream_rstates(2, "float64"), np.zeros((3, 3)))


@pytest.mark.compiler
def test_streams_in_half_precision():
    draws = [
        aesara.function([], MRG_RandomStream(1).uniform((9,), dtype="float16"), mode=mode)
        for mode in (Mode("cvm", "fast_run"), jax_ops.mode())
    ]
    for _ in range(2):
        np.testing.assert_array_equal(*(draw() for draw in draws))


@pytest.mark.compiler
def test_multinomial_draws_equal_those_of_c(parity):
    p, u = at.fmatrix(), at.fvector()
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), 5).astype("float32")
    compare = parity([p, u], [MultinomialFromUniform("int64")(p, u, n) for n in (1,)])
    assert (compare(probabilities, rng.random(5, "float32"))[0].sum(1) == 1).all()
    counts = parity([p, u], [MultinomialFromUniform("int64")(p, u, 3)])(probabilities, rng.random(15, "float32"))[0]
    assert (counts.sum(1) == 3).all() and counts.max() > 1


@pytest.mark.compiler
@pytest.mark.parametrize("kind", [lasagne.layers.DropoutLayer, lasagne.layers.GaussianNoiseLayer])
def test_a_noise_layer_repeats_c(kind):
    """Streams made while JAX's mode is the default, and their updates."""
    x, results = at.fmatrix(), []
    for mode in ("FAST_RUN", jax_ops.mode()):
        with aesara.config.change_flags(mode=mode):
            before = lasagne.random.get_rng()
            lasagne.random.set_rng(np.random.RandomState(5))
            layer = kind(lasagne.layers.InputLayer((None, 3)))
            lasagne.random.set_rng(before)
            function = aesara.function([x], layer.get_output_for(x))
            results.append([np.asarray(function(np.ones((4, 3), "float32"))) for _ in range(3)])
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)
    assert (results[1][0] != results[1][1]).any()


DISTRIBUTIONS = {
    "normal": (lambda s, n: s.normal(2, 3, size=n), stats.norm(2, 3)),
    "uniform": (lambda s, n: s.uniform(-1, 3, size=n), stats.uniform(-1, 4)),
    "integers": (lambda s, n: s.integers(2, 6, size=n), stats.randint(2, 6)),
    "binomial": (lambda s, n: s.binomial(7, 0.3, size=n), stats.binom(7, 0.3)),
    "bernoulli": (lambda s, n: s.bernoulli(0.3, size=n), stats.bernoulli(0.3)),
    "poisson": (lambda s, n: s.poisson(2.5, size=n), stats.poisson(2.5)),
    "choice": (lambda s, n: s.choice(5, size=n), stats.randint(0, 5)),
    "no size": (lambda s, n: s.normal(at.zeros(n), 1), stats.norm()),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_have_their_distribution(name):
    """The shares below the distribution's quantiles; seeds say which draws, updates that there are new ones."""
    draw, distribution = DISTRIBUTIONS[name]
    x = at.fvector()

    def make(seed):
        return aesara.function([x], draw(RandomStream(seed), x.shape), mode=jax_ops.mode())

    function, again, other, of = make(1), make(1), make(2), np.zeros(20000, "float32")
    first, second = function(of), function(of)
    assert first.shape == of.shape and first.dtype.kind == ("f" if hasattr(distribution, "pdf") else "i")
    for sample in (first, second):
        for quantile in distribution.ppf([0.1, 0.35, 0.5, 0.8]):
            assert np.mean(np.asarray(sample) <= quantile) == pytest.approx(distribution.cdf(quantile), abs=0.02)
    np.testing.assert_array_equal(first, again(of))
    np.testing.assert_array_equal(second, again(of))
    assert (first != second).any() and (first != other(of)).any()


def test_a_permutation():
    order = aesara.function([], RandomStream(3).permutation(50), mode=jax_ops.mode())()
    assert sorted(order.tolist()) == list(range(50)) != order.tolist()


def test_distributions_that_jax_lacks_are_drawn_on_the_host():
    """By NumPy, from a generator that goes on from call to call, in a loop too."""
    stream = RandomStream(1)
    draw = aesara.function([], stream.multinomial(30, [0.2, 0.8], size=(40,)), mode=jax_ops.mode())
    first, second = draw(), draw()
    for counts in (first, second):
        assert counts.shape == (40, 2) and (counts.sum(1) == 30).all() and 20 < counts[:, 1].mean() < 28
    assert (first != second).any()


def test_sizes_that_an_integer_gives():
    n = at.iscalar()
    function = aesara.function([n], MRG_RandomStream(1).uniform((n,)), mode=jax_ops.mode())
    c = aesara.function([n], MRG_RandomStream(1).uniform((n,)), mode=Mode("vm", "fast_run"))
    for size in (3, 5, 3):
        np.testing.assert_array_equal(function(size), c(size))
