"""Cross-entropies: JAX against C."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.tensor import nnet
from aesara.tensor.nnet import basic as nb
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reproduce.shim import jax_ops


@cache
def losses(parity, targets_dtype):
    x, b, targets, dy = at.fmatrix(), at.fvector(), at.vector(dtype=targets_dtype), at.fvector()
    nll, softmax, argmax = nb.crossentropy_softmax_argmax_1hot_with_bias(x, b, targets)
    dx = nb.crossentropy_softmax_1hot_with_bias_dx(dy, softmax, targets)
    return parity([x, b, targets, dy], [nll, softmax, argmax, dx, nb.softmax_with_bias(x, b)])


@pytest.mark.parametrize("targets_dtype", ["int32", "int64"])
@settings(max_examples=4, deadline=None)
@given(data=st.data(), rows=st.integers(1, 4), columns=st.integers(1, 5))
def test_fused_cross_entropy(parity, targets_dtype, data, rows, columns):
    floats = st.integers(-60, 60).map(lambda i: i / 2)
    losses(parity, targets_dtype)(
        data.draw(hnp.arrays("float32", (rows, columns), elements=floats)),
        data.draw(hnp.arrays("float32", columns, elements=floats)),
        data.draw(hnp.arrays(targets_dtype, rows, elements=st.integers(0, columns - 1))),
        data.draw(hnp.arrays("float32", rows, elements=floats)),
    )


def test_fused_gradient_takes_a_scalar(parity):
    dy, softmax, targets = at.fscalar(), at.fmatrix(), at.ivector()
    parity([dy, softmax, targets], [nb.crossentropy_softmax_1hot_with_bias_dx(dy, softmax, targets)])(
        np.float32(0.5), np.full((2, 4), 0.25, "float32"), np.array([3, 0], "int32")
    )


@settings(max_examples=4, deadline=None)
@given(data=st.data(), rows=st.integers(1, 4), columns=st.integers(1, 5))
def test_one_hot_cross_entropy(parity, data, rows, columns):
    probabilities = data.draw(
        hnp.arrays("float32", (rows, columns), elements=st.integers(1, 64).map(lambda i: i / 64))
    )
    targets = data.draw(hnp.arrays("int32", rows, elements=st.integers(0, columns - 1)))
    one_hot(parity)(probabilities, targets)


@cache
def one_hot(parity):
    p, targets = at.fmatrix(), at.ivector()
    nll = nb.crossentropy_categorical_1hot(p, targets)
    return parity([p, targets], [nll, aesara.grad((nll**2).sum(), p)])


def test_impossible_class_does_not_spoil_the_others():
    p, targets = at.fmatrix(), at.ivector()
    g = nb.crossentropy_categorical_1hot_grad(at.ones_like(p[:, 0]), p, targets)
    result = aesara.function([p, targets], g, mode=jax_ops.mode())(
        np.array([[0.0, 1.0]], "float32"), np.array([0], "int32")
    )
    np.testing.assert_array_equal(result, [[-np.inf, 0]])


def test_loss_and_gradient_of_a_softmax_layer(parity):
    x, targets = at.fmatrix(), at.ivector()
    w = aesara.shared(np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3))
    b = aesara.shared(np.array([0.1, -0.2, 0.3], "float32"))
    loss = nnet.categorical_crossentropy(at.special.softmax(at.dot(x, w) + b, axis=1), targets).mean()
    value = np.linspace(-2, 2, 20, dtype="float32").reshape(5, 4)
    parity([x, targets], [loss, *aesara.grad(loss, [w, b, x])])(value, np.array([0, 1, 2, 1, 0], "int32"))
