"""Convolutions over two or three axes, and their gradients.

Both gradients are transposes of the convolution, as a function of the image or of the filters, so JAX
derives them.
"""

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.nnet.abstract_conv import (
    AbstractConv,
    AbstractConv_gradInputs,
    AbstractConv_gradWeights,
    border_mode_to_pad,
)
from aesara.tensor.nnet.conv import ConvOp

from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.static import static_ints


def _convolution(op, node):
    """The forward convolution (image, filters) → maps that `op` is, or is a gradient of."""
    if op.unshared:
        raise unsupported(op, node, "unshared filters have no rule", "use shared filters")
    spatial = tuple(range(2, 2 + op.convdim))
    letters = "DHW"[-op.convdim :]

    def convolve(image, filters):
        if op.filter_flip:
            filters = jnp.flip(filters, spatial)
        dilated = [(filters.shape[a] - 1) * op.filter_dilation[a - 2] + 1 for a in spatial]
        return jax.lax.conv_general_dilated(
            image,
            filters,
            window_strides=op.subsample,
            padding=border_mode_to_pad(op.border_mode, op.convdim, dilated),
            rhs_dilation=op.filter_dilation,
            dimension_numbers=(f"NC{letters}", f"OI{letters}", f"NC{letters}"),
            feature_group_count=op.num_groups,
        )

    return convolve


@jax_funcify.register(AbstractConv)
def jax_funcify_AbstractConv(op, node=None, **kwargs):
    return _convolution(op, node)


@jax_funcify.register(AbstractConv_gradWeights)
def jax_funcify_AbstractConv_gradWeights(op, node=None, **kwargs):
    convolve = _convolution(op, node)

    def grad_weights(image, gradient, shape):
        shape = (gradient.shape[1], image.shape[1] // op.num_groups, *static_ints(shape, op, node, "shapes"))
        filters = jax.ShapeDtypeStruct(shape, image.dtype)
        (result,) = jax.linear_transpose(lambda f: convolve(image, f), filters)(gradient)
        return result

    return grad_weights


@jax_funcify.register(AbstractConv_gradInputs)
def jax_funcify_AbstractConv_gradInputs(op, node=None, **kwargs):
    convolve = _convolution(op, node)

    def grad_inputs(filters, gradient, shape):
        shape = (gradient.shape[0], filters.shape[1] * op.num_groups, *static_ints(shape, op, node, "shapes"))
        image = jax.ShapeDtypeStruct(shape, filters.dtype)
        (result,) = jax.linear_transpose(lambda x: convolve(x, filters), image)(gradient)
        return result

    return grad_inputs


@jax_funcify.register(ConvOp)
def jax_funcify_ConvOp(op, node=None, **kwargs):
    if op.imshp_logical != op.imshp or op.kshp_logical != op.kshp:
        raise unsupported(op, node, "shapes other than the real ones have no rule", "leave the logical shapes out")

    def convolve(image, filters):
        rows, columns = filters.shape[2:]
        full = ((rows - 1, rows - 1), (columns - 1, columns - 1))
        return jax.lax.conv_general_dilated(
            image, jnp.flip(filters, (2, 3)), (op.dx, op.dy), full if op.out_mode == "full" else "VALID"
        )

    return convolve
