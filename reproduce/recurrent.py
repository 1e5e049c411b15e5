"""The LSTM with binarized input-to-hidden and hidden-to-hidden weights."""

from functools import partial

import aesara.tensor as at
import numpy as np
from aesara import scan
from aesara.gradient import grad_clip
from lasagne import init
from lasagne.layers import Layer

from reproduce.layers import Weight

GATES = ("ingate", "forgetgate", "cell", "outgate")
RANGE = 0.08


class BinarizedLSTMLayer(Layer):
    """One LSTM layer over sequences of indices, each of its eight matrices with its own α.

    ::

        i, f, c, o = x·W_in + h·W_hid + b           (stacked in this order, a gate after the other)
        cell = sigmoid(f)·cell + sigmoid(i)·tanh(c)
        h    = sigmoid(o)·tanh(cell)                or, with binary activations, sigmoid(o)·sign(cell)
                                                    (`binarize="cell_output"`), sign(sigmoid(o)·tanh(cell))
                                                    (`"hidden_state"`)

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Indices, (batch, steps); the input is their one-hot vectors, which are never made: a product of one with
        W_in is a row of it.
    vocabulary : int
        Number of distinct indices.
    num_units : int
        Cells of the layer.
    method : reproduce.methods.Method
        How the matrices are used.
    binarize : {None, "cell_output", "hidden_state"}
        Where the binary activation stands; None leaves activations full.
    activation : function
        The binary activation.
    clip_gradient : float
        The gradient with respect to the stacked pre-activations is clipped to ± this at every time step.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    Output shape (batch, steps, num_units). No peepholes; states start at zero in every sequence; weights start uniform
    in ±0.08, the forget gate's bias at 1, the others at 0. Paper, Section 3.2; released lab.py, LSTMLayer.
    """

    def __init__(self, incoming, vocabulary, num_units, method, binarize, activation, clip_gradient, name="lstm"):
        super().__init__(incoming, name=name)
        self.num_units, self.clip_gradient = num_units, clip_gradient
        self.binarize, self.activation = binarize, activation
        self.weights, self.biases = [], []
        for gate in GATES:
            for source, rows in (("in", vocabulary), ("hid", num_units)):
                label = f"W_{source}_to_{gate}"
                latent = self.add_param(init.Uniform(RANGE), (rows, num_units), name=label)
                self.weights.append(Weight(f"{name}.{label}", latent, method))
            start = init.Constant(1.0 if gate == "forgetgate" else 0.0)
            self.biases.append(self.add_param(start, (num_units,), name=f"b_{gate}", regularizable=False))

    def get_output_shape_for(self, input_shape):
        return (*input_shape, self.num_units)

    def get_output_for(self, input, clipping=True, **kwargs):
        """Hidden states of `input`; without `clipping`, gradients through it are those of no clip."""
        batch, steps = input.shape[0], input.shape[1]
        stacked_in, stacked_hid, bias = self._stacked()
        projected = stacked_in[input.T.flatten()].reshape((steps, batch, 4 * self.num_units)) + bias
        start = at.zeros((batch, self.num_units), dtype="float32")
        step = partial(self._step, clip_gradient=self.clip_gradient if clipping else 0)
        (_, hidden), _ = scan(
            step, sequences=projected, outputs_info=[start, start], non_sequences=[stacked_hid], strict=True
        )
        return hidden.dimshuffle(1, 0, 2)

    def step(self, characters, cell, hidden):
        """The state (cell, hidden) after one more index of each sequence.

        Parameters
        ----------
        characters : int vector, (batch,)
        cell, hidden : matrices, (batch, num_units)
            The state so far.
        """
        stacked_in, stacked_hid, bias = self._stacked()
        return self._step(stacked_in[characters] + bias, cell, hidden, stacked_hid, clip_gradient=0)

    def _stacked(self):
        """The used input-to-hidden and hidden-to-hidden weights and the biases, a gate after the other."""
        stacked_in = at.concatenate([weight.used for weight in self.weights[0::2]], axis=1)
        stacked_hid = at.concatenate([weight.used for weight in self.weights[1::2]], axis=1)
        return stacked_in, stacked_hid, at.concatenate(self.biases)

    def _step(self, projected, cell, hidden, stacked_hid, clip_gradient):
        n = self.num_units
        gates = projected + at.dot(hidden, stacked_hid)
        if clip_gradient:
            gates = grad_clip(gates, -clip_gradient, clip_gradient)
        ingate, forgetgate, candidate, outgate = (gates[:, k * n : (k + 1) * n] for k in range(4))
        cell = at.sigmoid(forgetgate) * cell + at.sigmoid(ingate) * at.tanh(candidate)
        if self.binarize == "cell_output":
            return cell, at.sigmoid(outgate) * self.activation(cell)
        hidden = at.sigmoid(outgate) * at.tanh(cell)
        return cell, self.activation(hidden) if self.binarize == "hidden_state" else hidden


class OutputLayer(Layer):
    """Full-precision scores of the next character at every step: (batch·steps, vocabulary).

    Weights start normal(0, 0.01) and stay in full precision (released warpeace.py, main).
    """

    def __init__(self, incoming, vocabulary, name="output"):
        super().__init__(incoming, name=name)
        self.vocabulary = vocabulary
        self.W = self.add_param(init.Normal(0.01), (int(self.input_shape[-1]), vocabulary), name="W")
        self.b = self.add_param(init.Constant(0.0), (vocabulary,), name="b", regularizable=False)

    def get_output_shape_for(self, input_shape):
        count = None if None in input_shape[:-1] else int(np.prod(input_shape[:-1]))
        return (count, self.vocabulary)

    def get_output_for(self, input, **kwargs):
        return at.dot(input.reshape((-1, self.input_shape[-1])), self.W) + self.b
