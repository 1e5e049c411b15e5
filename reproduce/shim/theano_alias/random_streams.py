"""Theano's streams of random draws on Aesara's: the size comes first, and a draw knows its generator."""

import aesara
from aesara import tensor
from aesara.tensor import random
from aesara.tensor.random.utils import RandomStream


class RandomStreams(RandomStream):
    """Random draws with Theano's argument order: the size first. The numbers are not Theano's."""

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype="int64", prob=None):
        return self._draw(random.binomial, n, p if prob is None else prob, size=size, dtype=dtype)

    def choice(self, size=None, a=2, replace=True, p=None, ndim=None, dtype="int64"):
        return self._draw(random.choice, a, size=size, replace=replace, p=p, dtype=dtype)

    def multinomial(self, size=None, n=1, pvals=(0.5, 0.5), ndim=None, dtype="int64"):
        return self._draw(random.multinomial, n, pvals, size=size, dtype=dtype)

    def normal(self, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
        return self._draw(random.normal, avg, std, size=size, dtype=dtype)

    def permutation(self, size=None, n=1, ndim=None, dtype="int64"):
        return self._draw(random.permutation, n, size=size, dtype=dtype)

    def poisson(self, size=None, lam=None, ndim=None, dtype="int64"):
        return self._draw(random.poisson, 1.0 if lam is None else lam, size=size, dtype=dtype)

    def random_integers(self, size=None, low=0, high=1, ndim=None, dtype="int64"):
        """Integers from `low` to `high`, both ends included."""
        return self._draw(random.integers, low, high + 1, size=size, dtype=dtype)

    def uniform(self, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
        return self._draw(random.uniform, low, high, size=size, dtype=dtype)

    def shuffle_row_elements(self, input):
        """The elements of each row in an order of its own."""
        input = tensor.as_tensor_variable(input)
        order = tensor.argsort(self.uniform(input.shape), axis=-1)
        return tensor.take_along_axis(input, order, axis=-1)

    def updates(self):
        """What the draws make of their generators' states."""
        return list(self.state_updates)

    def _draw(self, distribution, *parameters, dtype, **arguments):
        drawn = self.gen(distribution, *parameters, **arguments)
        rng, update = self.state_updates[-1]
        result = tensor.cast(drawn, dtype or aesara.config.floatX)
        result.rng, result.update = rng, (rng, update)
        return result
