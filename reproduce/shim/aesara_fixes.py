"""Repairs of Aesara 2.9.4. Each looks whether its fault is there, and does nothing where it is not."""

import functools
import operator
import os
import sys

import numpy as np

from reproduce.shim import scan_states

SHIM = os.path.dirname(__file__) + os.sep


def apply():
    """Repair what is broken in the imported Aesara."""
    repair_corr_mm()
    restore_bare_variables()
    restore_attributes()
    register_debug_mode()
    let_powers_gain_shapes()
    repair_angles()
    repair_zero_gradients()
    repair_draws_in_python()
    let_default_updates_know_more()
    scan_states.repair()
    repair_second_gradient_of_max_pooling()
    leave_us_out_of_traces()


def repair_corr_mm():
    """Let ``conv2d`` compile for the CPU: ``CorrMM.make_node`` calls ``tuple`` with four arguments."""
    from aesara.graph.basic import Apply
    from aesara.tensor import as_tensor_variable
    from aesara.tensor.nnet.corr import CorrMM
    from aesara.tensor.type import TensorType, tensor4

    if not _raises(TypeError, lambda: CorrMM()(tensor4(), tensor4())):
        return

    def make_node(self, img, kern):
        img, kern = self.as_common_dtype(as_tensor_variable(img), as_tensor_variable(kern))
        if img.type.ndim != 4:
            raise TypeError("img must be 4D tensor")
        if kern.type.ndim != (6 if self.unshared else 4):
            raise TypeError(f"kern must be {6 if self.unshared else 4}D tensor")
        # Lengths other than 1 stay open, as in the gradient Ops: the rewrites compare only what broadcasts.
        shape = [1 if length == 1 else None for length in (img.type.shape[0], kern.type.shape[0])]
        return Apply(self, [img, kern], [TensorType(img.type.dtype, shape=(*shape, None, None))()])

    CorrMM.make_node = make_node


def restore_bare_variables():
    """Let a `Variable` be made without an owner, and of whatever stands for a type, as Theano 0.7 did."""
    from aesara.graph.basic import Variable
    from aesara.link.c.type import generic

    if not _raises(TypeError, lambda: Variable(generic)):
        return
    initialize = Variable.__init__

    def __init__(self, type, owner=None, index=None, name=None):
        initialize(self, type if hasattr(type, "filter") else generic, owner, index, name)
        self.type = type

    Variable.__init__ = __init__


def restore_attributes():
    """Give functions and loops Theano's attributes, and let ``del`` take a `default_update` back."""
    from aesara.compile.function.types import Function
    from aesara.compile.sharedvalue import SharedVariable
    from aesara.scan.op import Scan

    moved = (Function, "fn", "vm"), (Scan, "inputs", "inner_inputs"), (Scan, "outputs", "inner_outputs")
    for kind, old, new in moved:
        if not hasattr(kind, old):
            setattr(kind, old, property(operator.attrgetter(new)))
    update = SharedVariable.default_update
    if update.fdel is None:
        SharedVariable.default_update = update.deleter(lambda self: update.fset(self, None))


def register_debug_mode():
    """Let ``mode="DEBUG_MODE"`` be known from the start; Aesara registers it when its module is imported."""
    import aesara.compile.debugmode  # noqa: F401


def let_powers_gain_shapes():
    """Let the rewrites of powers go through where a base is known less well, or better, than when the power was taken.

    They insist on the same static shape, which other rewrites may have changed since: ``Dot22`` knows none.
    """
    from aesara.tensor.rewriting.math import local_pow_specialize, local_pow_specialize_device

    for rewriter in (local_pow_specialize, local_pow_specialize_device):
        if not hasattr(rewriter.fn, "__wrapped__"):
            rewriter.fn = _without_comparison(rewriter.fn)


def repair_angles():
    """Let degrees and radians have gradients beside NumPy 2, which takes no Aesara type for a dtype."""
    from aesara.scalar.basic import Deg2Rad, Rad2Deg, float64

    for kind, factor in ((Deg2Rad, np.pi / 180), (Rad2Deg, 180 / np.pi)):
        if _raises(ValueError, lambda kind=kind: kind().L_op([float64()], [float64()], [float64()])):
            kind.L_op = _scaled(kind.L_op, factor)


def repair_zero_gradients():
    """Let `consider_constant` and `zero_grad` have gradients beside NumPy 2, which takes no variable for a dtype."""
    from aesara.gradient import ConsiderConstant, ZeroGrad
    from aesara.tensor import constant

    x = constant([0.0])
    for kind in (ConsiderConstant, ZeroGrad):
        if _raises((TypeError, ValueError), lambda kind=kind: kind().grad([x], [x])):
            kind.grad = _zeros(kind.grad)


def repair_draws_in_python():
    """Let the Python code of `MRG_RandomStreams` draw beside NumPy 2, which takes no mask of 32 bits for an int32."""
    if not _raises(OverflowError, lambda: np.int32(1) & 0xFFFFFFFF):
        return
    from aesara.sandbox import rng_mrg

    if not hasattr(rng_mrg.mrg_next_value, "__wrapped__"):
        rng_mrg.mrg_next_value = _with_wide_mask(rng_mrg.mrg_next_value)


def let_default_updates_know_more():
    """Let a default update have a static shape where its variable leaves it open, as any other update may.

    Aesara lets it be set, and then refuses to compile with it.
    """
    from aesara.graph.basic import Variable
    from aesara.tensor.type import TensorType

    filter_variable = TensorType.filter_variable
    open_, known = TensorType("float32", (None,)), TensorType("float32", (1,))
    if not _raises(TypeError, lambda: filter_variable(open_, known(), allow_convert=False)):
        return

    @functools.wraps(filter_variable)
    def accept_what_is_known_better(self, other, allow_convert=True):
        if isinstance(other, Variable) and self.is_super(other.type):
            return other
        return filter_variable(self, other, allow_convert)

    TensorType.filter_variable = accept_what_is_known_better


def repair_second_gradient_of_max_pooling():
    """Let the gradient of max-pooling's gradient have the shape of what is pooled to, not of what is pooled."""
    from aesara.graph.basic import Apply
    from aesara.tensor.signal.pool import DownsampleFactorMaxGradGrad
    from aesara.tensor.type import TensorType

    x, pooled = TensorType("float32", (4,))(), TensorType("float32", (2,))()
    if DownsampleFactorMaxGradGrad(True, ndim=1).make_node(x, pooled, x, (2,)).outputs[0].type == pooled.type:
        return
    make_node = DownsampleFactorMaxGradGrad.make_node

    @functools.wraps(make_node)
    def make_node_of_pooled_shape(self, *arguments):
        inputs = make_node(self, *arguments).inputs
        return Apply(self, inputs, [inputs[1].type()])

    DownsampleFactorMaxGradGrad.make_node = make_node_of_pooled_shape


def leave_us_out_of_traces():
    """Let what Aesara records of a variable's creation end in the user's line, not in ours between it and Aesara."""
    from aesara.graph import utils

    extract = utils.simple_extract_stack
    if hasattr(extract, "__wrapped__"):
        return

    @functools.wraps(extract)
    def simple_extract_stack(f=None, limit=None, skips=None):
        return extract(f or sys._getframe(1), limit, [*skips, SHIM] if skips else skips)

    utils.simple_extract_stack = simple_extract_stack


def _scaled(of_integers, factor):
    from aesara.scalar.basic import discrete_types

    @functools.wraps(of_integers)
    def L_op(self, inputs, outputs, gradients):
        if outputs[0].type in discrete_types:
            return of_integers(self, inputs, outputs, gradients)
        (gradient,) = gradients
        return [gradient * np.asarray(factor, gradient.type.dtype)]

    return L_op


def _zeros(of_a_dtype):
    @functools.wraps(of_a_dtype)
    def grad(self, inputs, gradients):
        return [gradient.zeros_like() for gradient in gradients]

    return grad


def _with_wide_mask(next_value):
    @functools.wraps(next_value)
    def mrg_next_value(rstate, new_rstate, NORM, mask, offset):
        return next_value(rstate, new_rstate, NORM, np.int64(mask), offset)

    return mrg_next_value


def _without_comparison(rewrite):
    @functools.wraps(rewrite)
    def transform(fgraph, node):
        try:
            return rewrite(fgraph, node)
        except AssertionError as error:
            (power,), outputs = error.args[0]
            if (power.type.dtype, power.type.ndim) != (outputs[0].type.dtype, outputs[0].type.ndim):
                raise
            return [power]

    return transform


def _raises(error, action):
    try:
        action()
    except error:
        return True
    return False
