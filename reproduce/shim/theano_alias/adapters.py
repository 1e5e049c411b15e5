"""Functions whose arguments changed between Theano and Aesara, with Theano's arguments and results."""

import functools
import inspect

import aesara
import numpy as np
from aesara import gradient, printing, tensor
from aesara.compile import builders, monitormode
from aesara.compile.io import In
from aesara.graph.basic import clone_replace
from aesara.graph.rewriting.basic import node_rewriter
from aesara.sandbox import rng_mrg
from aesara.tensor import io, special
from aesara.tensor.nnet import abstract_conv
from aesara.tensor.shape import specify_broadcastable, unbroadcast
from aesara.tensor.signal.pool import pool_2d
from aesara.utils import LOCAL_BITWIDTH, PYTHON_INT_BITWIDTH


def shared(value, name=None, strict=False, allow_downcast=None, **arguments):
    """A shared variable whose lengths are open, as in Theano: a value or an update may change them.

    Only an axis of length 1 is so for good, unless `broadcastable` says otherwise or there are no elements yet: Aesara
    lets an open one broadcast when it happens to be of length 1, and then its gradient is wrong. Aesara's `shape` says
    it all.
    """
    if isinstance(value, np.ndarray) and "shape" not in arguments:
        known = [length == 1 and value.size > 0 for length in value.shape]
        broadcastable = arguments.pop("broadcastable", None) or known
        arguments["shape"] = tuple(1 if flag else None for flag in broadcastable)
    return aesara.shared(value, name, strict=strict, allow_downcast=allow_downcast, **arguments)


def clone(output, replace=None, strict=True, share_inputs=True):
    """A copy of the graph of `output` (one variable or several), with those in `replace` replaced."""
    return clone_replace(output, replace, rebuild_strict=strict, copy_inputs_over=share_inputs)


def patternbroadcast(x, broadcastable):
    """`x`, broadcastable along exactly the dimensions where `broadcastable` is true."""
    open_axes = [axis for axis, flag in enumerate(broadcastable) if not flag]
    x = unbroadcast(tensor.as_tensor_variable(x), *open_axes)
    return specify_broadcastable(x, *(axis for axis, flag in enumerate(broadcastable) if flag))


class Rebroadcast:
    """Makes axes broadcastable or not: ``Rebroadcast((0, True), (1, False))(x)``."""

    def __init__(self, *axes):
        self.axis = dict(axes)

    def __call__(self, x):
        flags = enumerate(tensor.as_tensor_variable(x).type.broadcastable)
        return patternbroadcast(x, [self.axis.get(axis, flag) for axis, flag in flags])


def softmax(c):
    """Softmax of each row; a vector gives a matrix of one row, as in Theano."""
    x = tensor.as_tensor_variable(c)
    return special.softmax(x.dimshuffle("x", 0) if x.ndim == 1 else x, axis=-1)


def conv2d(
    input,
    filters,
    input_shape=None,
    filter_shape=None,
    border_mode="valid",
    subsample=(1, 1),
    filter_flip=True,
    image_shape=None,
    **arguments,
):
    """Two-dimensional convolution; `image_shape` is the older name of `input_shape`."""
    return abstract_conv.conv2d(
        input, filters, input_shape or image_shape, filter_shape, border_mode, subsample, filter_flip, **arguments
    )


def max_pool_2d(input, ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """Pooling over the two last dimensions, with the argument names of Theano 0.7."""
    return pool_2d(input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode)


def Param(
    variable, default=None, name=None, mutable=False, strict=False, allow_downcast=None, implicit=None, borrow=None
):
    """`In` under its older name, and its value under its older one."""
    borrow = {} if borrow is None else {"borrow": borrow}
    return In(
        variable, name, default, None, mutable, strict, allow_downcast=allow_downcast, implicit=implicit, **borrow
    )


class OpFromGraph(builders.OpFromGraph):
    """An Op that is a graph, its overrides in Theano's order; other arguments are those of ``theano.function``."""

    def __init__(
        self, inputs, outputs, inline=False, grad_overrides="default", rop_overrides="default", name=None, **arguments
    ):
        overrides = {"grad_overrides": grad_overrides, "rop_overrides": rop_overrides}
        super().__init__(inputs, outputs, inline, name=name, **overrides, **arguments)


class MonitorMode(monitormode.MonitorMode):
    """Calls its functions with Theano's arguments: the place, the node, and what computes it."""

    def __init__(self, pre_func=None, post_func=None, optimizer="default", linker=None):
        super().__init__(_without_graph(pre_func, 3), _without_graph(post_func, 3), optimizer, linker)


def detect_nan(i, node, fn):
    """A function for `MonitorMode` that prints the node whose output has a NaN."""
    monitormode.detect_nan(None, i, node, fn)


def local_optimizer(tracks, inplace=False, requirements=()):
    """A decorator of functions of a node; Aesara gives them the function graph before it."""
    decorate = node_rewriter(tracks, inplace, requirements)
    return lambda function: decorate(_without_graph(function, 1))


def _without_graph(function, count):
    """`function`, which takes `count` arguments, as one that takes the function graph before them."""
    if function is None or len(inspect.signature(function).parameters) != count:
        return function

    def call(fgraph, *arguments):
        return function(*arguments)

    call.__name__ = getattr(function, "__name__", type(function).__name__)
    return call


@functools.wraps(gradient.verify_grad)  # Aesara's own function gets no attribute of Theano's
def verify_grad(*arguments, **keywords):
    return gradient.verify_grad(*arguments, **keywords)


verify_grad.E_grad = gradient.GradientError


def flatten(x, outdim=1):
    """`x` with its last dimensions in one, so that `outdim` are left."""
    return tensor.flatten(x, outdim)


def choose(a, choices, out=None, mode="raise"):
    """From each of `choices` the elements where `a` has its number; `out` was never used."""
    return tensor.choose(a, choices, mode)


def load(path, dtype, broadcastable, mmap_mode=None):
    """The array of an .npy file, read when the function runs."""
    return io.load(path, dtype, tuple(1 if flag else None for flag in broadcastable), mmap_mode)


def bilinear_upsampling(input, ratio, batch_size=None, num_input_channels=None, use_1D_kernel=True):
    """Each of the last two dimensions of `input` `ratio` times as long, by bilinear interpolation."""
    return abstract_conv.bilinear_upsampling(
        input, ratio, batch_size=batch_size, num_input_channels=num_input_channels, use_1D_kernel=use_1D_kernel
    )


def debugprint(
    obj, depth=-1, print_type=False, file=None, ids="CHAR", stop_on_name=False, done=None, print_storage=False,
    print_clients=False, used_ids=None,
):  # fmt: skip
    """Prints a graph; the clients are not printed."""
    return printing.debugprint(
        obj, depth, print_type, file, id_type=ids, stop_on_name=stop_on_name, done=done, print_storage=print_storage,
        used_ids=used_ids,
    )  # fmt: skip


enable_sparse = True
"""Whether there are sparse matrices: SciPy is always there."""


def local_bitwidth():
    """The number of bits of an address."""
    return LOCAL_BITWIDTH


def python_int_bitwidth():
    """The number of bits of C's ``long``, which was Python 2's integer."""
    return PYTHON_INT_BITWIDTH


def sparse_grad(var):
    """``x[indices]`` whose gradient is a sparse matrix."""
    return type(var.owner.op)(sparse_grad=True)(*var.owner.inputs)


class MRG_RandomStreams(rng_mrg.MRG_RandomStream):
    """Random draws with the generator MRG31k3p; there is no GPU of Theano's to use."""

    def __init__(self, seed=12345, use_cuda=None):
        super().__init__(seed)
