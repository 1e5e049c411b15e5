"""Binarized weights and activations as symbolic tensors."""

from types import SimpleNamespace

import aesara.tensor as at
from aesara.gradient import disconnected_grad

from reproduce import formulas
from reproduce.model.ops.sign import sign

SYMBOLIC = SimpleNamespace(sqrt=at.sqrt, square=at.square, where=at.where, sum=at.sum, mean=at.mean)
"""Functions by which `reproduce.formulas` computes symbolic tensors; sums accumulate in float64 (on JAX float32)."""


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

    Examples
    --------
    >>> from aesara import function
    >>> from reproduce.methods import get
    >>> w = at.fmatrix()
    >>> scale = function([w], alpha(get("bwn"), w, at.zeros_like(w)), mode="FAST_COMPILE")
    >>> float(scale([[1, -2], [3, -4]]))
    2.5
    """
    return at.as_tensor_variable(formulas.SCALES[method.scale](SYMBOLIC, w, v))


def binarize(w, alpha, zero_is_positive=True):
    """Binarized weights ``α·sign(w)``, in the shape of `w`; see `reproduce.formulas.sign`.

    Examples
    --------
    >>> from aesara import function
    >>> w = at.fvector()
    >>> function([w], binarize(w, at.constant(0.5, dtype="float32")), mode="FAST_COMPILE")([-1, 0, 1]).tolist()
    [-0.5, 0.5, 0.5]
    """
    return alpha * sign(w, zero_is_positive)


def binary_activation(x):
    """±1 forward; backward the gradient passes where ``-1 <= x <= 1`` (hard tanh, straight-through).

    Examples
    --------
    >>> from aesara import function, grad
    >>> x = at.fvector()
    >>> y = binary_activation(x)
    >>> y, gradient = function([x], [y, grad(y.sum(), x)], mode="FAST_COMPILE")([-2, 0.5])
    >>> y.tolist(), gradient.tolist()
    ([-1.0, 1.0], [0.0, 1.0])
    """
    return sign(x)


def scaled_binary_activation(x):
    """The binary activation times the mean of abs(x) over each example's features, (batch, features, …).

    The gradient treats the scale as a constant, as it does α.

    Examples
    --------
    >>> from aesara import function
    >>> x = at.fmatrix()
    >>> function([x], scaled_binary_activation(x), mode="FAST_COMPILE")([[1, -3], [0, 4]]).tolist()
    [[2.0, -2.0], [2.0, 2.0]]
    """
    features = tuple(range(1, x.ndim))
    scale = abs(x).mean(axis=features, keepdims=True)
    return disconnected_grad(scale) * sign(x)
