"""The elementwise part of an LSTM's step and its gradient, each in one pass over memory."""

from pathlib import Path

import aesara.tensor as at
from aesara.graph.basic import Apply
from aesara.link.c.op import COp

from reproduce import formulas
from reproduce.shim.c_ops.source import checksum, source

GATES = tuple(Path(__file__).with_name(name) for name in ("gates.h", "lstm_gates.h"))
"""The C++ code of these Ops."""

KINDS = (None, "cell_output", "hidden_state")
"""Where binary activations stand, in the order of ``lstm::Binarize``."""

# -fno-trapping-math lets GCC make vector code of comparisons; without contraction, C rounds as NumPy does.
COMPILE_ARGS = ("-fopenmp", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off")


def c_binarize(binarize):
    """lstm_gates.h's name for one of `KINDS`."""
    return f"lstm::{(binarize or 'nowhere').upper()}"


class _Gates(COp):
    """Base of both Ops: float32 matrices in and out, with the rows divided among threads.

    Parameters
    ----------
    binarize : {None, "cell_output", "hidden_state"}
        Where the binary activation stands.
    """

    def _make_node(self, inputs, outputs):
        inputs = [at.as_tensor_variable(x) for x in inputs]
        for x in inputs:
            if x.dtype != "float32" or x.ndim != 2:
                raise TypeError(f"{type(self).__name__} needs float32 matrices, got {x.type}")
        return Apply(self, inputs, [at.fmatrix() for _ in range(outputs)])

    def c_support_code(self, **kwargs):
        return source(*GATES)

    def c_compile_args(self, **kwargs):
        return list(COMPILE_ARGS)

    def _c_code(self, inputs, outputs, widths, width_out, body, fail):
        """C code that runs `body` for the columns j < n of each row.

        The inputs have n times `widths` columns, the outputs n times `width_out`. In the body, ``x<k>`` is a row of
        input k and ``z<k>`` a row of output k.
        """
        held = " ".join(f"Py_XDECREF(a{k});" for k in range(len(inputs)))
        arrays = "\n".join(f"PyArrayObject* a{k} = PyArray_GETCONTIGUOUS({x});" for k, x in enumerate(inputs))
        fit = " && ".join(
            f"PyArray_DIM(a{k}, 0) == rows && PyArray_DIM(a{k}, 1) == {width} * n" for k, width in enumerate(widths)
        )
        allocate = "\n".join(
            f"""
            dims[1] = {width} * n;
            if (!{z} || PyArray_DIM({z}, 0) != rows || PyArray_DIM({z}, 1) != dims[1]
                    || !PyArray_IS_C_CONTIGUOUS({z})) {{
                Py_XDECREF({z});
                {z} = (PyArrayObject*)PyArray_SimpleNew(2, dims, NPY_FLOAT32);
                if (!{z}) {{ {held} {fail} }}
            }}
            float* const q{k} = (float*)PyArray_DATA({z});"""
            for k, (z, width) in enumerate(zip(outputs, width_out, strict=True))
        )
        rows = [f"const float* __restrict__ x{k} = p{k} + r * {width} * n;" for k, width in enumerate(widths)]
        rows += [f"float* __restrict__ z{k} = q{k} + r * {width} * n;" for k, width in enumerate(width_out)]
        pointers = "\n".join(f"const float* const p{k} = (const float*)PyArray_DATA(a{k});" for k in range(len(inputs)))
        whole = " && ".join(f"a{k}" for k in range(len(inputs)))
        return f"""
        {{
        {arrays}
        if (!({whole})) {{ {held} {fail} }}
        const npy_intp rows = PyArray_DIM(a1, 0), n = PyArray_DIM(a1, 1);
        if (!({fit})) {{
            PyErr_SetString(PyExc_ValueError, "{type(self).__name__}: shapes do not fit each other");
            {held} {fail}
        }}
        npy_intp dims[2] = {{rows, n}};
        {allocate}
        {pointers}
        #pragma omp parallel for schedule(static) if (rows * n > 4096)
        for (npy_intp r = 0; r < rows; r++) {{
            {" ".join(rows)}
            {body}
        }}
        {held}
        }}
        """


class LSTMGates(_Gates):
    """From pre-activations and cells to the next cells and hidden states: `reproduce.formulas.lstm_gates`.

    Inputs: pre-activations (batch, 4·units) and cells (batch, units), float32. Outputs: cells and hidden states
    (batch, units), and the values that the gradient needs (batch, 5·units).

    Examples
    --------
    >>> import numpy as np
    >>> from aesara import function
    >>> pre, cell = at.fmatrices(2)
    >>> step = function([pre, cell], LSTMGates()(pre, cell), mode="FAST_COMPILE")
    >>> [x.shape for x in step(np.zeros((2, 12), np.float32), np.ones((2, 3), np.float32))]
    [(2, 3), (2, 3), (2, 15)]
    """

    __props__ = ("binarize",)

    def __init__(self, binarize=None):
        if binarize not in KINDS:
            raise ValueError(f"binarize must be one of {KINDS}, got {binarize!r}")
        self.binarize = binarize

    def make_node(self, pre, cell):
        return self._make_node([pre, cell], 3)

    def infer_shape(self, fgraph, node, shapes):
        rows, units = shapes[1]
        return [shapes[1], shapes[1], (rows, 5 * units)]

    def perform(self, node, inputs, outputs):
        pre, cell = inputs
        _check(pre, cell, 4)
        for output, value in zip(outputs, formulas.lstm_gates(formulas.NUMPY, pre, cell, self.binarize), strict=True):
            output[0] = value

    def c_code_cache_version(self):
        return (3, checksum(*GATES))

    def c_code(self, node, name, inputs, outputs, sub):
        kind = f"lstm::Exact, {c_binarize(self.binarize)}, true"
        body = f"lstm::gates_row<{kind}>(x0, x1, z0, z1, z2, n);"
        return self._c_code(inputs, outputs, (4, 1), (1, 1, 5), body, sub["fail"])


class LSTMGatesGradient(_Gates):
    """The gradient of `LSTMGates`: `reproduce.formulas.lstm_gates_gradient`.

    Inputs: the values that `LSTMGates` kept (batch, 5·units); the cells before and after the step (batch, units); the
    gradients with respect to the cells and the hidden states after it (batch, units). Outputs: the gradient with
    respect to the pre-activations (batch, 4·units), clipped to ± `clip` unless that is 0, and the gradient with respect
    to the cells before the step (batch, units).

    Examples
    --------
    >>> import numpy as np
    >>> from aesara import function
    >>> inputs = at.fmatrices(5)
    >>> gradient = function(inputs, LSTMGatesGradient(clip=5.0)(*inputs), mode="FAST_COMPILE")
    >>> [x.shape for x in gradient(np.ones((2, 15), np.float32), *np.ones((4, 2, 3), np.float32))]
    [(2, 12), (2, 3)]
    """

    __props__ = ("binarize", "clip")

    def __init__(self, binarize=None, clip=0.0):
        if binarize not in KINDS:
            raise ValueError(f"binarize must be one of {KINDS}, got {binarize!r}")
        self.binarize, self.clip = binarize, float(clip)

    def make_node(self, kept, cell_before, cell_after, grad_cell, grad_hidden):
        return self._make_node([kept, cell_before, cell_after, grad_cell, grad_hidden], 2)

    def infer_shape(self, fgraph, node, shapes):
        rows, units = shapes[1]
        return [(rows, 4 * units), shapes[1]]

    def perform(self, node, inputs, outputs):
        _check(inputs[0], inputs[1], 5)
        gradients = formulas.lstm_gates_gradient(formulas.NUMPY, *inputs, self.binarize, self.clip)
        for output, value in zip(outputs, gradients, strict=True):
            output[0] = value

    def c_code_cache_version(self):
        return (3, checksum(*GATES))

    def c_code(self, node, name, inputs, outputs, sub):
        clip = f"{self.clip!r}f"
        body = f"lstm::gradient_row<{c_binarize(self.binarize)}>(x0, x1, x2, x3, x4, {clip}, z0, z1, n);"
        return self._c_code(inputs, outputs, (5, 1, 1, 1, 1), (4, 1), body, sub["fail"])


def _check(blocks, cell, count):
    if blocks.shape != (cell.shape[0], count * cell.shape[1]):
        raise ValueError("LSTM gates: shapes do not fit each other")
