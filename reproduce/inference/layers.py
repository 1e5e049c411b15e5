"""The layers of an exported network, in NumPy.

Pictures have their channels last: (batch, rows, columns, channels). An activation is a float32 array, or `Signs`.
"""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from reproduce import formulas
from reproduce.inference import kernels as packing

SIZE = 3
"""Rows and columns of a filter."""

LARGEST_PATCHES = 1 << 24
"""Elements of the patches that a convolution multiplies at a time."""

FUNCTIONS = SimpleNamespace(**vars(formulas.NUMPY) | {"sigmoid": lambda x: 1 / (1 + np.exp(-x))})
"""`reproduce.formulas.NUMPY` with a sigmoid that needs no SciPy."""

CONDITIONS = SimpleNamespace(where=lambda condition, positive, negative: condition)
"""By which `reproduce.formulas.sign` gives the condition of its case +1."""


class Signs(NamedTuple):
    """Activations ±`scale`: whether each is positive, and a scale for each example, (batch, 1, …), or None for 1."""

    positive: np.ndarray
    scale: np.ndarray | None = None

    def reshape(self, *shape):
        scale = None if self.scale is None else self.scale.reshape(len(self.scale), 1)
        return Signs(self.positive.reshape(shape), scale)

    @property
    def values(self):
        """The same as a float32 array."""
        values = np.where(self.positive, np.float32(1), np.float32(-1))
        return values if self.scale is None else values * self.scale


class BinaryWeights:
    """Weights ``α·b`` of one bit each.

    Parameters
    ----------
    words : uint64 array, (outputs, words)
        A row for each output, as `reproduce.inference.kernels.pack` packs its inputs.
    alpha : float32
        One α, or one for each output.
    inputs : int
    kernels : reproduce.inference.kernels.NumPyKernels
    """

    def __init__(self, words, alpha, inputs, kernels):
        self.words, self.alpha, self.inputs, self.kernels = words, alpha, inputs, kernels

    @property
    def outputs(self):
        return len(self.words)

    @property
    def values(self):
        """The weights as a float32 array, (inputs, outputs)."""
        return self.kernels.expanded(self.words, self.inputs).T * self.alpha

    def multiplier(self, rows):
        """The function from float32 arrays (rows, inputs) to their products with the weights, (rows, outputs)."""
        multiply = self.kernels.real_multiplier(self.words, self.inputs, rows)
        return lambda x: multiply(x) * self.alpha

    def times(self, x):
        """The product of a float32 array (rows, inputs) or of `Signs` of that shape, float32 (rows, outputs)."""
        if not isinstance(x, Signs):
            return self.multiplier(len(x))(x)
        products = self.times_packed(packing.pack(x.positive)).astype("float32") * self.alpha
        return products if x.scale is None else products * x.scale

    def times_packed(self, words):
        """The product of packed signs with the weights' signs, int32 (rows, outputs)."""
        return self.kernels.sign_products(words, self.words, self.inputs)

    def apart(self, groups):
        """These weights with the inputs of each of the `groups` beginning a word."""
        positive = self.kernels.expanded(self.words, self.inputs) > 0
        words = packing.pack(positive.reshape(self.outputs, groups, -1)).reshape(self.outputs, -1)
        return BinaryWeights(words, self.alpha, self.inputs, self.kernels)


class RealWeights:
    """Weights in full precision; `values` is a float32 array, (inputs, outputs)."""

    def __init__(self, values):
        self.values = values

    @property
    def outputs(self):
        return self.values.shape[1]

    def multiplier(self, rows):
        return lambda x: x @ self.values

    def times(self, x):
        return (x.values if isinstance(x, Signs) else x) @ self.values


class Dense:
    """``x·W``; trailing axes of x are flattened."""

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, x):
        batch = len(x.positive) if isinstance(x, Signs) else len(x)
        return self.weights.times(x.reshape(batch, -1))


class Convolution:
    """3×3 filters over pictures with a border of zeros, in the form of a correlation: filters are not flipped."""

    def __init__(self, weights, takes_signs):
        packed = takes_signs and isinstance(weights, BinaryWeights)
        self.weights = weights.apart(SIZE**2) if packed else weights
        self._packed = packed

    def __call__(self, x):
        if not self._packed:
            return self._in_parts(x.values if isinstance(x, Signs) else x, self.weights.times)
        products = self._in_parts(packing.pack(x.positive), self.weights.times_packed)
        products = (products - self._of_border(*products.shape[1:3])).astype("float32") * self.weights.alpha
        return products if x.scale is None else products * x.scale

    def _in_parts(self, x, times):
        """The products of all patches of `x`, a few pictures at a time."""
        batch, rows, columns, depth = x.shape
        padded = np.zeros((batch, rows + 2, columns + 2, depth), x.dtype)
        padded[:, 1:-1, 1:-1] = x
        size = max(1, LARGEST_PATCHES // (rows * columns * SIZE**2 * depth))
        parts = []
        for start in range(0, batch, size):
            windows = sliding_window_view(padded[start : start + size], (SIZE, SIZE), axis=(1, 2))
            patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, SIZE**2 * depth)
            parts.append(times(patches).reshape(-1, rows, columns, self.weights.outputs))
        return np.concatenate(parts)

    def _of_border(self, rows, columns):
        """What the border's clear bits, read as −1, add to the products of signs: int32 (rows, columns, filters)."""
        border = np.ones((rows + 2, columns + 2), "int32")
        border[1:-1, 1:-1] = 0
        outside = sliding_window_view(border, (SIZE, SIZE)).reshape(rows, columns, SIZE**2)
        filters, channels = self.weights.outputs, self.weights.inputs // SIZE**2
        taps = self.weights.words.reshape(filters * SIZE**2, -1)
        sums = self.weights.kernels.expanded(taps, channels).sum(axis=1).astype("int32")
        return -(outside @ sums.reshape(filters, SIZE**2).T)


def pool(x):
    """The largest of each 2×2 pixels; an odd last row or column is left out."""
    batch, rows, columns, channels = x.shape
    x = x[:, : rows // 2 * 2, : columns // 2 * 2]
    return x.reshape(batch, rows // 2, 2, columns // 2, 2, channels).max(axis=(2, 4))


class Normalize:
    """``x·gain + shift`` by feature: bias and batch norm as they evaluate."""

    def __init__(self, gain, shift):
        self.gain, self.shift = gain, shift

    def __call__(self, x):
        return x * self.gain + self.shift


def rectify(x):
    return np.maximum(x, np.float32(0))


def sign(x):
    """`Signs` by the rule of `reproduce.formulas.sign`."""
    return Signs(formulas.sign(CONDITIONS, x))


def scaled_sign(x):
    """`Signs` with the mean of abs(x) over each example's features as their scale."""
    scale = abs(x).mean(axis=tuple(range(1, x.ndim)), keepdims=True)
    return Signs(sign(x).positive, scale)


class LSTM:
    """The hidden states over sequences of indices, from zero states.

    Parameters
    ----------
    W_in : float32 array, (vocabulary, 4·units)
        Input-to-hidden weights of the gates i, f, c and o, side by side; an input is a row of them.
    W_hid : BinaryWeights or RealWeights
        Hidden-to-hidden weights, (units, 4·units).
    b : float32 array, (4·units,)
    binarize : {None, "cell_output", "hidden_state"}
        Where the binary activation stands.
    """

    def __init__(self, W_in, W_hid, b, binarize):
        self.W_in, self.W_hid, self.b, self.binarize = W_in, W_hid, b, binarize

    def __call__(self, indices):
        """Hidden states (batch·steps, units) of `indices`, (batch, steps)."""
        batch, steps = indices.shape
        units = len(self.b) // 4
        signs = self.binarize == "hidden_state"
        multiply = (lambda x: self.W_hid.times(Signs(x > 0))) if signs else self.W_hid.multiplier(batch)
        states = np.empty((batch, steps, units), "float32")
        cell = np.zeros((batch, units), "float32")
        with np.errstate(over="ignore"):  # the sigmoid of a number far below 0
            for step in range(steps):
                pre = self.W_in[indices[:, step]] + self.b
                if step:
                    pre += multiply(states[:, step - 1])
                cell, states[:, step], _ = formulas.lstm_gates(FUNCTIONS, pre, cell, self.binarize)
        return states.reshape(-1, units)


class Scores:
    """``x·W + b`` in full precision."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def __call__(self, x):
        return x @ self.W + self.b
