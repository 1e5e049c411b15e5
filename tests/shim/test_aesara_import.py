"""What a new interpreter says and has when Aesara is imported through the shim."""

import pytest

from reproduce.shim import numpy2

SILENT = "import reproduce, theano, lasagne; from theano import config; "


def test_importing_reproduce_alone_does_not_import_aesara(python):
    process = python("import sys, reproduce.shim; print('aesara' in sys.modules, 'numpy' in sys.modules)")
    assert process.stdout.split() == ["False", "False"]


def test_without_a_compiler_it_imports_quietly(python):
    code = SILENT + "print([config.cxx, config.blas__ldflags, config.floatX, config.linker])"
    process = python(code, PATH="/nonexistent")
    assert process.stdout.strip() == "['', '', 'float32', 'vm']"
    assert process.stderr == ""


def test_theano_flags_reach_aesara_and_others_get_one_line(python):
    code = SILENT + "print(config.floatX, config.cxx == '', config.optimizer)"
    process = python(
        code,
        THEANO_FLAGS="device=gpu,floatX=float64,optimizer=fast_compile,no.such=1",
        AESARA_FLAGS="cxx=,optimizer=None",
    )
    assert process.stdout.split() == ["float64", "True", "None"]
    first, second = process.stderr.splitlines()
    assert "device=gpu" in first and "JAX" in first
    assert "no__such" in second


@pytest.mark.compiler
def test_a_compilation_waits_as_long_as_another_takes(python, tmp_path):
    code = """
import fcntl, sys, threading, time
import reproduce
from aesara.compile.compilelock import lock_ctx

another = open(sys.argv[1] + "/.lock", "w")
fcntl.flock(another, fcntl.LOCK_EX)
threading.Timer(0.5, another.close).start()
clock = time.perf_counter
time.perf_counter = lambda: 3600 * clock()  # half a second is half an hour
with lock_ctx(sys.argv[1]):
    print(another.closed)
"""
    assert python(code, str(tmp_path)).stdout.strip() == "True"


@pytest.mark.skipif(numpy2.is_used(), reason="beside NumPy 2 Aesara cannot be imported without the shim")
def test_aesara_imported_first_is_repaired_too(python):
    # Without the shim's flags Aesara searches for a BLAS by itself, which is slow: spare the test that.
    process = python(
        "import aesara, reproduce, theano; print(aesara.config.floatX, aesara.Variable('a type').type)",
        AESARA_FLAGS="cxx=,blas__ldflags=",
    )
    assert process.stdout.strip() == "float32 a type"
