"""Convolutions and their gradients: JAX against Aesara's Python, and one against C."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.tensor.nnet.abstract_conv import conv2d, conv3d
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.shim import jax_ops

BORDERS = st.sampled_from(["valid", "full", "half", 0, 1, (1, 2), ((1, 2), 0), ((0, 1), (2, 1))])


def draws(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, "float32")


def with_gradients(image, filters, weights, **form):
    """The maps, and both gradients of their sum weighted so that no two elements' gradients agree."""
    maps = conv2d(image, filters, **form)
    return [maps, *aesara.grad((maps**2 * weights).sum(), [image, filters])]


@settings(max_examples=12, deadline=None)
@given(
    border=BORDERS,
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.sampled_from([(1, 1), (1, 1), (2, 1), (2, 3)]),
    flip=st.booleans(),
    rows=st.integers(7, 9),
    columns=st.integers(7, 8),
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_border_modes_strides_and_dilations(parity, border, stride, dilation, flip, rows, columns, size):
    image, filters = at.ftensor4(), at.ftensor4()
    form = {"border_mode": border, "subsample": stride, "filter_dilation": dilation, "filter_flip": flip}
    compare = parity([image, filters], with_gradients(image, filters, 0.5, **form), atol=1e-4)
    compare(draws(0, 2, 3, rows, columns), draws(1, 4, 3, *size))


@pytest.mark.compiler
@pytest.mark.parametrize("border", ["half", 1])
def test_against_c(parity, border):
    image, filters = at.ftensor4(), at.ftensor4()
    compare = parity(
        [image, filters], with_gradients(image, filters, 0.5, border_mode=border), linker="c", atol=1e-4
    )
    compare(draws(0, 3, 2, 6, 5), draws(1, 4, 2, 3, 3))
    strided = np.asfortranarray(draws(2, 6, 4, 6, 10))[::2, ::2, :, ::2]
    compare(strided, draws(3, 1, 2, 3, 3).transpose(0, 1, 3, 2))


def test_shapes_given_in_advance(parity):
    image, filters = at.ftensor4(), at.ftensor4()
    form = {"input_shape": (2, 3, 7, 6), "filter_shape": (4, 3, 3, 2), "border_mode": (1, 0)}
    parity([image, filters], with_gradients(image, filters, 0.5, **form), atol=1e-4)(
        draws(0, 2, 3, 7, 6), draws(1, 4, 3, 3, 2)
    )


def test_groups(parity):
    image, filters = at.ftensor4(), at.ftensor4()
    parity([image, filters], [conv2d(image, filters, num_groups=2)])(
        draws(0, 2, 4, 5, 5), draws(1, 6, 2, 3, 3)
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
