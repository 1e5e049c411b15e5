"""Compares a graph compiled with JAX and the same graph compiled without."""

import aesara
import jax
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.link.vm import VMLinker

from reproduce.shim import jax_ops
from reproduce.shim.jax_ops.dtypes import device_dtype


@pytest.fixture(scope="session")
def parity():
    return Parity


class Parity:
    """The functions of `inputs` that JAX and Aesara compute; calling it with values compares all outputs.

    Parameters
    ----------
    inputs, outputs : lists of variables
    linker : {"python", "c"}
        What computes the reference: the Ops' own ``perform``, or their C code.
    rtol, atol : float
        Float32 sums in another order; C and Python accumulate in float64 where XLA has float32.
    """

    def __init__(self, inputs, outputs, linker="python", rtol=2e-5, atol=1e-5):
        self._jax = aesara.function(inputs, outputs, mode=jax_ops.mode(), on_unused_input="ignore")
        if linker == "c":
            self._reference = aesara.function(inputs, outputs, mode="FAST_RUN", on_unused_input="ignore")
        else:
            # Neither rewrites nor C: the graph as it was written, in loops too.
            with aesara.config.change_flags(cxx="", mode="FAST_COMPILE"):
                mode = Mode(VMLinker(use_cloop=False), None)
                self._reference = aesara.function(inputs, outputs, mode=mode, on_unused_input="ignore")
        self._tolerance = {"rtol": rtol, "atol": atol}

    def __call__(self, *values):
        """Compares, and returns what JAX computed."""
        results = self._jax(*values)
        for result, expected in zip(results, self._reference(*values), strict=True):
            assert isinstance(result, jax.Array)
            assert result.shape == expected.shape
            assert result.dtype == device_dtype(expected.dtype)
            np.testing.assert_allclose(result, expected, **self._tolerance)
        return results
