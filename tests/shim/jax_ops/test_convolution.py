"""Convolutions and their gradients: JAX against C."""

from functools import cache

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.tensor.nnet import conv
from aesara.tensor.nnet.abstract_conv import conv2d, conv3d
from hypothesis import given, settings
from hypothesis import strategies as st


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


def test_convolutions_of_theanos_first_kind(parity):
    image, filters = at.ftensor4(), at.ftensor4()
    outputs = [conv.conv2d(image, filters, border_mode="full"), conv.conv2d(image, filters, subsample=(2, 1))]
    rng = np.random.default_rng(0)
    parity([image, filters], outputs)(rng.random((2, 3, 7, 6), "float32"), rng.random((4, 3, 3, 2), "float32"))


def test_unshared_filters_run_on_the_host(parity):
    image, filters = at.ftensor4(), at.tensor("float32", shape=(None,) * 6)
    rng = np.random.default_rng(0)
    compare = parity([image, filters], [conv2d(image, filters, unshared=True)])
    compare(rng.random((2, 3, 4, 4), "float32"), rng.random((5, 3, 3, 3, 2, 2), "float32"))
