"""An LSTM's whole recurrence, and its gradient, as one Op each in C.

They stand for graphs of scans that `reproduce.model.lstm` defines, and replace them where Aesara compiles C code.
"""

from pathlib import Path

import aesara.tensor as at
import numpy as np
from aesara.graph.basic import Apply
from aesara.link.c.op import COp
from aesara.tensor.blas import ldflags
from aesara.tensor.blas_headers import blas_header_text, blas_header_version

from reproduce import formulas
from reproduce.model.ops.lstm_gates import COMPILE_ARGS, GATES, c_binarize
from reproduce.shim.c_ops.source import ARRAYS, checksum, source

SOURCES = ARRAYS, *GATES, Path(__file__).with_name("lstm.h")


class _Recurrence(COp):
    """Base of both Ops: C code that multiplies with the BLAS that Aesara links."""

    def c_support_code(self, **kwargs):
        return [blas_header_text(), *source(*SOURCES)]

    def c_libraries(self, **kwargs):
        return ldflags()

    def c_lib_dirs(self, **kwargs):
        return ldflags(libs=False, libs_dir=True)

    def c_header_dirs(self, **kwargs):
        return ldflags(libs=False, include_dir=True)

    def c_compile_args(self, **kwargs):
        return [*ldflags(libs=False, flags=True), *COMPILE_ARGS]

    def c_code_cache_version(self):
        return (1, checksum(*SOURCES), blas_header_version())


class LSTMRecurrence(_Recurrence):
    """Hidden states of an LSTM over whole sequences, from zero states.

    Inputs: the part of the pre-activations that comes from the sequences' inputs (steps, batch, 4·units), and the
    hidden-to-hidden weights (units, 4·units), float32. Outputs: hidden states (steps, batch, units), and if they are
    kept the cells (steps, batch, units) and what the gradient needs (steps, batch, 5·units).

    Parameters
    ----------
    binarize : {None, "cell_output", "hidden_state"}
        Where the binary activation stands.
    exact_gates : bool
        Whether sigmoid and tanh are the C library's. Otherwise they are vectorised, with errors of at most 4 units in
        the last place, and the same bits on every processor.
    keep : bool
        Whether there are three outputs, or one.
    """

    __props__ = ("binarize", "exact_gates", "keep")

    def __init__(self, binarize, exact_gates, keep):
        self.binarize, self.exact_gates, self.keep = binarize, exact_gates, keep

    def make_node(self, projected, W_hid):
        inputs = _float32([projected, W_hid], (3, 2))
        return Apply(self, inputs, [at.ftensor3() for _ in range(3 if self.keep else 1)])

    def infer_shape(self, fgraph, node, shapes):
        (steps, batch, _), (units, _) = shapes
        state = (steps, batch, units)
        return [state, state, (steps, batch, 5 * units)][: len(node.outputs)]

    def perform(self, node, inputs, outputs):
        projected, W_hid = inputs
        (steps, batch, _), units = projected.shape, len(W_hid)
        results = [np.empty((steps, batch, width * units), "float32") for width in (1, 1, 5)]
        cell = hidden = np.zeros((batch, units), "float32")
        for t in range(steps):
            pre = projected[t] + hidden @ W_hid
            cell, hidden, kept = formulas.lstm_gates(formulas.NUMPY, pre, cell, self.binarize)
            for result, value in zip(results, (hidden, cell, kept), strict=True):
                result[t] = value
        for output, result in zip(outputs, results, strict=False):
            output[0] = result

    def c_code(self, node, name, inputs, outputs, sub):
        functions = "Exact" if self.exact_gates else "Vectorised"
        pointers = [f"&{z}" for z in outputs] + ["NULL"] * (3 - len(outputs))
        kind = f"lstm::{functions}, {c_binarize(self.binarize)}, {'true' if self.keep else 'false'}"
        return f"if (!lstm::forward<{kind}>({', '.join([*inputs, *pointers])})) {{ {sub['fail']} }}"


class LSTMRecurrenceGradient(_Recurrence):
    """The gradient of `LSTMRecurrence`.

    Inputs: the hidden-to-hidden weights, the three outputs of `LSTMRecurrence`, and the gradient with respect to the
    hidden states. Outputs: the gradients with respect to the pre-activations (steps, batch, 4·units), clipped to ±
    `clip` at every step unless that is 0, and to the weights (units, 4·units).
    """

    __props__ = ("binarize", "clip")

    def __init__(self, binarize, clip):
        self.binarize, self.clip = binarize, float(clip)

    def make_node(self, W_hid, hidden, cells, kept, grad_output):
        inputs = _float32([W_hid, hidden, cells, kept, grad_output], (2, 3, 3, 3, 3))
        return Apply(self, inputs, [at.ftensor3(), at.fmatrix()])

    def infer_shape(self, fgraph, node, shapes):
        steps, batch, units = shapes[1]
        return [(steps, batch, 4 * units), (units, 4 * units)]

    def perform(self, node, inputs, outputs):
        W_hid, hidden, cells, kept, grad_output = inputs
        grad_pre = np.empty((*hidden.shape[:2], W_hid.shape[1]), "float32")
        zeros = grad_cell = grad_state = np.zeros(hidden.shape[1:], "float32")
        for t in reversed(range(len(hidden))):
            before = cells[t - 1] if t else zeros
            states = before, cells[t], grad_cell, grad_output[t] + grad_state
            grad_pre[t], grad_cell = formulas.lstm_gates_gradient(
                formulas.NUMPY, kept[t], *states, self.binarize, self.clip
            )
            grad_state = grad_pre[t] @ W_hid.T
        outputs[0][0] = grad_pre
        outputs[1][0] = np.tensordot(hidden[:-1], grad_pre[1:], ((0, 1), (0, 1))).astype("float32")

    def c_code(self, node, name, inputs, outputs, sub):
        arguments = [*inputs, f"{self.clip!r}f", *(f"&{z}" for z in outputs)]
        return f"if (!lstm::backward<{c_binarize(self.binarize)}>({', '.join(arguments)})) {{ {sub['fail']} }}"


def _float32(inputs, ranks):
    inputs = [at.as_tensor_variable(x) for x in inputs]
    for x, ndim in zip(inputs, ranks, strict=True):
        if x.dtype != "float32" or x.ndim != ndim:
            raise TypeError(f"the LSTM needs float32 arrays of {ranks} axes, got {x.type}")
    return inputs
