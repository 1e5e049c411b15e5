"""Reads the headers of Python and NumPy once for all the modules that Aesara compiles, not once for each.

They are half of what a module of a small operation costs; to precompile them costs as much as they do in four modules.
"""

import collections
import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HEADERS = ("Python.h", "iostream", "math.h", "numpy/arrayobject.h", "numpy/arrayscalars.h")
FIRST_LINE = f"#include <{HEADERS[0]}>"  # of the modules of graphs; others define macros before their headers
WORTHWHILE = 4
"""Modules with the same flags after which the headers are precompiled for them."""


def install():
    """Have Aesara's calls of a C++ compiler use precompiled headers; nothing else about them changes."""
    from aesara.link.c.cmodule import GCC_compiler

    if not hasattr(GCC_compiler.compile_str, "__wrapped__"):
        GCC_compiler.compile_str = staticmethod(_with_headers(GCC_compiler.compile_str))


def _with_headers(compile_str):
    from aesara.link.c.exceptions import CompileError

    met = collections.Counter()

    @functools.wraps(compile_str)
    def compile_with_headers(module_name, src_code, location=None, include_dirs=None, lib_dirs=None, libs=None,
                             preargs=None, **options):  # fmt: skip
        include_dirs, preargs = list(include_dirs or ()), list(preargs or ())
        compile_module = functools.partial(compile_str, module_name, src_code, location, include_dirs, lib_dirs, libs)
        if options or not src_code.lstrip().startswith(FIRST_LINE):
            return compile_module(preargs, **options)
        folder = _folder(include_dirs, preargs)
        met[folder] += 1
        header, compiled = folder / "headers.h", folder / "headers.h.gch"
        if met[folder] == WORTHWHILE and not compiled.exists():
            _precompile(header, compiled, include_dirs, preargs)
        if not compiled.exists():
            return compile_module(preargs)
        try:
            return compile_module(["-include", str(header), *preargs])
        except CompileError:
            module = compile_module(preargs)  # fails again where the source is at fault
            compiled.unlink(missing_ok=True)
            return module

    return compile_with_headers


def _folder(include_dirs, preargs):
    """The folder of the header for these flags; others for another compiler, Python or NumPy."""
    from aesara import config
    from aesara.link.c.cmodule import gcc_version_str

    what = repr((config.cxx, gcc_version_str, sys.version, np.__version__, HEADERS, include_dirs, preargs))
    return Path(config.compiledir) / "precompiled" / hashlib.sha256(what.encode()).hexdigest()[:16]


def _precompile(header, compiled, include_dirs, preargs):
    """Write both files, the compiled one last and whole; only the first where the compiler refuses."""
    from aesara import config
    from aesara.link.c.cmodule import get_gcc_shared_library_arg, std_include_dirs

    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text("".join(f"#include <{name}>\n" for name in HEADERS))
    with tempfile.TemporaryDirectory(dir=header.parent) as unfinished:
        output = Path(unfinished) / compiled.name
        # All flags are those of Aesara's own call: a compiler takes the header for no others.
        command = [
            config.cxx, get_gcc_shared_library_arg(), "-g", *preargs,
            *(f"-I{folder}" for folder in [*include_dirs, *std_include_dirs()]),
            "-fvisibility=hidden", "-x", "c++-header", str(header), "-o", str(output),
        ]  # fmt: skip
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            os.replace(output, compiled)
