"""Runs on the host, by Aesara's own code, what JAX cannot: an Op without a rule, or a form that its rule refuses.

A compiled function calls back for it with ``jax.pure_callback``, which needs the shapes of the results; they come from
the Op's ``infer_shape`` or its static types. Only NumPy is used within the callback: JAX there can wait for itself.
"""

import functools
import logging

import aesara
import jax
import numpy as np
from aesara.compile.io import In
from aesara.compile.mode import Mode
from aesara.link.c.exceptions import CompileError
from aesara.scalar.basic import Composite, ScalarOp
from aesara.tensor.elemwise import Elemwise
from aesara.tensor.random.type import RandomType
from aesara.tensor.type import TensorType

from reproduce.shim import numpy2
from reproduce.shim.jax_ops import tracing
from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import JaxOpError, unsupported
from reproduce.shim.jax_ops.values import from_host, is_known, to_host

logger = logging.getLogger(__name__)

REFUSALS = (
    NotImplementedError,
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)
"""How rules, ours and Aesara's, say that they cannot."""

KEPT = 512
"""How many compiled functions are kept, those used last."""

_failures = []
"""Errors of callbacks: XLA would pass on their text only, and JAX log them."""

_announced = set()


def or_on_host(rule, node):
    """`rule`, or where it refuses the Op's own code on the host."""

    def run(*inputs):
        try:
            return rule(*inputs)
        except REFUSALS as error:
            return on_host(node, error)(*inputs)

    return run


def on_host(node, error):
    """A function of JAX arrays that runs `node` on the host; `error` says why, and is raised if it cannot."""

    def run(*inputs):
        if node is None:
            raise error
        if isinstance(node.op, ScalarOp):  # within a Composite: its inputs are arrays all the same
            return run_node(_elementwise(node, tuple(map(np.ndim, inputs))), inputs, error)
        return run_node(node, inputs, error)

    return run


def run_node(node, inputs, error):
    """The results of `node`, computed on the host, for `inputs` on the device or traced."""
    known = [is_known(value) for value in inputs]
    if all(known):
        function = _function(node)
        results = function(*_on_host(inputs, node))
    else:
        traced = [value for value, readable in zip(inputs, known, strict=True) if not readable]
        specs = _specs(node, inputs)
        if specs is None or any(isinstance(value, slice) for value in traced):  # JAX passes no slices
            raise _as_refusal(error, node)
        tracing.note_callback()
        function = _function(node)

        def callback(*arrays):
            arrays = iter(arrays)
            values = [value if readable else next(arrays) for value, readable in zip(inputs, known, strict=True)]
            try:
                return function(*_on_host(values, node))
            except Exception as failure:
                _failures.append(failure)
                return jax.tree.map(lambda spec: np.zeros(spec.shape, spec.dtype), specs)

        results = jax.pure_callback(callback, specs, *traced)
    announce(node)
    return results[0] if len(results) == 1 else list(results)


def raise_failure():
    """Raise the first error of the callbacks that have run, if there was one."""
    if _failures:
        failure = _failures[0]
        _failures.clear()
        raise failure


def _on_host(values, node):
    return [to_host(value, variable.type) for value, variable in zip(values, node.inputs, strict=True)]


@functools.lru_cache(KEPT)
def _elementwise(node, ndims):
    """A scalar node as one of arrays."""
    arrays = [
        TensorType(variable.type.dtype, (None,) * ndim)() for variable, ndim in zip(node.inputs, ndims, strict=True)
    ]
    return _Subgraph(arrays, Elemwise(node.op).make_node(*arrays).outputs, node.op)


class _Subgraph:
    """A few nodes in place of one."""

    def __init__(self, inputs, outputs, op):
        self.inputs, self.outputs, self.op = inputs, outputs, op


@functools.lru_cache(KEPT)
def _function(node):
    """NumPy function of the inputs of `node`, by the Op's C code where it can be compiled, else by its Python code."""
    if isinstance(node, _Subgraph):
        inputs, outputs = node.inputs, node.outputs
    else:
        inputs = [variable.type() for variable in node.inputs]
        outputs = node.clone_with_new_inputs(inputs).outputs
    has_python = _has_python(node.op)
    if aesara.config.cxx and not numpy2.is_used():
        try:
            function = _compiled(inputs, outputs, Mode("cvm", "fast_run"))
        except (CompileError, NotImplementedError):
            if not has_python:
                raise
            function = _compiled(inputs, outputs, Mode("vm", "fast_run"), cxx="")
    elif has_python:
        function = _compiled(inputs, outputs, Mode("vm", "fast_run"))
    else:
        advice = "which needs NumPy 1 and a C++ compiler; give it a perform method"
        raise unsupported(node.op, node, "it has C code only", advice)

    def run(*values):
        results = function(*values)
        return [from_host(value, v.type) for value, v in zip(results, node.outputs, strict=True)]

    return run


def _has_python(op):
    scalar = getattr(op, "scalar_op", op)  # what an elementwise Op applies
    if isinstance(scalar, Composite):
        return all(_has_python(node.op) for node in scalar.fgraph.apply_nodes)
    if isinstance(scalar, ScalarOp):
        return getattr(scalar.impl, "__func__", None) is not ScalarOp.impl
    return not getattr(op.perform, "is_missing", False)


def _compiled(inputs, outputs, mode, **flags):
    # The mode is that of loops within, too. The arrays are the function's own, which may write into them.
    with aesara.config.change_flags(mode=mode, compute_test_value="off", **flags):
        mutable = [In(variable, mutable=True, borrow=True) for variable in inputs]
        return aesara.function(mutable, outputs, mode=mode, accept_inplace=True, on_unused_input="ignore")


def _specs(node, inputs):
    """Shapes and dtypes of the results for these inputs; None where they depend on values."""
    shapes = _inferred(node, inputs)
    specs = []
    for place, variable in enumerate(node.outputs):
        if isinstance(variable.type, RandomType):
            state = next(v for v, i in zip(inputs, node.inputs, strict=True) if i.type == variable.type)
            specs.append(jax.tree.map(jax.typeof if hasattr(jax, "typeof") else jax.core.get_aval, state))
            continue
        shape = variable.type.shape if shapes is None or shapes[place] is None else shapes[place]
        if None in shape:
            return None
        specs.append(jax.ShapeDtypeStruct(shape, device_dtype(variable.type.dtype)))
    return specs


def _inferred(node, inputs):
    """What ``infer_shape`` says about the outputs; None where it says nothing or asks for values that are traced."""
    if isinstance(node, _Subgraph):
        return [np.broadcast_shapes(*map(np.shape, inputs))]
    infer = getattr(node.op, "infer_shape", None)
    if infer is None:
        return None
    shapes = [
        None if not hasattr(variable.type, "ndim")
        else tuple(aesara.tensor.constant(length, dtype="int64") for length in _shape(value))
        for variable, value in zip(node.inputs, inputs, strict=True)
    ]  # fmt: skip
    given = {
        variable: variable.type.filter(to_host(value, variable.type))
        for variable, value in zip(node.inputs, inputs, strict=True)
        if variable.owner is not None and isinstance(variable.type, TensorType) and is_known(value)
    }
    mode = Mode("vm", None)
    try:
        with aesara.config.change_flags(mode=mode, compute_test_value="off", cxx=""):
            lengths = infer(None, node, shapes)
            flat = [aesara.tensor.as_tensor(length) for shape in lengths if shape is not None for length in shape]
            replaced = {v: aesara.tensor.constant(value) for v, value in given.items()}
            values = iter(aesara.function([], flat, givens=replaced, mode=mode)())
    except Exception:  # an Op's own code, and whatever it may depend on
        return None
    return [None if shape is None else tuple(int(next(values)) for _ in shape) for shape in lengths]


def _shape(value):
    return (len(value),) if isinstance(value, tuple) else np.shape(value)


def _as_refusal(error, node):
    if isinstance(error, JaxOpError):
        return error
    problem = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    return unsupported(node.op, node, problem, "compute it from constants and shapes, or outside of loops")


def announce(node):
    """Say once for each kind of Op that it runs on the host."""
    name = str(node.op)
    if name not in _announced:
        _announced.add(name)
        cost = "each time its arguments go to the host and its results come back"
        logger.warning("JAX has no rule for %s, or not for this form: it runs by Aesara's code; %s", name[:80], cost)
