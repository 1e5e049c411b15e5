"""Aesara's elementwise Ops as vectorised loops on all threads.

Aesara's own C code steps through every axis with strides that the compiler does not know, on one thread. Here the axes
are joined as far as the arrays' memory allows, and the innermost loop has strides that the compiler knows. Each element
is computed by the same code.
"""

from pathlib import Path

import aesara
from aesara.compile import optdb
from aesara.graph.rewriting.basic import copy_stack_trace, in2out, node_rewriter
from aesara.scalar.basic import Composite
from aesara.tensor.elemwise import Elemwise

from reproduce.shim.c_ops.source import checksum, source

SOURCE = Path(__file__).with_name("elementwise.h")

KNOWN = "aesara.", "reproduce."
"""Modules of scalar Ops whose C code may run on several threads; that of a script's own Op might keep a state."""

DTYPES = {"float32", "float64", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}

_FAIL = "ELEMENTWISE_FAIL"


class ElementwiseLoops(Elemwise):
    """What an `Elemwise` stands for, with C code that `vectorises` says it can have.

    Parameters
    ----------
    like : Elemwise
    """

    def __init__(self, like):
        super().__init__(like.scalar_op, like.inplace_pattern, nfunc_spec=like.nfunc_spec, openmp=False)

    def c_headers(self, **kwargs):
        return []

    def c_compile_args(self, **kwargs):
        # Without traps, comparisons become vector code.
        return ["-fopenmp", "-O3", "-fno-math-errno", "-fno-trapping-math"]

    def c_support_code(self, **kwargs):
        code = self.scalar_op.c_support_code(**kwargs)
        return [*([code] if isinstance(code, str) else code), *source(SOURCE)]

    def c_code_cache_version_apply(self, node):
        version = super().c_code_cache_version_apply(node)
        return version and (*version, 1, checksum(SOURCE))

    def c_code(self, node, name, inputs, outputs, sub):
        # A variable that is given twice has one name.
        given = dict(zip(inputs, node.inputs, strict=True))
        made = dict(zip(outputs, node.outputs, strict=True))
        names, rank = [*given, *made], node.outputs[0].ndim
        ctype = {x: variable.type.dtype_specs()[1] for x, variable in (given | made).items()}
        steps = {x: 0 if variable.type.shape[-1] == 1 else 1 for x, variable in (given | made).items()}
        opened = []
        for k, (z, variable) in enumerate(made.items()):
            new = f"elementwise::open<{rank}>(&{z}, {variable.type.dtype_specs()[2]}, shape, given, {len(given)})"
            if k in self.inplace_pattern:
                new = f"elementwise::overwrite<{rank}>(&{z}, {inputs[self.inplace_pattern[k]]}, shape) || {new}"
            opened.append(f"if (!({new})) {{ {sub['fail']} }}")
        parameters = [f"const {ctype[x]} {x}_i" for x in given] + [f"{ctype[z]}& {z}_i" for z in made]
        rows = [f"{ctype[x]}* const {x}_row = ({ctype[x]}*)starts[{k}];" for k, x in enumerate(names)]
        known = [f"{x}_row[{'j' if steps[x] else 0}]" for x in names]
        unknown = [f"*({ctype[x]}*)(starts[{k}] + j * loops.inner({k}))" for k, x in enumerate(names)]
        as_known = [f"loops.inner({k}) == {steps[x]} * (npy_intp)sizeof({ctype[x]})" for k, x in enumerate(names)]
        return f"""
        {{
        PyArrayObject* const given[] = {{{", ".join(given)}}};
        npy_intp shape[{rank}];
        if (!elementwise::broadcast<{rank}>(given, {len(given)}, shape)) {{ {sub["fail"]} }}
        {" ".join(opened)}
        PyArrayObject* const all[] = {{{", ".join(names)}}};
        const elementwise::Loops<{rank}, {len(names)}> loops(all, shape);
        const auto element = []({", ".join(parameters)}) __attribute__((always_inline)) {{
            {_element(self, node, name, inputs, outputs, sub)}
        }};
        if ({" && ".join(as_known)})
            loops([&](char* const* starts, npy_intp n) {{
                {" ".join(rows)}
                #pragma omp simd
                for (npy_intp j = 0; j < n; j++) element({", ".join(known)});
            }});
        else
            loops([&](char* const* starts, npy_intp n) {{
                for (npy_intp j = 0; j < n; j++) element({", ".join(unknown)});
            }});
        }}
        """


def _element(op, node, name, inputs, outputs, sub):
    """The scalar Op's code for one element, in terms of the arrays' names with ``_i``."""
    op.prepare_node(node, None, None, "c")
    inputs, outputs = ([f"{x}_i" for x in names] for names in (inputs, outputs))
    return op.scalar_op.c_code(node.tag.fake_node, f"{name}_scalar_", inputs, outputs, sub)


def vectorises(node):
    """Whether `node` has arrays of simple numbers, and C code that keeps no state and cannot fail."""
    variables = [*node.inputs, *node.outputs]
    if not node.inputs or not node.outputs[0].ndim or not {x.dtype for x in variables} <= DTYPES:
        return False
    if not all(type(op).__module__.startswith(KNOWN) for op in _scalar_ops(node.op.scalar_op)):
        return False
    names = [[f"{kind}{k}" for k in range(len(some))] for kind, some in (("x", node.inputs), ("z", node.outputs))]
    try:
        return _FAIL not in _element(node.op, node, "name", *names, {"fail": _FAIL})
    except NotImplementedError:  # no C code at all
        return False


def _scalar_ops(op):
    yield op
    if isinstance(op, Composite):
        for node in op.fgraph.apply_nodes:
            yield from _scalar_ops(node.op)


@node_rewriter([Elemwise])
def local_elementwise_loops(fgraph, node):
    """Replace an `Elemwise` where there is a compiler."""
    if type(node.op) is not Elemwise or not aesara.config.cxx or not vectorises(node):
        return None
    results = ElementwiseLoops(node.op)(*node.inputs, return_list=True)
    copy_stack_trace(node.outputs, results)
    for old, new in zip(node.outputs, results, strict=True):
        if hasattr(old.tag, "test_value"):  # a loop's graph is used again after it was compiled
            new.tag.test_value = old.tag.test_value
    return results


# After Aesara has fused them and chosen which results overwrite an input.
optdb.register("elementwise_loops", in2out(local_elementwise_loops), "fast_run", "cxx_only", position=79)
