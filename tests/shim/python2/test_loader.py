"""The user's modules are converted in memory when they are imported, each as what it is."""

import importlib
import sys
import traceback

import pytest

from reproduce.shim.python2 import loader


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder on the path, in a process that loads Python 2; ambiguous files are Python 2."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    loader.install(2)
    importlib.invalidate_caches()
    return tmp_path


def write(folder, **modules):
    folder.mkdir(exist_ok=True)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def test_each_file_is_decided_by_itself(folder):
    write(
        folder,
        era_two="print_ = `1`\nhalf = 7 / 2\nimport era_three, era_either\n",
        era_three="def half() -> float: return 7 / 2\n",
        era_either="half = 7 / 2\n",
    )
    two = importlib.import_module("era_two")
    assert (two.half, two.era_three.half(), two.era_either.half) == (3, 3.5, 3)


def test_nothing_is_written_beside_python_2(folder):
    write(folder, era_unwritten="x = `1`\n")
    importlib.import_module("era_unwritten")
    assert [path.name for path in folder.iterdir()] == ["era_unwritten.py"]


def test_imports_within_a_package_are_relative_unless_absolute(folder):
    write(
        folder / "era_package",
        __init__="import string\nfrom helper import *\nimport sub.leaf\nx = sub.leaf.name + `1`\n",
        string="name = 'own'\n",
        helper="value = 'helped'\n",
        absolute="from __future__ import absolute_import\nimport string\nfrom . import helper\n",
    )
    write(folder / "era_package" / "sub", __init__="", leaf="name = __name__\n")
    package = importlib.import_module("era_package")
    assert (package.string.name, package.value, package.x) == ("own", "helped", "era_package.sub.leaf1")
    absolute = importlib.import_module("era_package.absolute")
    assert absolute.string.join(["a", "b"], "") == "ab" and absolute.helper is package.helper


def test_tracebacks_show_the_users_own_lines(folder):
    text = "def f(x, (y, z)):\n    'doc'\n    print 'a'\n    return (x\n            + y / 0)\n"
    write(folder, era_fails=text)
    with pytest.raises(ZeroDivisionError) as caught:
        importlib.import_module("era_fails").f(1, (2, 3))
    frames = [frame for frame in traceback.extract_tb(caught.tb) if frame.filename.endswith("era_fails.py")]
    assert [(frame.name, frame.lineno, frame.line) for frame in frames] == [("f", 5, "+ y / 0)")]
    assert frames[0].filename == str(folder / "era_fails.py")


def test_a_module_of_neither_python_is_a_syntax_error_with_its_line(folder):
    write(folder, era_neither="x = 1\nprint 'a' if\n")
    with pytest.raises(SyntaxError) as caught:
        importlib.import_module("era_neither")
    assert caught.value.filename == str(folder / "era_neither.py") and caught.value.lineno == 2


@pytest.mark.parametrize(("encoding", "end"), [("latin-1", "\n"), ("utf-8", "\r\n")])
def test_sources_are_read_in_their_encoding(folder, encoding, end):
    text = f"# -*- coding: {encoding} -*-{end}x = u'é' + `1`{end}"
    (folder / "era_encoded.py").write_bytes(text.encode(encoding))
    assert importlib.import_module("era_encoded").x == "é1"


def test_conversions_are_kept_by_content():
    first, second = (loader.compile_python2("print 5\n", "same.py") for _ in range(2))
    assert first is second and loader.compile_python2("print 6\n", "same.py") is not first


def test_packages_of_the_environment_are_left_alone(folder):
    import numpy

    import reproduce

    assert loader.is_installed(numpy.__file__, "numpy") and loader.is_installed(traceback.__file__, "traceback")
    assert loader.is_installed(reproduce.__file__, "reproduce")
    (folder / "wheels" / "peer-1.0.dist-info").mkdir(parents=True)
    assert loader.is_installed(str(folder / "wheels" / "peer" / "sub" / "__init__.py"), "peer.sub")
    assert not loader.is_installed(str(folder / "peer" / "sub.py"), "peer.sub")
