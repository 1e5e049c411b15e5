"""Builds the layers of an exported network from their description and its tensors, whose shapes must fit."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from reproduce.inference import layers
from reproduce.inference.kernels import words


class Network(NamedTuple):
    """Layers, each a function of the activations of the one before it, and how many scores they end in."""

    layers: list[Callable]
    outputs: int

    def __call__(self, x):
        """The scores of `x`; pictures have their channels last."""
        for layer in self.layers:
            x = layer(x)
        return x


def build(description, tensors, kernels):
    """The network of a description.

    Parameters
    ----------
    description : dict
        ``shape``, of an input, and ``layers``, a list of dicts, each with its ``kind`` and, where it has tensors, its
        ``name``. Shapes of pictures have their channels first, as the data sets have.
    tensors : dict of str to ndarray
    kernels : reproduce.inference.kernels.NumPyKernels

    Returns
    -------
    Network

    Raises
    ------
    KeyError, TypeError, ValueError
        If the description is none, or if tensors are missing, left over or of other shapes than the layers need.
    """
    builder = _Builder(description, tensors, kernels)
    return Network(builder.layers, *builder.shape)


class _Builder:
    def __init__(self, description, tensors, kernels):
        self.tensors, self.kernels, self.used = tensors, kernels, set()
        self.shape = tuple(description["shape"])
        if len(self.shape) not in (1, 3) or not all(type(length) is int and length > 0 for length in self.shape):
            raise ValueError(f"an input of shape {list(self.shape)}")
        if len(self.shape) == 3:
            self.shape = (*self.shape[1:], self.shape[0])
        self.signs = False
        self.layers = []
        for layer in description["layers"]:
            kind = KINDS.get(layer["kind"])
            if kind is None:
                raise ValueError(f"a layer of unknown kind {layer['kind']!r}")
            if self.signs and layer["kind"] not in ("dense", "convolution"):
                raise ValueError(f"a layer of kind {layer['kind']} that takes signs")
            self.layers.append(kind(self, **{key: value for key, value in layer.items() if key != "kind"}))
        if len(self.shape) != 1 or self.signs or not self.layers:
            raise ValueError("its layers end without scores")
        if self.used != tensors.keys():
            raise ValueError(f"tensors that no layer has: {', '.join(sorted(tensors.keys() - self.used))}")

    def dense(self, name):
        weights = self.weights(f"{name}.W", math.prod(self.shape))
        self.shape, self.signs = (weights.outputs,), False
        return layers.Dense(weights)

    def convolution(self, name):
        rows, columns, channels = self.shape
        layer = layers.Convolution(self.weights(f"{name}.W", layers.SIZE**2 * channels), self.signs)
        self.shape, self.signs = (rows, columns, layer.weights.outputs), False
        return layer

    def pool(self):
        rows, columns, channels = self.shape
        self.shape = (rows // 2, columns // 2, channels)
        if 0 in self.shape:
            raise ValueError("it pools pictures of one pixel")
        return layers.pool

    def normalize(self, name):
        features = (self.shape[-1],)
        return layers.Normalize(*(self.tensor(f"{name}.{part}", features) for part in ("gain", "shift")))

    def rectify(self):
        return layers.rectify

    def sign(self):
        self.signs = True
        return layers.sign

    def scaled_sign(self):
        self.signs = True
        return layers.scaled_sign

    def lstm(self, name, binarize):
        """Four matrices from the input and four from the hidden state, each with its own α, side by side."""
        if binarize not in (None, "cell_output", "hidden_state"):
            raise ValueError(f"an LSTM that binarizes {binarize!r}")
        if self.layers:
            raise ValueError("an LSTM that is not the first layer")
        (vocabulary,) = self.shape
        b = self.tensor(f"{name}.b", (None,))
        units, rest = divmod(len(b), 4)
        if rest:
            raise ValueError(f"{name}.b has {len(b)} elements for four gates")
        W_in, W_hid = (
            self.weights(f"{name}.{part}", inputs, 4 * units, alphas=4)
            for part, inputs in (("W_in", vocabulary), ("W_hid", units))
        )
        self.shape = (units,)
        return layers.LSTM(W_in.values, W_hid, b, binarize)

    def scores(self, name):
        (inputs,) = self.shape
        W = self.tensor(f"{name}.W", (inputs, None))
        self.shape = (W.shape[1],)
        return layers.Scores(W, self.tensor(f"{name}.b", self.shape))

    def weights(self, name, inputs, outputs=None, alphas=None):
        """The weights called `name`, of one bit if there are bits, with one α, or `alphas` for equal parts."""
        if f"{name}.bits" not in self.tensors:
            return layers.RealWeights(self.tensor(name, (inputs, outputs)))
        bits = self.tensor(f"{name}.bits", (outputs, -(-inputs // 8)), "uint8")
        alpha = self.tensor(f"{name}.alpha", (alphas,) if alphas else ())
        if alphas:
            alpha = np.repeat(alpha, len(bits) // alphas)
        return layers.BinaryWeights(words(bits), alpha, inputs, self.kernels)

    def tensor(self, name, shape, dtype="float32"):
        """The tensor called `name`; None in `shape` stands for any length but 0."""
        if name not in self.tensors:
            raise ValueError(f"there is no tensor {name}")
        found = self.tensors[name]
        fits = len(found.shape) == len(shape) and all(
            length > 0 and wanted in (None, length) for length, wanted in zip(found.shape, shape, strict=True)
        )
        if not fits or found.dtype != dtype:
            wanted = "×".join("any" if length is None else str(length) for length in shape)
            raise ValueError(
                f"{name} is {found.dtype} {'×'.join(map(str, found.shape)) or 'scalar'}, "
                f"where {dtype} {wanted or 'scalar'} is needed"
            )
        self.used.add(name)
        return found


KINDS = {
    kind.__name__: kind
    for kind in (
        _Builder.dense, _Builder.convolution, _Builder.pool, _Builder.normalize, _Builder.rectify, _Builder.sign,
        _Builder.scaled_sign, _Builder.lstm, _Builder.scores,
    )
}  # fmt: skip
