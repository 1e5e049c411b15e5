"""The LSTM with binarized input-to-hidden and hidden-to-hidden weights."""

import aesara
import aesara.tensor as at
import numpy as np
from aesara import scan
from aesara.compile import optdb
from aesara.compile.builders import OpFromGraph
from aesara.gradient import DisconnectedType
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.tensor.type import TensorType
from lasagne import init

from reproduce.model.layers import Weight
from reproduce.model.ops.lstm import LSTMRecurrence, LSTMRecurrenceGradient
from reproduce.model.ops.lstm_gates import LSTMGates, LSTMGatesGradient
from reproduce.model.parameters import Layer

GATES = ("ingate", "forgetgate", "cell", "outgate")
RANGE = 0.08


class BinarizedLSTMLayer(Layer):
    """One LSTM layer over sequences of indices. Each of its eight matrices has its own α.

    ::

        i, f, c, o = x·W_in + h·W_hid + b           (stacked in this order, one gate after the other)
        cell = sigmoid(f)·cell + sigmoid(i)·tanh(c)
        h    = sigmoid(o)·tanh(cell)                or, with binary activations, sigmoid(o)·sign(cell)
                                                    (`binarize="cell_output"`), sign(sigmoid(o)·tanh(cell))
                                                    (`"hidden_state"`)

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Indices, (batch, steps). The input x stands for their one-hot vectors, which are never made: the product of one
        with W_in is a row of W_in.
    vocabulary : int
        Number of distinct indices.
    num_units : int
        Cells of the layer.
    method : reproduce.methods.Method
        How the matrices are used.
    binarize : {None, "cell_output", "hidden_state"}
        Where the binary activation stands; None leaves activations full.
    clip_gradient : float
        Bound of the gradient with respect to the stacked pre-activations: it is clipped to ± this at every time step.
    exact_gates : bool
        Whether the c backend takes sigmoid and tanh from the C library; see `LSTMRecurrence`.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    The output has shape (batch, steps, num_units). There are no peepholes. States start at zero in every sequence.
    Weights start uniform in ±0.08, the forget gate's bias at 1, and the other biases at 0. Paper, Section 3.2; released
    lab.py, LSTMLayer.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> from reproduce.methods import get
    >>> layer = BinarizedLSTMLayer(InputLayer((None, 50)), 87, 16, get("lab"), binarize=None, clip_gradient=5.0)
    >>> layer.output_shape, [weight.latent.get_value().shape for weight in layer.weights[:2]]
    ((None, 50, 16), [(87, 16), (16, 16)])
    """

    def __init__(
        self, incoming, vocabulary, num_units, method, binarize, clip_gradient, exact_gates=False, name="lstm"
    ):
        super().__init__(incoming, name=name)
        self.exact_gates = exact_gates
        self.num_units, self.clip_gradient, self.binarize = num_units, clip_gradient, binarize
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
        """Hidden states of `input`; without `clipping`, gradients through them are not clipped."""
        stacked_in, stacked_hid, bias = self._stacked()
        clip = self.clip_gradient if clipping else 0
        hidden = unrolled(stacked_in, bias, input.T, stacked_hid, self.binarize, clip, self.exact_gates)
        return hidden.dimshuffle(1, 0, 2)

    def step(self, characters, cell, hidden):
        """The state (cell, hidden) after one more index in each sequence.

        Parameters
        ----------
        characters : int vector, (batch,)
        cell, hidden : matrices, (batch, num_units)
            The state so far.
        """
        stacked_in, stacked_hid, bias = self._stacked()
        pre = stacked_in[characters] + bias + at.dot(hidden, stacked_hid)
        cell, hidden, _ = LSTMGates(self.binarize)(pre, cell)
        return cell, hidden

    def _stacked(self):
        """The used input-to-hidden and hidden-to-hidden weights and the biases, one gate after the other."""
        stacked_in = at.concatenate([weight.used for weight in self.weights[0::2]], axis=1)
        stacked_hid = at.concatenate([weight.used for weight in self.weights[1::2]], axis=1)
        return stacked_in, stacked_hid, at.concatenate(self.biases)


def unrolled(W_in, bias, characters, W_hid, binarize, clip_gradient, exact_gates=False):
    """Hidden states of an LSTM over whole sequences, from zero states.

    The gradient is a second scan, backwards over what the first one kept. The one that Aesara derives would compute the
    first scan again. Where Aesara compiles C code, one Op takes the place of each scan and of the lookups around it.

    Parameters
    ----------
    W_in : matrix, (vocabulary, 4·units)
        Input-to-hidden weights.
    bias : vector, (4·units)
    characters : int matrix, (steps, batch)
    W_hid : matrix, (units, 4·units)
        Hidden-to-hidden weights.
    binarize, clip_gradient, exact_gates
        See `BinarizedLSTMLayer`; 0 does not clip.

    Returns
    -------
    tensor, (steps, batch, units)
    """
    arguments = [W_in, bias, characters, W_hid]
    return _Unrolled(arguments, binarize, clip_gradient, exact_gates)(*arguments)[0]


class _Unrolled(OpFromGraph):
    """`_forward`, with `_UnrolledGradient` for its gradient; compiling a function replaces this Op."""

    def __init__(self, arguments, binarize, clip_gradient, exact_gates):
        self.binarize, self.clip_gradient, self.exact_gates = binarize, clip_gradient, exact_gates
        inputs = _inputs_like(*arguments)
        super().__init__(inputs, _forward(*inputs, binarize), inline=True)

    def L_op(self, inputs, outputs, gradients):
        arguments = [*inputs, *outputs, gradients[0]]
        grad_in, grad_bias, grad_hid = _UnrolledGradient(arguments, self.binarize, self.clip_gradient)(*arguments)
        return [grad_in, grad_bias, DisconnectedType()(), grad_hid]

    def connection_pattern(self, node):  # only the hidden states are used elsewhere
        return [[connected, False, False] for connected in (True, True, False, True)]


class _UnrolledGradient(OpFromGraph):
    """`_gradient`; compiling a function replaces this Op."""

    def __init__(self, arguments, binarize, clip_gradient):
        self.binarize, self.clip_gradient = binarize, clip_gradient
        inputs = _inputs_like(*arguments)
        super().__init__(inputs, _gradient(*inputs, binarize, clip_gradient), inline=True)


@node_rewriter([_Unrolled, _UnrolledGradient])
def local_lstm_in_c(fgraph, node):
    """Replace the lookups and scans by `LSTMRecurrence` and its gradient."""
    op = node.op
    if not aesara.config.cxx:
        return None
    if isinstance(op, _UnrolledGradient):
        W_in, _, *others = node.inputs
        return LSTMRecurrenceGradient(op.binarize, op.clip_gradient)(W_in, *others, return_list=True)
    keep = any(fgraph.clients[x] for x in node.outputs[1:])
    results = LSTMRecurrence(op.binarize, op.exact_gates, keep)(*node.inputs, return_list=True)
    return dict(zip(node.outputs, results, strict=False))


# Just before such Ops are replaced by their graphs.
optdb.register("lstm_in_c", in2out(local_lstm_in_c), "fast_run", "cxx_only", position=-0.02)


def _inputs_like(*variables):
    return [TensorType(x.dtype, shape=x.type.shape)() for x in variables]


def _projected(W_in, bias, characters):
    """The part of the pre-activations that comes from the characters, (steps, batch, 4·units)."""
    return (W_in[characters.flatten()] + bias).reshape((characters.shape[0], characters.shape[1], W_in.shape[1]))


def _forward(W_in, bias, characters, W_hid, binarize):
    """Hidden states, cells and what the gradient needs, each (steps, batch, …)."""

    def step(projected, cell, hidden, W_hid):
        cell, hidden, kept = LSTMGates(binarize)(projected + at.dot(hidden, W_hid), cell)
        return cell, hidden, kept

    projected = _projected(W_in, bias, characters)
    start = _zeros(projected, W_hid)
    (cells, hidden, kept), _ = scan(
        step, sequences=projected, outputs_info=[start, start, None], non_sequences=[W_hid], strict=True
    )
    return [hidden, cells, kept]


def _gradient(W_in, bias, characters, W_hid, hidden, cells, kept, grad_output, binarize, clip):
    """The gradients with respect to `W_in`, `bias` and `W_hid`, given that with respect to the hidden states."""
    start = _zeros(hidden, W_hid)
    hidden_before, cell_before = (at.concatenate([start[None], x[:-1]]) for x in (hidden, cells))

    def step(grad_output, kept, cell_before, cell_after, grad_cell, grad_state, transposed):
        grad_pre, grad_cell = LSTMGatesGradient(binarize, clip)(
            kept, cell_before, cell_after, grad_cell, grad_output + grad_state
        )
        return grad_cell, at.dot(grad_pre, transposed), grad_pre

    (_, _, grad_pre), _ = scan(
        step,
        sequences=[grad_output, kept, cell_before, cells],
        outputs_info=[start, start, None],
        non_sequences=[W_hid.T],
        go_backwards=True,
        strict=True,
    )
    grad_pre = grad_pre[::-1]
    projected = _projected(W_in, bias, characters)
    grad_in, grad_bias = aesara.grad(None, [W_in, bias], known_grads={projected: grad_pre})
    rows = [x.reshape((-1, x.shape[2])) for x in (hidden_before, grad_pre)]
    return [grad_in, grad_bias, at.dot(rows[0].T, rows[1])]


def _zeros(sequence, W_hid):
    return at.zeros((sequence.shape[1], W_hid.shape[0]), dtype="float32")


class OutputLayer(Layer):
    """Full-precision scores of the next character at every step: (batch·steps, vocabulary).

    Weights start normal(0, 0.01) and stay in full precision (released warpeace.py, main).

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> layer = OutputLayer(InputLayer((2, 50, 16)), vocabulary=87)
    >>> layer.output_shape, layer.W.get_value().shape
    ((100, 87), (16, 87))
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
