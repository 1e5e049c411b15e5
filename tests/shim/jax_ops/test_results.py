"""Functions that JAX compiled return arrays that a caller may write into."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.compile.function.types import Function

from reproduce.shim import jax_ops


@pytest.fixture
def numpy_results(monkeypatch):
    monkeypatch.setattr(Function, "__call__", Function.__call__)
    jax_ops.return_numpy()


@pytest.mark.usefixtures("numpy_results")
def test_results_are_numpys_in_every_form():
    x, total = T.vector(), theano.shared(np.zeros(2, "float32"))
    outputs = [x * 2, [x * 2], {"twice": x * 2}, None]
    one, several, named, none = (
        theano.function([x], each, updates=[(total, total + x)], mode=jax_ops.mode())(np.ones(2, "float32"))
        for each in outputs
    )
    for found in (one, several[0], named["twice"]):
        found += 1
        assert type(found) is np.ndarray and found.tolist() == [3, 3]
    assert len(several) == len(named) == 1 and none == []
