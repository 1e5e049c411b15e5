"""Binarized weights and activations as symbolic tensors."""

from types import SimpleNamespace

import aesara.tensor as at
from aesara.gradient import disconnected_grad

from reproduce import formulas
from reproduce.model.ops.sign import sign

SYMBOLIC = SimpleNamespace(sqrt=at.sqrt, square=at.square, where=at.where, sum=at.sum, mean=at.mean)
"""What `reproduce.formulas` computes symbolic tensors by; sums are accumulated in float64 (by JAX in float32)."""


def alpha(method, w, v):
    """The scale α of one weight tensor.

    Parameters
    ----------
    method : reproduce.methods.Method
        One that binarizes.
    w, v : tensors
        Latent weights and their second moment after the previous step, of one shape. v is zero at the first step, where
        d is constant and α is therefore mean(abs(w)).

    Returns
    -------
    scalar
        α ≥ 0, float32.
    """
    return at.as_tensor_variable(formulas.SCALES[method.scale](SYMBOLIC, w, v))


def binarize(w, alpha, zero_is_positive=True):
    """Binarized weights ``α·sign(w)``, in the shape of `w`; see `reproduce.formulas.sign`."""
    return alpha * sign(w, zero_is_positive)


def binary_activation(x):
    """±1 forward; backward the gradient passes where ``-1 <= x <= 1`` (hard tanh, straight-through)."""
    return sign(x)


def scaled_binary_activation(x):
    """The binary activation times the mean of abs(x) over each example's features, (batch, features, …).

    The gradient takes the scale as a constant, as it does α.
    """
    features = tuple(range(1, x.ndim))
    scale = abs(x).mean(axis=features, keepdims=True)
    return disconnected_grad(scale) * sign(x)
