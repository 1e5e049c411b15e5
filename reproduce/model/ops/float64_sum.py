"""What `ColumnSum` and `ChannelSum` share: sums in float64 over all axes but the second."""

import aesara.tensor as at
from aesara.compile import optdb
from aesara.graph.basic import Apply
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.link.c.op import COp
from aesara.tensor.math import Sum


class Float64Sum(COp):
    """Sums of a float32 array over `axes`, all but the second, (rows, columns, …) → (columns,) float32.

    Every sum is accumulated in float64 and adds its elements in their order, as Aesara's ``Sum(axes,
    acc_dtype="float64")`` does, so both give the same bits. Subclasses differ in how they read the memory.

    Attributes
    ----------
    axes : tuple of int
    loop : str
        C code that writes ``sums``, of length ``columns``, from the contiguous ``values`` of ``array``, which has
        ``rows`` and ``columns``.
    """

    __props__ = ()

    def make_node(self, x):
        x, ndim = at.as_tensor_variable(x), len(self.axes) + 1
        if x.dtype != "float32" or x.ndim != ndim:
            raise TypeError(f"{type(self).__name__} needs a float32 array of {ndim} axes, got {x.type}")
        return Apply(self, [x], [at.TensorType("float32", shape=(x.type.shape[1],))()])

    def infer_shape(self, fgraph, node, shapes):
        return [(shapes[0][1],)]

    def perform(self, node, inputs, outputs):
        (x,) = inputs
        outputs[0][0] = x.sum(self.axes, dtype="float64").astype("float32")

    def c_compile_args(self, **kwargs):
        return ["-fopenmp", "-O3"]

    def c_code_cache_version(self):
        return (2,)

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,), fail = inputs, outputs, sub["fail"]
        return f"""
        {{
        PyArrayObject* array = PyArray_GETCONTIGUOUS({x});
        if (!array) {{ {fail} }}
        const npy_intp rows = PyArray_DIM(array, 0), columns = PyArray_DIM(array, 1);
        if (!{z} || PyArray_DIM({z}, 0) != columns || !PyArray_IS_C_CONTIGUOUS({z})) {{
            Py_XDECREF({z});
            {z} = (PyArrayObject*)PyArray_SimpleNew(1, &columns, NPY_FLOAT32);
            if (!{z}) {{ Py_DECREF(array); {fail} }}
        }}
        const float* __restrict__ values = (const float*)PyArray_DATA(array);
        float* __restrict__ sums = (float*)PyArray_DATA({z});
        {self.loop}
        Py_DECREF(array);
        }}
        """


def register(op, tag):
    """Register, under `tag`, the rewrite of Aesara's sums over `op`'s axes that accumulate in float64."""

    @node_rewriter([Sum])
    def local_float64_sum(fgraph, node):
        (x,), (z,), axes = node.inputs, node.outputs, node.op.axis
        over = (axes,) if isinstance(axes, int) else axes
        if x.ndim != len(op.axes) + 1 or over != op.axes or node.op.acc_dtype != "float64":
            return None
        return [op(x)] if x.dtype == z.dtype == "float32" else None

    # After all of Aesara's own rewrites, which know Sum but not these Ops.
    optdb.register(tag, in2out(local_float64_sum, name=tag), position=80)
