"""Convolutions and their gradients: JAX against C."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.tensor.nnet.abstract_conv import conv2d, conv3d
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.shim import jax_ops


def draws(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, "float32")


def with_gradients(image, filters, weights, **form):
    """The maps, and both gradients of their sum weighted so that no two elements' gradients agree."""
    maps = conv2d(image, filters, **form)
    return [maps, *aesara.grad((maps**2 * weights).sum(), [image, filters])]


# Each form is one compilation of C; shapes and memory layouts vary within it.
FORMS = [
    {"border_mode": "valid"},
    {"border_mode": "half", "subsample": (2, 1)},
    {"border_mode": "full", "filter_flip": False},
    {"border_mode": (1, 2), "subsample": (2, 2), "filter_flip": False},
    {"border_mode": ((1, 2), (0, 1)), "subsample": (1, 2)},
    {"border_mode": 1, "filter_dilation": (2, 1)},
    {"border_mode": "valid", "num_groups": 2, "subsample": (1, 2)},
]


@cache
def convolution(parity, number):
    image, filters = at.ftensor4(), at.ftensor4()
    # XLA's convolutions add in another order, and the gradients sum over minibatch and maps.
    return parity([image, filters], with_gradients(image, filters, 0.5, **FORMS[number]), rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("number", range(len(FORMS)))
@settings(max_examples=4, deadline=None)
@given(
    examples=st.integers(1, 3), channels=st.integers(1, 2), maps=st.integers(1, 2),
    rows=st.integers(5, 8), columns=st.integers(3, 7), size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)  # fmt: skip
def test_border_modes_strides_and_dilations(parity, number, examples, channels, maps, rows, columns, size):
    groups = FORMS[number].get("num_groups", 1)
    convolution(parity, number)(
        draws(0, examples, groups * channels, rows, columns), draws(1, groups * maps, channels, *size)
    )


def test_shapes_given_in_advance(parity):
    image, filters = at.ftensor4(), at.ftensor4()
    form = {"input_shape": (2, 3, 7, 6), "filter_shape": (4, 3, 3, 2), "border_mode": (1, 0)}
    parity([image, filters], with_gradients(image, filters, 0.5, **form), atol=1e-4)(
        draws(0, 2, 3, 7, 6), draws(1, 4, 3, 3, 2)
    )


def test_three_axes(parity):
    image, filters = at.ftensor5(), at.ftensor5()
    maps = conv3d(image, filters, border_mode=(1, 0, 1), subsample=(1, 2, 1))
    parity([image, filters], [maps, *aesara.grad((maps**2).sum(), [image, filters])], atol=1e-4)(
        draws(0, 2, 2, 3, 4, 5), draws(1, 3, 2, 2, 2, 2)
    )


def test_unshared_filters_are_refused():
    image, filters = at.ftensor4(), at.tensor("float32", shape=(None,) * 6)
    with pytest.raises(jax_ops.JaxOpError, match="unshared filters have no rule"):
        aesara.function([image, filters], conv2d(image, filters, unshared=True), mode=jax_ops.mode())
