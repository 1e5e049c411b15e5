"""The mode that compiles with JAX, which is imported only when a function is compiled."""

import functools

import aesara
from aesara.compile import mode as modes
from aesara.compile.mode import Mode
from aesara.graph.rewriting.basic import GraphRewriter
from aesara.graph.rewriting.db import RewriteDatabaseQuery
from aesara.link.basic import Container
from aesara.link.jax import linker as aesaras
from aesara.link.utils import map_storage
from aesara.scan.op import Scan

from reproduce.shim import jax_rewrites

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
    *jax_rewrites.EXCLUDED,
)
"""Rewrites that bring in C-only Ops, refuse abstract convolutions, do what XLA does better, or are wrong."""


def mode():
    """An Aesara mode that compiles with JAX: ``aesara.function(..., mode=mode())``.

    ``mode="JAX"`` gives it too. It is Aesara's own JAX mode with our linker and without the rewrites in `EXCLUDED`,
    and never calls a C++ compiler. ``mode().optimizer.rewrite(fgraph)`` prepares a graph for
    ``jax_funcify`` without Aesara's linker.
    """
    return _JaxMode(JAXLinker(), RewriteDatabaseQuery(include=["fast_run", "jax"], exclude=list(EXCLUDED)))


class JAXLinker(aesaras.JAXLinker):
    """Makes one step of a graph: see `reproduce.shim.jax_ops.step`."""

    def make_all(self, input_storage=None, output_storage=None, storage_map=None):
        from reproduce.shim.jax_ops.step import DeviceStep

        graph = self.fgraph
        nodes = self.schedule(graph)
        cells, output_cells, storage_map = map_storage(graph, nodes, input_storage, output_storage, storage_map)
        step = DeviceStep(graph, cells, storage_map)
        inputs = [Container(variable, cell) for variable, cell in zip(graph.inputs, cells, strict=True)]
        outputs = [
            Container(variable, cell, readonly=True) for variable, cell in zip(graph.outputs, output_cells, strict=True)
        ]
        return step, inputs, outputs, [step], nodes


def install():
    """Have ``mode="JAX"``, in programs and in flags, be this mode."""
    jax_rewrites.install()
    modes.JAX = modes.predefined_modes["JAX"] = mode()
    _let_loops_run_without_jax()


def _let_loops_run_without_jax():
    """Let Aesara's own code run a loop that was made while JAX was the mode, which the loop keeps for its steps."""
    if hasattr(Scan.fn.fget, "__wrapped__"):
        return
    compiled = Scan.fn.fget

    @functools.wraps(compiled)
    def fn(self):
        if isinstance(self.mode_instance.linker, aesaras.JAXLinker):
            mode = Mode("cvm" if aesara.config.cxx else "vm", "fast_run")
            self.mode_instance = mode.clone(link_kwargs={"allow_gc": self.allow_gc})
        return compiled(self)

    Scan.fn = property(fn)


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
