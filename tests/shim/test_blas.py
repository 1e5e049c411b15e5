"""The OpenBLAS that SciPy's wheel carries can be linked, and keeps to the threads it is given."""

import ctypes
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from reproduce.shim import blas

LINKED = re.fullmatch(r"-L(\S+) -l(\S+)", blas.ldflags())
needs_wheel = pytest.mark.skipif(not LINKED, reason="this SciPy carries no OpenBLAS that can be linked")


@needs_wheel
def test_flags_name_a_library_with_fortran_symbols_and_32_bit_integers():
    library = ctypes.CDLL(f"{LINKED[1]}/lib{LINKED[2]}.so")
    one, length = ctypes.byref(ctypes.c_int(1)), ctypes.byref(ctypes.c_int(3))
    x, y = (ctypes.c_float * 3)(1, 2, 3), (ctypes.c_float * 3)(4, 5, 6)
    library.sdot_.restype = ctypes.c_float
    assert library.sdot_(length, x, one, y, one) == 32


@pytest.mark.parametrize("folder", ["no wheel", "blank space"])
def test_no_flags_where_nothing_can_be_linked(folder, tmp_path, monkeypatch):
    libraries = tmp_path / folder / "scipy.libs"
    libraries.mkdir(parents=True)
    if folder == "blank space":
        (libraries / "libopenblasp-r0.so").touch()
    spec = find_spec("scipy")
    spec.origin = str(tmp_path / folder / "scipy" / "__init__.py")
    monkeypatch.setattr(blas, "find_spec", lambda name: spec)
    assert blas.ldflags() == ""


@needs_wheel
@pytest.mark.compiler
def test_products_use_it_with_the_threads_of_the_environment(python):
    code = """
import numpy as np, reproduce, theano, theano.tensor as T, threadpoolctl
x, y = T.fmatrices("xy")
a = np.arange(6, dtype="float32").reshape(2, 3)
assert (theano.function([x, y], T.dot(x, y))(a, a.T) == a @ a.T).all()
for pool in threadpoolctl.threadpool_info():
    print(pool["num_threads"], pool["filepath"])
"""
    lines = python(code, OMP_NUM_THREADS="1").stdout.splitlines()
    pools = {Path(line.split(" ", 1)[1]).name: line.split()[0] for line in lines}
    assert set(pools.values()) == {"1"}
    assert f"lib{LINKED[2]}.so" in pools
