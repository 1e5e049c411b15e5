"""An LSTM's whole recurrence over sequences of characters, and its gradient, as one Op each in C.

They stand for graphs of lookups and scans that `reproduce.model.lstm` defines, and replace them where Aesara compiles C
code. Their matrix products are oneDNN's, or where it is missing those of the BLAS that Aesara links.
"""

from pathlib import Path

import aesara.tensor as at
import numpy as np
from aesara.graph.basic import Apply
from aesara.link.c.op import COp
from aesara.link.c.params_type import ParamsType
from aesara.scalar import float32, int64
from aesara.tensor.blas import ldflags
from aesara.tensor.blas_headers import blas_header_text, blas_header_version
from aesara.tensor.type import integer_dtypes

from reproduce import formulas
from reproduce.model.ops.lstm_gates import COMPILE_ARGS, GATES, KINDS
from reproduce.shim.c_ops import onednn
from reproduce.shim.c_ops.source import ARRAYS, ONEDNN, checksum, source


def _beside(name):
    return Path(__file__).with_name(name)


WITH_ONEDNN = ARRAYS, ONEDNN, *GATES, _beside("product_onednn.h"), _beside("lstm.h")
WITH_BLAS = ARRAYS, *GATES, _beside("product_blas.h"), _beside("lstm.h")


class _Recurrence(COp):
    """Base of both Ops: C code that multiplies with oneDNN or with the BLAS that Aesara links.

    What an Op is asked for is no part of its C code, so that one module serves all.
    """

    def c_support_code(self, **kwargs):
        return source(*WITH_ONEDNN) if onednn.find() else [blas_header_text(), *source(*WITH_BLAS)]

    def c_libraries(self, **kwargs):
        return ["dnnl"] if onednn.find() else ldflags()

    def c_lib_dirs(self, **kwargs):
        return [onednn.find().lib] if onednn.find() else ldflags(libs=False, libs_dir=True)

    def c_header_dirs(self, **kwargs):
        return [onednn.find().include] if onednn.find() else ldflags(libs=False, include_dir=True)

    def c_compile_args(self, **kwargs):
        library = [f"-Wl,-rpath,{onednn.find().lib}"] if onednn.find() else ldflags(libs=False, flags=True)
        return [*library, *COMPILE_ARGS]

    def c_code_cache_version(self):
        if onednn.find():
            return (2, checksum(*WITH_ONEDNN), onednn.find().version)
        return (2, checksum(*WITH_BLAS), blas_header_version())


class LSTMRecurrence(_Recurrence):
    """Hidden states of an LSTM over whole sequences of characters, from zero states.

    Inputs: the input-to-hidden weights (vocabulary, 4·units) and the bias (4·units), float32; the characters (steps,
    batch), integers; and the hidden-to-hidden weights (units, 4·units), float32. Outputs: hidden states (steps, batch,
    units), and if they are kept the cells (steps, batch, units) and what the gradient needs (steps, batch, 5·units). A
    character outside the vocabulary is an IndexError; negative ones count from its end.

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
    params_type = ParamsType(binarize=int64, exact_gates=int64)

    def __init__(self, binarize, exact_gates, keep):
        self.binarize, self.exact_gates, self.keep = binarize, exact_gates, keep

    def get_params(self, node):
        return self.params_type.get_params(binarize=KINDS.index(self.binarize), exact_gates=int(self.exact_gates))

    def make_node(self, W_in, bias, characters, W_hid):
        inputs = _checked([W_in, bias, characters, W_hid], (2, 1, "characters", 2))
        return Apply(self, inputs, [at.ftensor3() for _ in range(3 if self.keep else 1)])

    def infer_shape(self, fgraph, node, shapes):
        _, _, (steps, batch), (units, _) = shapes
        state = (steps, batch, units)
        return [state, state, (steps, batch, 5 * units)][: len(node.outputs)]

    def perform(self, node, inputs, outputs, params):
        W_in, bias, characters, W_hid = inputs
        (steps, batch), units = characters.shape, len(W_hid)
        projected = W_in[characters] + bias
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
        pointers = [f"&{z}" for z in outputs] + ["NULL"] * (3 - len(outputs))
        function = f"forward<{'true' if self.keep else 'false'}>"
        return _call(function, sub, "exact_gates", [*inputs, *pointers])


class LSTMRecurrenceGradient(_Recurrence):
    """The gradient of `LSTMRecurrence`.

    Inputs: the input-to-hidden weights, of which only the shape counts; the characters; the hidden-to-hidden weights;
    the three outputs of `LSTMRecurrence`; and the gradient with respect to the hidden states. Outputs: the gradients
    with respect to the input-to-hidden weights (vocabulary, 4·units), the bias (4·units) and the hidden-to-hidden
    weights (units, 4·units). The pre-activations' gradient is clipped to ± `clip` at every step unless that is 0.
    """

    __props__ = ("binarize", "clip")
    params_type = ParamsType(binarize=int64, clip=float32)

    def __init__(self, binarize, clip):
        self.binarize, self.clip = binarize, float(clip)

    def get_params(self, node):
        return self.params_type.get_params(binarize=KINDS.index(self.binarize), clip=np.float32(self.clip))

    def make_node(self, W_in, characters, W_hid, hidden, cells, kept, grad_output):
        inputs = [W_in, characters, W_hid, hidden, cells, kept, grad_output]
        inputs = _checked(inputs, (2, "characters", 2, 3, 3, 3, 3))
        return Apply(self, inputs, [at.fmatrix(), at.fvector(), at.fmatrix()])

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0], shapes[0][1:], shapes[2]]

    def perform(self, node, inputs, outputs, params):
        W_in, characters, W_hid, hidden, cells, kept, grad_output = inputs
        grad_pre = np.empty((*hidden.shape[:2], W_hid.shape[1]), "float32")
        zeros = grad_cell = grad_state = np.zeros(hidden.shape[1:], "float32")
        for t in reversed(range(len(hidden))):
            before = cells[t - 1] if t else zeros
            states = before, cells[t], grad_cell, grad_output[t] + grad_state
            grad_pre[t], grad_cell = formulas.lstm_gates_gradient(
                formulas.NUMPY, kept[t], *states, self.binarize, self.clip
            )
            grad_state = grad_pre[t] @ W_hid.T
        grad_in = np.zeros_like(W_in)
        np.add.at(grad_in, characters, grad_pre)
        outputs[0][0] = grad_in
        outputs[1][0] = grad_pre.sum((0, 1), dtype="float64").astype("float32")
        outputs[2][0] = np.tensordot(hidden[:-1], grad_pre[1:], ((0, 1), (0, 1))).astype("float32")

    def c_code(self, node, name, inputs, outputs, sub):
        return _call("backward", sub, "clip", [*inputs, *(f"&{z}" for z in outputs)])


def _call(function, sub, option, arguments):
    """C code that calls one of lstm.h's functions with the Op's parameters and these arguments."""
    arguments = ", ".join([*(f"{sub['params']}->{field}" for field in ("binarize", option)), *arguments])
    return f"if (!lstm::guarded([&] {{ return lstm::{function}({arguments}); }})) {{ {sub['fail']} }}"


def _checked(inputs, kinds):
    """The inputs as variables: characters in int64, the others of float32 and as many axes as their kind says."""
    inputs = [at.as_tensor_variable(x) for x in inputs]
    for k, (x, kind) in enumerate(zip(inputs, kinds, strict=True)):
        if kind == "characters":
            if x.dtype not in integer_dtypes or x.ndim != 2:
                raise TypeError(f"the LSTM needs a matrix of integers, got {x.type}")
            inputs[k] = at.cast(x, "int64")
        elif x.dtype != "float32" or x.ndim != kind:
            raise TypeError(f"the LSTM needs a float32 array of {kind} axes, got {x.type}")
    return inputs
