"""Every formula of the method, written once for arrays of any kind.

The first argument of each function, `xp`, is the namespace that computes: `NUMPY` in this module, JAX's in
`reproduce.model.ops.jax_rules`, and that of symbolic tensors in `reproduce.model.binarization`. The C code of
`reproduce.model.ops` is the only second spelling; its tests compare the two.

The letters are the paper's. w are the latent weights, and b = sign(w) the binary ones. v is Adam's second moment of w,
without bias correction. d = √v + ε is the diagonal curvature up to the factor 1/η, which cancels. α is the scale.
"""

from types import SimpleNamespace

import numpy as np

EPSILON = np.float32(1e-8)


def _sum(x):
    """The sum of a float32 array, accumulated in float64."""
    return np.float32(x.sum(dtype="float64"))


def _sigmoid(x):
    from scipy.special import expit  # here, because inference reads formulas with NumPy alone

    return expit(x)


NUMPY = SimpleNamespace(
    sqrt=np.sqrt, square=np.square, maximum=np.maximum, where=np.where, tanh=np.tanh, sigmoid=_sigmoid,
    clip=np.clip, split=np.split, concatenate=np.concatenate, sum=_sum, mean=lambda x: _sum(x) / np.float32(x.size),
)  # fmt: skip
"""NumPy's functions on float32 arrays; sums are accumulated in float64."""


def is_positive(x, zero_is_positive=True):
    """Where `sign` is +1: booleans in the shape of `x`.

    ``x + 1`` is rounded before it is compared with 1, so that a float32 x in about (−3e-8, 0) counts as +1, as it does
    in ``round(clip((x + 1)/2, 0, 1))`` (released lab.py, binarization). NaN gives −1.

    Parameters
    ----------
    zero_is_positive : bool
        True: +1 where ``x + 1 >= 1``, the released scripts' rule. False: +1 where ``x + 1 > 1``, the rule of
        BinaryConnect's own repository, which rounds halves to even.
    """
    one = x.dtype.type(1)
    return x + one >= one if zero_is_positive else x + one > one


def sign(xp, x, zero_is_positive=True):
    """±1 by the released scripts' rounding rule, in the shape and precision of `x`; see `is_positive`.

    Examples
    --------
    >>> x = np.float32([-0.5, -1e-9, 0, 2])
    >>> sign(NUMPY, x).tolist(), sign(NUMPY, x, zero_is_positive=False).tolist()
    ([-1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, 1.0])
    """
    one = x.dtype.type(1)
    return xp.where(is_positive(x, zero_is_positive), one, -one)


def straight_through(xp, x, gradient):
    """The gradient with respect to `x`, given that with respect to ``sign(x)``: hard tanh's.

    Examples
    --------
    >>> straight_through(NUMPY, np.float32([-2, -1, 0.5]), np.float32([3, 3, 3])).tolist()
    [0.0, 3.0, 3.0]
    """
    return xp.where((x >= -1.0) & (x <= 1.0), gradient, 0.0)


def curvature(xp, v):
    """d = √v + ε (Algorithm 1, step 4), in the shape of `v`.

    Examples
    --------
    >>> curvature(NUMPY, np.float32([[4, 9]])).tolist()
    [[2.0, 3.0]]
    """
    return xp.sqrt(v) + EPSILON


def one(xp, w, v):
    """α of BinaryConnect and BNN: 1."""
    return np.float32(1)


def mean_abs(xp, w, v):
    """α of BWN and XNOR: mean(abs(w)) over the whole tensor (Equation 2).

    XNOR-Net scales each filter of a convolution by itself; the paper's Equation 2 has one α per layer.

    Examples
    --------
    >>> float(mean_abs(NUMPY, np.float32([[1, -2], [3, -4]]), v=None))
    2.5
    """
    return xp.mean(abs(w))


def curvature_weighted(xp, w, v):
    """α of LAB and LAB2: Σ d·abs(w) / Σ d (Equation 8; released lab.py, binarization).

    Examples
    --------
    >>> float(curvature_weighted(NUMPY, w=np.float32([1, -2]), v=np.float32([1, 9])))
    1.75
    """
    d = curvature(xp, v)
    return xp.sum(d * abs(w)) / xp.sum(d)


SCALES = {"one": one, "mean_abs": mean_abs, "curvature": curvature_weighted}
"""The formulas of α, by the values of `reproduce.methods.Method.scale`."""


def squared_hinge(xp, scores, targets):
    """The mean over all elements of max(0, 1 − t·y)² (Section 4.1; released mnist.py, main), for targets t of ±1.

    Examples
    --------
    >>> float(squared_hinge(NUMPY, scores=np.float32([[1, -1], [0, 3]]), targets=np.float32([1, -1])))
    4.25
    """
    return xp.square(xp.maximum(0.0, 1.0 - targets * scores)).mean()


def adam_step(xp, w, m, v, gradient, size, decay_rates):
    """One step of Adam in Lasagne's form, whose ε is not corrected for bias.

    Parameters
    ----------
    w, m, v, gradient : arrays of one shape
        Parameters, their moments and their gradient.
    size : scalar
        The learning rate with the bias corrections, η·√(1 − β₂ᵗ) / (1 − β₁ᵗ).
    decay_rates : tuple of float32
        β₁, 1 − β₁, β₂ and 1 − β₂ (see `reproduce.model.recipe`).

    Returns
    -------
    (w, m, v)
        The next ones; w is not clipped (Algorithm 1, steps 3 to 5).

    Examples
    --------
    >>> from reproduce.model.recipe import RELEASED
    >>> w, m, v = np.zeros((3, 2, 4), np.float32)
    >>> gradient = np.ones((2, 4), np.float32)
    >>> w, m, v = adam_step(NUMPY, w, m, v, gradient, np.float32(0.01), RELEASED.decay_rates)
    >>> w.shape, m.shape, v.shape
    ((2, 4), (2, 4), (2, 4))
    """
    beta1, one_minus_beta1, beta2, one_minus_beta2 = decay_rates
    m = beta1 * m + one_minus_beta1 * gradient
    v = beta2 * v + one_minus_beta2 * xp.square(gradient)
    return w - size * m / curvature(xp, v), m, v


def lstm_gates(xp, pre, cell, binarize):
    """The elementwise part of an LSTM's step (paper, Section 3.2; released lab.py, LSTMLayer).

    Parameters
    ----------
    pre : array, (batch, 4·units)
        Pre-activations of the gates i, f, c and o, side by side.
    cell : array, (batch, units)
    binarize : {None, "cell_output", "hidden_state"}
        Where the binary activation stands.

    Returns
    -------
    cell, hidden : arrays, (batch, units)
    kept : array, (batch, 5·units)
        i, f, c, o and s, side by side: what `lstm_gates_gradient` needs.

    Examples
    --------
    >>> pre, cell = np.zeros((2, 12), np.float32), np.ones((2, 3), np.float32)
    >>> cell, hidden, kept = lstm_gates(NUMPY, pre, cell, binarize=None)
    >>> cell.shape, hidden.shape, kept.shape
    ((2, 3), (2, 3), (2, 15))
    """
    i, f, c, o = xp.split(pre, 4, axis=1)
    i, f, c, o = xp.sigmoid(i), xp.sigmoid(f), xp.tanh(c), xp.sigmoid(o)
    cell = f * cell + i * c
    s = sign(xp, cell) if binarize == "cell_output" else xp.tanh(cell)
    hidden = sign(xp, o * s) if binarize == "hidden_state" else o * s
    return cell, hidden, xp.concatenate([i, f, c, o, s], axis=1)


def lstm_gates_gradient(xp, kept, cell_before, cell_after, grad_cell, grad_hidden, binarize, clip):
    """The gradients of `lstm_gates`.

    Parameters
    ----------
    kept : array, (batch, 5·units)
    cell_before, cell_after : arrays, (batch, units)
        The cells before and after the step.
    grad_cell, grad_hidden : arrays, (batch, units)
        The gradients with respect to the cells and the hidden states after the step.
    binarize
        As in `lstm_gates`.
    clip : float
        Bound of the pre-activations' gradient, which is clipped to ± `clip`; 0 does not clip.

    Returns
    -------
    grad_pre : array, (batch, 4·units)
    grad_cell_before : array, (batch, units)

    Examples
    --------
    >>> kept, states = np.ones((2, 15), np.float32), np.ones((4, 2, 3), np.float32)
    >>> grad_pre, grad_cell = lstm_gates_gradient(NUMPY, kept, *states, binarize=None, clip=5.0)
    >>> grad_pre.shape, grad_cell.shape
    ((2, 12), (2, 3))
    """
    i, f, c, o, s = xp.split(kept, 5, axis=1)
    if binarize == "hidden_state":
        grad_hidden = straight_through(xp, o * s, grad_hidden)
    grad_s = grad_hidden * o
    signs = binarize == "cell_output"
    grad_cell = grad_cell + (straight_through(xp, cell_after, grad_s) if signs else grad_s * (1 - s * s))
    grad_pre = [grad_cell * c * i * (1 - i), grad_cell * cell_before * f * (1 - f), grad_cell * i * (1 - c * c)]
    grad_pre = xp.concatenate([*grad_pre, grad_hidden * s * o * (1 - o)], axis=1)
    if clip:
        grad_pre = xp.clip(grad_pre, np.float32(-clip), np.float32(clip))
    return grad_pre, grad_cell * f
