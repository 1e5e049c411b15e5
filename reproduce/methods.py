"""The seven methods: how latent weights w become ``α·b``, and how activations are binarized.

| method | b | α | activations |
| --- | --- | --- | --- |
| full-precision | none | none | full |
| binaryconnect | sign(w) | 1 | full |
| bwn | sign(w) | mean(abs(w)) | full |
| lab | sign(w) | Σ d·abs(w) / Σ d | full |
| bnn, xnor, lab2 | as the three above | | binarized |

The paper's Table 1 names them; Equations 1, 2 and 8 give b and α.
"""

from dataclasses import dataclass

import aesara.tensor as at
from aesara.gradient import disconnected_grad

from reproduce.errors import UserError
from reproduce.model.ops.adam import EPSILON
from reproduce.model.ops.sign import sign
from reproduce.naming import nearest


@dataclass(frozen=True)
class Method:
    """One way to binarize.

    Attributes
    ----------
    name : str
        The name in commands and records.
    scale : {None, "one", "mean_abs", "curvature"}
        How α is computed; None leaves the weights in full precision.
    binary_activations : bool
        Whether activations are binarized too.
    """

    name: str
    scale: str | None
    binary_activations: bool = False

    @property
    def binarizes(self):
        """Whether weights are binarized."""
        return self.scale is not None

    @property
    def group(self):
        """``weights`` or ``weights_and_activations``: which of the paper's learning rates applies."""
        return "weights_and_activations" if self.binary_activations else "weights"

    def alpha(self, w, v):
        """The scale of one weight tensor.

        Parameters
        ----------
        w : tensor
            Latent weights, any shape.
        v : tensor
            Their second moment (without bias correction) after the previous step, the shape of `w`; zero at
            the first step, where d is constant and α is therefore mean(abs(w)).

        Returns
        -------
        scalar
            α ≥ 0, float32; sums are accumulated in float64 (by JAX in float32). Equations 2 and 8; released lab.py,
            binarization.
        """
        if self.scale == "one":
            return one()
        if self.scale == "mean_abs":
            return abs(w).mean()
        if self.scale == "curvature":
            d = curvature(v)
            return (d * abs(w)).sum() / d.sum()
        raise ValueError(f"{self.name} has no scale")


METHODS = {
    method.name: method
    for method in (
        Method("full-precision", None),
        Method("binaryconnect", "one"),
        Method("bwn", "mean_abs"),
        Method("lab", "curvature"),
        Method("bnn", "one", binary_activations=True),
        Method("xnor", "mean_abs", binary_activations=True),
        Method("lab2", "curvature", binary_activations=True),
    )
}


def get(name):
    """The method called `name`.

    Raises
    ------
    UserError
        Where there is none; the message lists the known ones.
    """
    if name not in METHODS:
        raise UserError(f"unknown method '{name}'{nearest(name, METHODS)}; methods are {', '.join(METHODS)}")
    return METHODS[name]


def one():
    """The scale of methods that have none."""
    return at.constant(1.0, dtype="float32")


def curvature(v):
    """The diagonal curvature ``d = √v + ε`` of Algorithm 1, step 4, up to the factor 1/η, which cancels in α."""
    return at.sqrt(v) + at.constant(EPSILON, dtype="float32")


def binarize(w, alpha, zero_is_positive=True):
    """Binarized weights ``α·b``.

    Parameters
    ----------
    w : tensor
        Latent weights.
    alpha : scalar
        Their scale.
    zero_is_positive : bool
        The rounding rule at zero; see `reproduce.model.ops.sign.Sign`.
    """
    return alpha * sign(w, zero_is_positive)


def binary_activation(x):
    """±1 forward; backward the gradient passes where ``-1 <= x <= 1`` (hard tanh, straight-through)."""
    return sign(x)


def scaled_binary_activation(x):
    """The binary activation times the mean of abs(x) over each example's features (XNOR-Net's scaling).

    The scale is treated as a constant by the gradient, as α is.
    """
    features = tuple(range(1, x.ndim))
    scale = abs(x).mean(axis=features, keepdims=True)
    return disconnected_grad(scale) * sign(x)
