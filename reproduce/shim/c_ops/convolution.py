"""Convolutions over two axes and their gradients by oneDNN, in place of patches and a matrix product.

oneDNN's direct algorithm reads the pictures themselves, with machine code written for the processor and the shapes at
hand. It sums in another order than the product does, so the last digits differ.
"""

from pathlib import Path

import aesara
import aesara.tensor as at
import numpy as np
from aesara.graph.basic import Apply
from aesara.graph.rewriting.basic import copy_stack_trace, node_rewriter
from aesara.link.c.op import COp
from aesara.link.c.params_type import ParamsType
from aesara.scalar import int64
from aesara.tensor.nnet.abstract_conv import AbstractConv2d, AbstractConv2d_gradInputs, AbstractConv2d_gradWeights
from aesara.tensor.nnet.rewriting import conv_groupopt

from reproduce.shim.c_ops import onednn
from reproduce.shim.c_ops.source import ARRAYS, ONEDNN, checksum, source

DIRECTIONS = (AbstractConv2d, AbstractConv2d_gradWeights, AbstractConv2d_gradInputs)
"""The abstract Ops in the order of ``onednn::Direction``."""

FORM = (
    "direction", "flipped", "groups", "row_stride", "column_stride", "row_dilation", "column_dilation",
    "above", "below", "left", "right",
)  # fmt: skip
"""The fields of ``onednn::Form``. They are no part of the C code, so that one module serves all forms."""

SOURCES = ARRAYS, ONEDNN, Path(__file__).with_name("convolution.h")

FULL, HALF = -1, -2
"""Borders that depend on the filters, as in ``onednn::Form``."""


class OneDNNConvolution(COp):
    """What one of Aesara's abstract convolutions stands for, computed by oneDNN in float32.

    Shapes, strides, dilations, borders and groups are the abstract Op's. The primitives are made at the first call, and
    again when the shapes or the number of OpenMP's threads change. With the same number of threads the result has the
    same bits each time.

    Parameters
    ----------
    abstract : AbstractConv2d, AbstractConv2d_gradWeights or AbstractConv2d_gradInputs
        With shared filters.
    """

    __props__ = ("abstract",)
    params_type = ParamsType(**dict.fromkeys(FORM, int64))

    def __init__(self, abstract):
        self.abstract = abstract

    def __str__(self):
        return f"{type(self).__name__}{{{type(self.abstract).__name__}}}"

    def make_node(self, *inputs):
        like = self.abstract.make_node(*inputs)
        if any(x.dtype != "float32" for x in like.inputs[:2]):
            raise TypeError(f"oneDNN's convolutions need float32, got {like.inputs[0].type} and {like.inputs[1].type}")
        # All three directions have a vector of lengths, so that one compiled module serves them.
        lengths = like.inputs[2].astype("int64") if like.inputs[2:] else at.constant([], ndim=1, dtype="int64")
        return Apply(self, [*like.inputs[:2], lengths], [x.type() for x in like.outputs])

    def infer_shape(self, fgraph, node, shapes):
        return self.abstract.infer_shape(fgraph, node, shapes)

    def perform(self, node, inputs, outputs, params):
        forward = isinstance(self.abstract, AbstractConv2d)
        self.abstract.perform(node, inputs[:2] if forward else inputs, outputs)

    def get_params(self, node):
        op = self.abstract
        border = op.border_mode
        if isinstance(border, str):
            border = ({"valid": 0, "full": FULL, "half": HALF}[border],) * 2
        padding = [np.broadcast_to(ends, 2) for ends in border]
        direction = DIRECTIONS.index(type(op))
        form = [direction, op.filter_flip, op.num_groups, *op.subsample, *op.filter_dilation, *np.ravel(padding)]
        return self.params_type.get_params(**dict(zip(FORM, map(int, form), strict=True)))

    def c_header_dirs(self, **kwargs):
        return [onednn.find().include]

    def c_lib_dirs(self, **kwargs):
        return [onednn.find().lib]

    def c_libraries(self, **kwargs):
        return ["dnnl"]

    def c_compile_args(self, **kwargs):
        return ["-fopenmp", f"-Wl,-rpath,{onednn.find().lib}"]

    def c_support_code(self, **kwargs):
        return source(*SOURCES)

    def c_support_code_struct(self, node, name):
        return f"std::unique_ptr<onednn::Convolution> latest_{name};"

    def c_code_cache_version(self):
        return (1, checksum(*SOURCES), onednn.find().version)

    def c_code(self, node, name, inputs, outputs, sub):
        return f"""
        {{
        const onednn::Form form = {{{", ".join(f"{sub['params']}->{field}" for field in FORM)}}};
        if (!onednn::compute(latest_{name}, form, {", ".join(inputs)}, &{outputs[0]})) {{
            {sub["fail"]}
        }}
        }}
        """


@node_rewriter(list(DIRECTIONS))
def local_convolution_onednn(fgraph, node):
    """Replace an abstract convolution where there are oneDNN, a compiler, and float32 arrays."""
    arrays = [*node.inputs[:2], node.outputs[0]]
    if not aesara.config.cxx or node.op.unshared or onednn.find() is None or {x.dtype for x in arrays} != {"float32"}:
        return None
    result = OneDNNConvolution(node.op)(*node.inputs)
    copy_stack_trace(node.outputs[0], result)
    return [result]


# Before Aesara's own rewrites into products, and left out wherever those are. Aesara's flag
# optimizer_excluding=local_convolution_onednn leaves it out alone.
conv_groupopt.register("local_convolution_onednn", local_convolution_onednn, "conv_gemm", "fast_run", position=20)
