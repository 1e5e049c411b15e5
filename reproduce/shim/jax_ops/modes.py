"""The mode that compiles with JAX."""

import aesara
from aesara.compile.mode import Mode
from aesara.graph.rewriting.basic import GraphRewriter
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

    It is Aesara's own ``"JAX"`` mode without the rewrites in `EXCLUDED`, which put Ops into a graph that have
    no JAX rule, and never calls a C++ compiler. ``mode().optimizer.rewrite(fgraph)`` prepares a graph for
    ``jax_funcify`` without Aesara's linker.
    """
    return _JaxMode(JAXLinker(), RewriteDatabaseQuery(include=["fast_run", "jax"], exclude=list(EXCLUDED)))


class _JaxMode(Mode):
    @property
    def optimizer(self):
        return _WithoutCompiler(super().optimizer)


class _WithoutCompiler(GraphRewriter):
    """Rewrites a graph with another rewriter while Aesara believes that there is no C++ compiler.

    Aesara folds constants by compiling the Op in question, seconds for each kind of Op.
    """

    def __init__(self, rewriter):
        super().__init__()
        self._rewriter = rewriter

    def add_requirements(self, fgraph):
        self._rewriter.add_requirements(fgraph)

    def apply(self, fgraph, *args, **kwargs):
        with aesara.config.change_flags(cxx=""):
            return self._rewriter.apply(fgraph, *args, **kwargs)
