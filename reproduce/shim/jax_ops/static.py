"""Keeps what is known at tracing time, shapes above all, out of JAX's hands.

JAX wants shapes, slice bounds and numbers of steps as plain integers. In an Aesara graph they are ordinary
variables, computed from ``x.shape`` by ordinary Ops. While JAX traces, the shape of every array is known,
so such computations can be done by NumPy then and there: constants enter a graph as NumPy arrays, `Shape`
gives one, and an Op whose inputs are all values of the host runs its own ``perform`` instead of its JAX
rule. No static shape has to be declared anywhere for that, on shared variables neither.
"""

import numpy as np
from aesara.compile.ops import ViewOp
from aesara.graph.basic import Constant, NoParams
from aesara.graph.fg import FunctionGraph
from aesara.link.jax.dispatch import jax_funcify, jax_typify
from aesara.link.utils import fgraph_to_python
from aesara.scalar.basic import ScalarOp
from aesara.tensor.basic import Alloc, ARange, Join, MakeVector, ScalarFromTensor, TensorFromScalar
from aesara.tensor.elemwise import CAReduce, DimShuffle, Elemwise
from aesara.tensor.extra_ops import BroadcastTo
from aesara.tensor.shape import Reshape, SpecifyShape, Unbroadcast
from aesara.tensor.subtensor import AdvancedSubtensor1, IncSubtensor, Subtensor
from aesara.tensor.type import discrete_dtypes

from reproduce.shim.jax_ops import host
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.values import is_known

FOLDABLE = (
    Alloc, ARange, AdvancedSubtensor1, BroadcastTo, CAReduce, DimShuffle, Elemwise, IncSubtensor, Join,
    MakeVector, Reshape, ScalarFromTensor, ScalarOp, SpecifyShape, Subtensor, TensorFromScalar, Unbroadcast,
    ViewOp,
)  # fmt: skip
"""Ops that shape computations consist of."""


def is_static(value):
    """Whether `value` is one of the host: no JAX array, no tracer."""
    if isinstance(value, tuple | list):
        return all(is_static(item) for item in value)
    if isinstance(value, slice):
        return is_static((value.start, value.stop, value.step))
    return value is None or isinstance(value, int | float | complex | np.ndarray | np.generic)


def static_ints(values, op, node, what):
    """`values` as a tuple of int, or a `JaxOpError` that names `what` has to be known when JAX traces.

    Parameters
    ----------
    values : sequence of scalars, or 1-d array, which may be traced as a whole
    op, node
        Who asks, for the message.
    what : str
        What the values are, in the plural ("shapes").
    """
    if not is_known(values):
        raise unsupported(
            op,
            node,
            f"its {what} depend on values of arrays, and XLA compiles for fixed ones",
            "compute them from constants and from shapes of arrays only",
        )
    return tuple(int(value) for value in values)


@jax_funcify.register(FunctionGraph)
def jax_funcify_FunctionGraph(fgraph, node=None, fgraph_name="jax_funcified_fgraph", **kwargs):
    """A function of the graph's inputs that returns the tuple of its outputs."""
    return fgraph_to_python(fgraph, _convert, const_conversion_fn=_constant, fgraph_name=fgraph_name, **kwargs)


def _constant(value, variable=None, **kwargs):
    """Constants stay NumPy's; shared variables are arguments, so copies of their values are not wanted."""
    if not isinstance(variable, Constant):
        return None
    if isinstance(value, np.ndarray | np.generic | int | float | slice | None):
        return value
    return jax_typify(value, variable=variable, **kwargs)


def _convert(op, node=None, **kwargs):
    """The JAX rule of `op`, for inputs of the host its ``perform``; where JAX cannot, Aesara's code by a callback."""
    try:
        rule = host.or_on_host(jax_funcify(op, node=node, **kwargs), node)
    except host.REFUSALS as error:
        rule = host.on_host(node, error)
    if not (isinstance(op, FOLDABLE) and all(_is_small(output.type) for output in node.outputs)):
        return rule

    def static_or_traced(*inputs):
        return _perform(node, inputs) if all(map(is_static, inputs)) else rule(*inputs)

    return static_or_traced


def _is_small(variable_type):
    """Whether values of this type can be a shape or a part of one."""
    ndim = getattr(variable_type, "ndim", None)
    return ndim == 0 or (ndim == 1 and variable_type.dtype in discrete_dtypes)


def _perform(node, inputs):
    """What the Op's Python implementation gives for `inputs`."""
    typed = [
        value if value is None or isinstance(value, slice) else np.asarray(value, dtype=variable.type.dtype)
        for value, variable in zip(inputs, node.inputs, strict=True)
    ]
    storage = [[None] for _ in node.outputs]
    params = node.run_params()
    node.op.perform(node, typed, storage, *(() if params is NoParams else (params,)))
    results = [cell[0] for cell in storage]
    return results[0] if len(results) == 1 else results
