"""Modules are compiled with headers read once, and without them where that does not work."""

import inspect
import itertools

import pytest
from aesara.link.c import cmodule
from aesara.link.c.cmodule import GCC_compiler
from aesara.link.c.exceptions import CompileError

from reproduce.shim import precompiled_header

pytestmark = pytest.mark.compiler

SOURCE = """#include <Python.h>
#include <iostream>
#include <numpy/arrayobject.h>
static PyObject *answer(PyObject *, PyObject *) { return PyLong_FromLong(ANSWER); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "NAME", "", -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_NAME(void) { return PyModule_Create(&definition); }
"""
# Those of Aesara's own calls; a header that cannot be used is an error.
FLAGS = [*GCC_compiler.compile_args(), "-Winvalid-pch", "-Werror=invalid-pch"]
numbers = itertools.count()


class Compiler:
    """Calls `compile_str` of a process that has compiled nothing yet, and remembers which modules took a header."""

    def __init__(self, folder):
        self.folder = folder
        self.took_header = []
        self._compile = precompiled_header._with_headers(inspect.unwrap(GCC_compiler.compile_str))

    def answer(self, source=SOURCE, flags=FLAGS):
        name = f"precompiled{next(numbers)}"
        location = self.folder / name
        location.mkdir()
        source = source.replace("NAME", name).replace("ANSWER", "42")
        return self._compile(name, source, location=str(location), preargs=list(flags)).answer()

    def precompiled(self):
        return list(self.folder.glob("precompiled/*/headers.h.gch"))


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    run = cmodule.output_subprocess_Popen
    compiler = Compiler(tmp_path)

    def remember(command, **options):
        compiler.took_header.append("-include" in command)
        return run(command, **options)

    monkeypatch.setattr(cmodule, "output_subprocess_Popen", remember)
    folder = precompiled_header._folder
    monkeypatch.setattr(precompiled_header, "_folder", lambda *flags: tmp_path / "precompiled" / folder(*flags).name)
    monkeypatch.setattr(precompiled_header, "WORTHWHILE", 2)
    return compiler


def test_the_second_module_and_those_after_it_take_the_header(compiler):
    assert [compiler.answer() for _ in range(4)] == [42] * 4
    assert compiler.took_header == [False, True, True, True]
    (made,) = compiler.precompiled()
    assert [path.name for path in sorted(made.parent.iterdir())] == ["headers.h", "headers.h.gch"]


def test_other_flags_have_a_header_of_their_own(compiler):
    for flags in (FLAGS, [*FLAGS, "-O1"]):
        assert [compiler.answer(flags=flags) for _ in range(2)] == [42, 42]
    assert compiler.took_header == [False, True] * 2
    assert len(compiler.precompiled()) == 2


def test_a_new_process_takes_what_is_there(compiler):
    for _ in range(2):
        compiler.answer()
    again = Compiler(compiler.folder)
    assert again.answer() == 42
    assert compiler.took_header == [False, True, True]


def test_a_source_that_begins_otherwise_goes_without(compiler):
    for _ in range(3):
        assert compiler.answer(source="#define PY_SSIZE_T_CLEAN\n" + SOURCE) == 42
    assert compiler.took_header == [False] * 3 and not compiler.precompiled()


def test_a_header_that_is_damaged_is_tried_once(compiler):
    for _ in range(2):
        compiler.answer()
    (made,) = compiler.precompiled()
    made.write_bytes(made.read_bytes()[:1000])
    assert [compiler.answer() for _ in range(2)] == [42] * 2
    assert compiler.took_header == [False, True, True, False, False]
    assert not compiler.precompiled()


def test_a_compiler_that_makes_no_header_is_gone_without(compiler, monkeypatch):
    monkeypatch.setattr(precompiled_header, "HEADERS", ("Python.h", "nowhere/to/be/found.h"))
    for _ in range(3):
        assert compiler.answer() == 42
    assert compiler.took_header == [False] * 3 and not compiler.precompiled()


def test_a_source_that_is_wrong_fails_as_it_did(compiler):
    for _ in range(2):
        compiler.answer()
    with pytest.raises(CompileError, match="nonsense") as error:
        compiler.answer(source=SOURCE + "nonsense;")
    assert "-include" not in str(error.value)
    assert compiler.precompiled(), "the header was not at fault"


def test_aesara_compiles_with_it():
    assert GCC_compiler.compile_str.__wrapped__
    installed = GCC_compiler.compile_str
    precompiled_header.install()
    assert GCC_compiler.compile_str is installed
