"""Compares a graph compiled with JAX and the same graph compiled with Aesara's C linker."""

import contextlib

import aesara
import jax
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.link.vm import VMLinker

from reproduce import backends
from reproduce.shim import jax_ops
from reproduce.shim.jax_ops.dtypes import device_dtype


@pytest.fixture(scope="session")
def parity():
    return Parity


@pytest.fixture
def x64():
    """JAX keeps 64-bit numbers during the test."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def reversed_in_memory(x):
    return np.flip(np.ascontiguousarray(np.flip(x)))


def every_second_in_memory(x):
    return np.repeat(x, 2, axis=-1)[..., ::2]


def one_row_for_all(x):
    return np.broadcast_to(x[:1], x.shape) if x.ndim > 1 and len(x) else x


LAYOUTS = (np.asfortranarray, reversed_in_memory, every_second_in_memory, one_row_for_all)


class Parity:
    """The functions of `inputs` that JAX and Aesara compute; calling it with values compares all outputs.

    Each call compares them for the values as they are and again as transposed, reversed, strided and broadcast views.
    Without a C++ compiler Aesara's Python implementations stand in for C.

    Parameters
    ----------
    inputs, outputs : lists of variables
    rtol, atol : float
        Float32 sums in another order; C accumulates in float64 where XLA has float32.
    linker : {"cvm", "c", "python"}
        What computes the reference: a C module for each Op; one for all, which compiles faster and does for elementwise
        Ops only; or Aesara's Python, for Ops that only move values.
    """

    def __init__(self, inputs, outputs, rtol=2e-5, atol=1e-5, linker="cvm"):
        self.jax = aesara.function(inputs, outputs, mode=jax_ops.mode(), on_unused_input="ignore")
        if linker != "python" and backends.has_compiler():
            mode = Mode(linker, "fast_run")
            self._reference = aesara.function(inputs, outputs, mode=mode, on_unused_input="ignore")
        else:
            # Neither rewrites nor C: the graph as it was written, in loops too.
            with aesara.config.change_flags(cxx="", mode="FAST_COMPILE"):
                mode = Mode(VMLinker(use_cloop=False), None)
                self._reference = aesara.function(inputs, outputs, mode=mode, on_unused_input="ignore")
        self._dtypes_are_checked = False
        self._tolerance = {"rtol": rtol, "atol": atol}

    def __call__(self, *values):
        """Compares, and returns what JAX computed."""
        for layout in LAYOUTS:
            self._compare([layout(value) if np.ndim(value) else value for value in values])
        results = self._compare(values)
        if not self._dtypes_are_checked:
            with contextlib.suppress(jax_ops.JaxOpError):  # a shape that depends on values
                assert self._traced_dtypes(values) == [device_dtype(result.dtype) for result in results]
            self._dtypes_are_checked = True
        return results

    def _traced_dtypes(self, values):
        """The dtypes that the rules give, before the function's results get those of Aesara's variables."""
        cells = self.jax.input_storage[len(values) :]
        arguments = [*values, *(value for cell in cells if isinstance(value := cell.value, np.ndarray))]
        if len(arguments) != len(self.jax.input_storage):
            pytest.fail("a parity test has arrays only")
        results = jax.eval_shape(self.jax.vm.function, *map(np.asarray, arguments))
        return [result.dtype for result in results][: len(self.jax.outputs)]

    def _compare(self, values):
        results = self.jax(*values)
        for result, expected in zip(results, self._reference(*values), strict=True):
            assert type(result) is type(expected)
            assert result.shape == expected.shape
            assert result.dtype == expected.dtype
            np.testing.assert_allclose(result, expected, **self._tolerance)
        return results
