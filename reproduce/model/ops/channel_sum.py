"""Sums over pictures in float64, one for each channel. Batch norm and biases of convolutions need them."""

import aesara.tensor as at
from aesara.compile import optdb
from aesara.graph.basic import Apply
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.link.c.op import COp
from aesara.tensor.math import Sum

REWRITE = "sum_channels_together"
"""Tag of the rewrite that replaces Aesara's own sums by `ChannelSum`; the c backend includes it."""


class ChannelSum(COp):
    """Σ x[i, c, r, s] over i, r and s of a float32 array, (examples, channels, rows, columns) → (channels,) float32.

    The sums are accumulated in float64. Every channel adds its elements in their order, as Aesara's ``Sum(axis=(0, 2,
    3), acc_dtype="float64")`` does, so both give the same bits. An addition waits for the last one of its channel. This
    Op therefore adds several channels at a time, and divides them among threads.

    Examples
    --------
    >>> from aesara import function
    >>> x = at.ftensor4()
    >>> function([x], ChannelSum()(x), mode="FAST_COMPILE")(np.ones((5, 3, 2, 2), "float32")).tolist()
    [20.0, 20.0, 20.0]
    """

    __props__ = ()

    def make_node(self, x):
        x = at.as_tensor_variable(x)
        if x.dtype != "float32" or x.ndim != 4:
            raise TypeError(f"ChannelSum needs a float32 array of four axes, got {x.type}")
        return Apply(self, [x], [at.TensorType("float32", shape=(x.type.shape[1],))()])

    def infer_shape(self, fgraph, node, shapes):
        return [(shapes[0][1],)]

    def perform(self, node, inputs, outputs):
        (x,) = inputs
        outputs[0][0] = x.sum((0, 2, 3), dtype="float64").astype("float32")

    def c_support_code(self, **kwargs):
        return """
        enum { TOGETHER = 8 };  // channels

        // Sums of `count` neighbouring channels, which begin at `x`; an example has `stride` elements.
        static inline void sum_channels(const float* x, npy_intp examples, npy_intp stride, npy_intp area, int count,
                                        float* sums) {
            double totals[TOGETHER] = {0};
            for (npy_intp i = 0; i < examples; i++, x += stride)
                for (npy_intp j = 0; j < area; j++)
                    for (int k = 0; k < count; k++) totals[k] += (double)x[k * area + j];
            for (int k = 0; k < count; k++) sums[k] = (float)totals[k];
        }
        """

    def c_compile_args(self, **kwargs):
        return ["-fopenmp", "-O3"]

    def c_code_cache_version(self):
        return (1,)

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,), fail = inputs, outputs, sub["fail"]
        return f"""
        {{
        PyArrayObject* pictures = PyArray_GETCONTIGUOUS({x});
        if (!pictures) {{ {fail} }}
        const npy_intp examples = PyArray_DIM(pictures, 0), channels = PyArray_DIM(pictures, 1);
        const npy_intp area = PyArray_DIM(pictures, 2) * PyArray_DIM(pictures, 3);
        if (!{z} || PyArray_DIM({z}, 0) != channels || !PyArray_IS_C_CONTIGUOUS({z})) {{
            Py_XDECREF({z});
            {z} = (PyArrayObject*)PyArray_SimpleNew(1, &channels, NPY_FLOAT32);
            if (!{z}) {{ Py_DECREF(pictures); {fail} }}
        }}
        const float* const values = (const float*)PyArray_DATA(pictures);
        float* const sums = (float*)PyArray_DATA({z});
        #pragma omp parallel for schedule(static) if (examples * channels * area > 16384)
        for (npy_intp first = 0; first < channels; first += TOGETHER) {{
            const npy_intp left = channels - first;
            const float* const start = values + first * area;
            if (left >= TOGETHER) sum_channels(start, examples, channels * area, area, TOGETHER, sums + first);
            else sum_channels(start, examples, channels * area, area, left, sums + first);
        }}
        Py_DECREF(pictures);
        }}
        """


@node_rewriter([Sum])
def local_sum_channels_together(fgraph, node):
    """Replace a sum over all axes but the second of four, of float32 numbers that accumulate in float64."""
    op, (x,), (z,) = node.op, node.inputs, node.outputs
    if x.ndim != 4 or op.axis != (0, 2, 3) or op.acc_dtype != "float64" or {x.dtype, z.dtype} != {"float32"}:
        return None
    return [ChannelSum()(x)]


# After all of Aesara's own rewrites, which know Sum but not ChannelSum.
optdb.register(REWRITE, in2out(local_sum_channels_together), position=80)
