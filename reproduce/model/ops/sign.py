"""The sign of the released scripts, with its straight-through gradient, as one elementwise operation."""

import aesara
import numpy as np
from aesara.scalar.basic import UnaryScalarOp, and_, ge, le, same_out_nocomplex, switch
from aesara.tensor.elemwise import Elemwise


class Sign(UnaryScalarOp):
    """±1 by the scripts' rounding rule; the gradient is that of hard tanh.

    ::

        forward   +1 where x + 1 >= 1 in the precision of x, else -1
        backward   1 where -1 <= x <= 1, else 0

    The sum is rounded before it is compared, so a float32 x in about (-3e-8, 0) counts as +1, as it does in the
    released scripts, which go through ``round(clip((x + 1)/2, 0, 1))`` (lab.py, binarization); their trajectories
    repeat only with this rule.

    Parameters
    ----------
    zero_is_positive : bool
        True is the released scripts' rule. False is that of BinaryConnect's own repository, whose rounding sends
        halves to even: +1 where ``x + 1 > 1``, so 0 becomes -1.
    """

    __props__ = ("zero_is_positive",)

    def __init__(self, zero_is_positive=True, name="sign"):
        self.zero_is_positive = zero_is_positive
        super().__init__(same_out_nocomplex, name=name)

    def impl(self, x):
        # Aesara's Python linker passes Python floats; the rule is that of the graph's precision.
        x = np.asarray(x, dtype=getattr(x, "dtype", aesara.config.floatX))
        one = x.dtype.type(1)
        shifted = x + one
        return np.where(shifted >= one if self.zero_is_positive else shifted > one, one, -one)

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,) = inputs, outputs
        ctype = node.outputs[0].type.dtype_specs()[1]
        relation = ">=" if self.zero_is_positive else ">"
        return f"{z} = (({ctype})({x} + ({ctype})1) {relation} ({ctype})1) ? ({ctype})1 : ({ctype})-1;"

    def c_code_cache_version(self):
        return (1, self.zero_is_positive)

    def L_op(self, inputs, outputs, gradients):
        (x,), (gz,) = inputs, gradients
        return [switch(and_(ge(x, -1.0), le(x, 1.0)), gz, 0.0).astype(x.dtype)]

    grad = L_op


_sign = {rule: Elemwise(Sign(rule), name="sign") for rule in (True, False)}


def sign(x, zero_is_positive=True):
    """`Sign` of every element of tensor `x`, in its shape and dtype."""
    return _sign[zero_is_positive](x)
