"""What Aesara and Lasagne import of setuptools, for environments without it: Python 3.12 brings none.

The stand-ins are there only while the package that asks for them is imported, so nobody else takes them for real.
"""

import contextlib
import shutil
import sys
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace


def for_aesara():
    """A context with ``setuptools._distutils``, whose five functions Aesara wants to compile C code, and keeps."""
    paths = sysconfig.get_paths()

    def get_python_inc(plat_specific=False):
        return paths["platinclude" if plat_specific else "include"]

    def get_python_lib(plat_specific=False, standard_lib=False):
        if standard_lib:  # of the Python that an environment was made of
            return paths["stdlib"]
        return paths["platlib" if plat_specific else "purelib"]

    return _standing_in(
        {
            "setuptools": {},
            "setuptools._distutils": {},
            "setuptools._distutils.errors": {"CompileError": type("CompileError", (Exception,), {})},
            "setuptools._distutils.spawn": {"find_executable": shutil.which},
            "setuptools._distutils.sysconfig": {
                "get_config_h_filename": sysconfig.get_config_h_filename,
                "get_config_var": sysconfig.get_config_var,
                "get_python_inc": get_python_inc,
                "get_python_lib": get_python_lib,
            },
        }
    )


def for_lasagne():
    """A context with ``pkg_resources``, which Lasagne asks for its own version; setuptools 82 dropped it."""
    return _standing_in({"pkg_resources": {"get_distribution": lambda name: SimpleNamespace(version=version(name))}})


@contextlib.contextmanager
def _standing_in(modules):
    """Have `modules`, contents by name, importable for the time of the block, unless the first of them is installed."""
    if find_spec(next(iter(modules))) is not None:
        yield
        return
    for name, contents in modules.items():
        module = sys.modules[name] = ModuleType(name)
        module.__path__ = []
        vars(module).update(contents)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
