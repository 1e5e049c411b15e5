"""The released scripts' sign with its straight-through gradient, as one elementwise Op."""

from types import SimpleNamespace

import aesara
import numpy as np
from aesara.scalar.basic import UnaryScalarOp, same_out_nocomplex, switch
from aesara.tensor.elemwise import Elemwise

from reproduce import formulas

SCALARS = SimpleNamespace(where=switch)
"""Functions by which `reproduce.formulas` computes Aesara's symbolic scalars."""


class Sign(UnaryScalarOp):
    """±1 by the rounding rule of `reproduce.formulas.sign`; the gradient is hard tanh's, straight through.

    Parameters
    ----------
    zero_is_positive : bool
        The rule at zero; see `reproduce.formulas.sign`.
    """

    __props__ = ("zero_is_positive",)

    def __init__(self, zero_is_positive=True, name="sign"):
        self.zero_is_positive = zero_is_positive
        super().__init__(same_out_nocomplex, name=name)

    def impl(self, x):
        # Aesara's Python linker passes Python floats, but the rule holds in the graph's precision.
        x = np.asarray(x, dtype=getattr(x, "dtype", aesara.config.floatX))
        return formulas.sign(formulas.NUMPY, x, self.zero_is_positive)

    def c_code(self, node, name, inputs, outputs, sub):
        ctype = node.outputs[0].type.dtype_specs()[1]
        return f"{outputs[0]} = {c_sign(inputs[0], self.zero_is_positive, ctype)};"

    def c_code_cache_version(self):
        return (2, self.zero_is_positive)

    def L_op(self, inputs, outputs, gradients):
        (x,), (gradient,) = inputs, gradients
        return [formulas.straight_through(SCALARS, x, gradient).astype(x.dtype)]

    grad = L_op


def c_sign(x, zero_is_positive=True, ctype="npy_float32"):
    """`reproduce.formulas.sign` as a C expression of the C expression `x`."""
    relation = ">=" if zero_is_positive else ">"
    return f"((({ctype})(({x}) + ({ctype})1) {relation} ({ctype})1) ? ({ctype})1 : ({ctype})-1)"


_sign = {rule: Elemwise(Sign(rule), name="sign") for rule in (True, False)}


def sign(x, zero_is_positive=True):
    """`Sign` of every element of tensor `x`, in its shape and dtype.

    Examples
    --------
    >>> import aesara.tensor as at
    >>> x = at.fmatrix()
    >>> aesara.function([x], sign(x), mode="FAST_COMPILE")([[-0.5, 0, 2]]).tolist()
    [[-1.0, 1.0, 1.0]]
    """
    return _sign[zero_is_positive](x)
