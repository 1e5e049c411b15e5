"""C modules that one process of the tests has compiled serve the others, too."""

import functools
import hashlib
import os
import shutil
from pathlib import Path

from aesara.link.c.cmodule import GCC_compiler, dlimport, get_lib_extension


def share(folder):
    """Have Aesara look in `folder` for a module with the same source and flags, and keep there what it compiles."""
    folder.mkdir(exist_ok=True)
    compile_str = GCC_compiler.compile_str

    @functools.wraps(compile_str)
    def compile_once(module_name, src_code, location=None, include_dirs=None, lib_dirs=None, libs=None, preargs=None,
                     **options):  # fmt: skip
        arguments = include_dirs, lib_dirs, libs, preargs
        if options:
            return compile_str(module_name, src_code, location, *arguments, **options)
        what = repr((module_name, src_code, *arguments))
        kept = folder / hashlib.sha256(what.encode()).hexdigest()
        made = Path(location) / f"{module_name}.{get_lib_extension()}"
        if kept.exists():
            shutil.copyfile(kept, made)
            return dlimport(str(made))
        module = compile_str(module_name, src_code, location, *arguments)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        shutil.copyfile(made, unfinished)
        os.replace(unfinished, kept)
        return module

    GCC_compiler.compile_str = staticmethod(compile_once)
