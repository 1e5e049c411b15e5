"""Folds constants of integers in Python, not by compiling C for each kind of Op.

Nearly all are shapes; Python gives the same integers. Of the C modules of a language model's training step, over half
computed such a constant once. Constants of floats are folded by C still, whose last bit may be another.
"""

import contextlib
import functools

import aesara
from aesara.graph.utils import MethodNotDefined
from aesara.tensor.rewriting.basic import constant_folding


def install():
    """Have Aesara's rewrite fold constants of integers and booleans in Python."""
    if not hasattr(constant_folding.fn, "__wrapped__"):
        constant_folding.fn = _integers_in_python(constant_folding.fn)


def _integers_in_python(fold):
    @functools.wraps(fold)
    def fold_constant(fgraph, node):
        if all(_is_discrete(variable.type) for variable in (*node.inputs, *node.outputs)):
            # An Op in C only raises one of these.
            with contextlib.suppress(MethodNotDefined, NotImplementedError), aesara.config.change_flags(cxx=""):
                return fold(fgraph, node)
        return fold(fgraph, node)

    return fold_constant


def _is_discrete(kind):
    return str(getattr(kind, "dtype", None)).startswith(("int", "uint", "bool"))
