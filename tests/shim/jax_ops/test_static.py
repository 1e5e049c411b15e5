"""What is known at tracing time stays with NumPy, and the errors where something is not."""

import aesara
import aesara.tensor as at
import jax
import numpy as np
import pytest
from aesara.graph.fg import FunctionGraph
from aesara.graph.op import Op
from aesara.link.jax.dispatch import jax_funcify

from reproduce.errors import UserError
from reproduce.shim import jax_ops
from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.static import is_static


@pytest.mark.parametrize(
    "value", [3, 2.5, True, None, np.int64(3), np.zeros(2), (1, np.int8(2)), slice(0, np.int64(4))], ids=repr
)
def test_values_of_the_host_are_static(value):
    assert is_static(value)


def test_device_arrays_and_tracers_are_not():
    assert not is_static(jax.numpy.zeros(2))
    assert not is_static((1, jax.numpy.zeros(())))
    seen = []
    jax.jit(lambda x: seen.append(is_static(x)) or x)(1.0)
    assert seen == [False]


def test_shape_arithmetic_leaves_no_trace_in_the_compiled_function():
    x = at.fmatrix()
    rows = (x.shape[0] * 2 + 4) // 2 - 2
    graph = FunctionGraph([x], [x.reshape((rows, x.shape[1])) + 1], clone=True)
    jax_ops.mode().optimizer.rewrite(graph)
    traced = jax.make_jaxpr(jax_funcify(graph))(np.zeros((4, 3), "float32"))
    assert {str(equation.primitive) for equation in traced.eqns} <= {"add", "reshape"}


def test_dtypes_without_x64():
    assert not jax.config.jax_enable_x64
    assert [device_dtype(d).name for d in ("float64", "int64", "uint64", "float32", "int8", "bool")] == [
        "float32", "int32", "uint32", "float32", "int8", "bool",
    ]  # fmt: skip


def test_what_jax_cannot_run_is_named_with_its_origin_and_a_way_out():
    """Where a graph is compiled without Aesara's function, as the jax backend does."""
    x = at.fvector()
    with aesara.config.change_flags(traceback__limit=8):  # Aesara's default
        graph = FunctionGraph([x], [x[at.cast(x[0], "int64") :]], clone=True)
    jax_ops.mode().optimizer.rewrite(graph)
    with pytest.raises(jax_ops.JaxOpError) as caught:
        jax.jit(jax_funcify(graph))(np.ones(2, "float32"))
    message = str(caught.value)
    assert "aesara.tensor.subtensor.Subtensor" in message
    assert "test_static.py:" in message
    assert "X[indices]" in message
    assert "\n" not in message
    assert isinstance(caught.value, UserError)


def test_a_rule_of_the_users_own_is_taken():
    class Twice(Op):
        __props__ = ()
        itypes = (at.fvector,)
        otypes = (at.fvector,)

        def perform(self, node, inputs, outputs):
            raise AssertionError("JAX's rule was to be used")

    @jax_funcify.register(Twice)
    def twice(op, **kwargs):
        return lambda x: 2 * x

    x = at.fvector()
    result = aesara.function([x], Twice()(x), mode=jax_ops.mode())(np.ones(2, "float32"))
    np.testing.assert_array_equal(result, [2, 2])
