"""Rewrites for JAX of what would have a length that depends on values, where the result has not."""

from aesara.compile import optdb
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.tensor.basic import switch, zeros_like
from aesara.tensor.math import Sum
from aesara.tensor.subtensor import AdvancedSubtensor

EXCLUDED = ("jax_boolean_indexing_set_or_inc", "jax_boolean_indexing_sum")
"""Aesara's own, which take any mask for one of all elements, any sum for one over all axes and any y for a scalar."""


@node_rewriter([Sum])
def masked_sum(fgraph, node):
    """``x[mask].sum()`` as a sum of all of x, with zeros in place of what the mask leaves out."""
    (part,) = node.inputs
    if part.owner is None or not isinstance(part.owner.op, AdvancedSubtensor) or node.outputs[0].type.ndim:
        return None
    x, *indices = part.owner.inputs
    if len(indices) != 1 or not _is_mask_of_all(indices[0], x):
        return None
    op = node.op
    return [type(op)(axis=None, dtype=op.dtype, acc_dtype=op.acc_dtype)(switch(indices[0], x, zeros_like(x)))]


def _is_mask_of_all(index, x):
    return getattr(index.type, "dtype", None) == "bool" and index.type.ndim == x.type.ndim


def install():
    """Register them for JAX's mode."""
    if "jax_masked_sum" not in optdb:
        optdb.register("jax_masked_sum", in2out(masked_sum), "jax", position=100)
