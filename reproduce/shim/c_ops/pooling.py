"""Max-pooling in windows that lie side by side, and its gradient, with the bits of Aesara's own code.

oneDNN's max-pooling will not do: its gradient goes to one of a window's maxima, Theano's to each of those that tie, as
sums of ±α often do.
"""

from pathlib import Path

import aesara
import numpy as np
from aesara.graph.basic import Apply, Constant
from aesara.graph.rewriting.basic import copy_stack_trace, node_rewriter
from aesara.link.c.op import COp
from aesara.tensor.rewriting.basic import register_specialize_device
from aesara.tensor.signal.pool import MaxPoolGrad, Pool

from reproduce.shim.c_ops.source import ARRAYS, checksum, source

SOURCES = ARRAYS, Path(__file__).with_name("pooling.h")

LARGEST = 8
"""Rows and columns of the largest window that is taken over; its size is part of the C code."""


class MaxPoolTiles(COp):
    """Max-pooling of a float32 array's last two axes, or its gradient, where each window begins as the last one ends.

    The inputs are those of Aesara's Op, less window, stride and padding. A NaN is a window's maximum only if it comes
    first, as in Aesara's C code.

    Parameters
    ----------
    pool : Pool or MaxPoolGrad
        Aesara's Op; it says what happens at the border.
    window : tuple of int
        Rows and columns of a window.
    """

    __props__ = ("pool", "window")

    def __init__(self, pool, window):
        self.pool, self.window = pool, window

    def make_node(self, *arrays):
        like = self.pool.make_node(*arrays, self.window)
        arrays = like.inputs[: len(arrays)]
        if any(x.dtype != "float32" for x in arrays):
            raise TypeError(f"MaxPoolTiles needs float32, got {', '.join(str(x.type) for x in arrays)}")
        return Apply(self, arrays, [like.outputs[0].type()])

    def infer_shape(self, fgraph, node, shapes):
        if len(node.inputs) > 1:
            return [shapes[0]]
        return [self.pool.out_shape(shapes[0], self.window, self.pool.ignore_border, self.window, (0, 0))]

    def perform(self, node, inputs, outputs):
        like = self.pool.make_node(*node.inputs, self.window)
        geometry = [np.array(x) for x in (self.window, self.window, (0, 0))]
        params = [self.pool.get_params(like)] if isinstance(self.pool, Pool) else []
        self.pool.perform(like, [*inputs, *geometry], outputs, *params)

    def c_compile_args(self, **kwargs):
        # Without -fno-trapping-math GCC leaves the comparisons scalar.
        return ["-fopenmp", "-O3", "-fno-trapping-math"]

    def c_support_code(self, **kwargs):
        return source(*SOURCES)

    def c_code_cache_version(self):
        return (1, checksum(*SOURCES))

    def c_code(self, node, name, inputs, outputs, sub):
        partial = "false" if self.pool.ignore_border else "true"
        function = "pool_gradient" if len(inputs) > 1 else "pool"
        sizes = "{}, {}".format(*self.window)
        return f"""
        if (!pooling::{function}<{sizes}>({", ".join(inputs)}, {partial}, &{outputs[0]})) {{
            {sub["fail"]}
        }}
        """


@register_specialize_device("fast_run", "cxx_only")
@node_rewriter([Pool, MaxPoolGrad])
def local_max_pool_tiles(fgraph, node):
    """Replace a max-pooling of two axes, or its gradient, whose windows are known and lie side by side."""
    *arrays, window, stride, padding = node.inputs
    if not aesara.config.cxx or node.op.mode != "max" or node.op.ndim != 2 or {x.dtype for x in arrays} != {"float32"}:
        return None
    if not all(isinstance(x, Constant) for x in (window, stride, padding)):
        return None
    sizes = tuple(int(x) for x in window.data)
    tiles = np.array_equal(window.data, stride.data) and not np.any(padding.data)
    if not tiles or not all(1 <= size <= LARGEST for size in sizes):
        return None
    result = MaxPoolTiles(node.op, sizes)(*arrays)
    copy_stack_trace(node.outputs[0], result)
    return [result]
