"""Products of matrices: JAX against NumPy's."""

import aesara.tensor as at
import jax
import numpy as np
import pytest
from aesara.graph.fg import FunctionGraph
from aesara.link.jax.dispatch import jax_funcify

import reproduce.shim.jax_ops  # noqa: F401


def by_transposed(x, y):
    """Aesara's ``x·yᵀ`` as JAX computes it, compiled for arrays like `x` and `y`."""
    left, right = at.TensorType("float32", (None,) * x.ndim)(), at.fmatrix()
    function = jax_funcify(FunctionGraph([left, right], [at.dot(left, right.T)], clone=True))
    return jax.jit(lambda x, y: function(x, y)[0]).lower(x, y).compile()


@pytest.mark.parametrize(
    ("left", "right"), [((3, 40), (50, 40)), ((1, 40), (50, 40)), ((40, 3), (2, 3)), ((40,), (50, 40))]
)
def test_products_with_a_transposed_matrix(left, right):
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal(shape, np.float32) for shape in (left, right))
    np.testing.assert_allclose(by_transposed(x, y)(x, y), x @ y.T, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only on a CPU")
def test_a_large_transposed_matrix_comes_first():
    """What XLA compiles contracts the rows of the large matrix as they lie in memory, and the small one's columns."""
    x, y = np.zeros((100, 2048), np.float32), np.zeros((1024, 2048), np.float32)
    (product,) = (line for line in by_transposed(x, y).as_text().splitlines() if " dot(" in line)
    assert "f32[1024,100]" in product
    assert "lhs_contracting_dims={1}" in product and "rhs_contracting_dims={0}" in product
