"""The mode that compiles with JAX."""

from aesara.compile.mode import Mode
from aesara.graph.rewriting.db import RewriteDatabaseQuery
from aesara.link.jax.linker import JAXLinker

EXCLUDED = (
    "cxx_only",
    "BlasOpt",
    "conv_gemm",
    "local_conv2d_cpu",
    "local_conv2d_gradweight_cpu",
    "local_conv2d_gradinputs_cpu",
    "AbstractConvCheck",
    "fusion",
    "inplace",
)
"""Rewrites that bring in C-only Ops, refuse abstract convolutions, or do what XLA does better."""


def mode():
    """An Aesara mode that compiles with JAX: ``aesara.function(..., mode=mode())``.

    It is Aesara's own ``"JAX"`` mode without the rewrites in `EXCLUDED`, which put Ops into a graph that
    have no JAX rule. ``mode().optimizer.rewrite(fgraph)`` prepares a graph for ``jax_funcify`` without
    Aesara's linker.
    """
    return Mode(JAXLinker(), RewriteDatabaseQuery(include=["fast_run", "jax"], exclude=list(EXCLUDED)))
