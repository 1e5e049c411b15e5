"""Python 2's idioms print on Python 3 what CPython 2.7 printed; idioms.txt holds both."""

import re
from pathlib import Path

import pytest

from reproduce.shim.python2 import loader, names

TABLE = (Path(__file__).parent / "idioms.txt").read_text(encoding="utf-8")
IDIOMS = dict(
    (name, (source + "\n", output.removesuffix("\n")))
    for name, source, output in re.findall(r"^=== (.+?)\n(.*?)\n--- prints\n(.*?)(?=^===|\Z)", TABLE, re.M | re.S)
)


def run(source):
    namespace = {"__name__": "__main__", "__builtins__": names.builtin_module()}
    exec(loader.compile_python2(source, "idiom.py"), namespace)
    return namespace


def test_the_table_is_read_whole():
    assert len(IDIOMS) == TABLE.count("\n=== ") >= 50


@pytest.mark.parametrize("name", IDIOMS)
def test_an_idiom_prints_what_python_2_printed(name, capsys):
    source, output = IDIOMS[name]
    run(source)
    assert capsys.readouterr().out.removesuffix("\n") == output.removesuffix("\n")


@pytest.mark.parametrize("name", IDIOMS)
def test_the_conversion_keeps_the_lines(name):
    from reproduce.shim.python2 import syntax

    source, _ = IDIOMS[name]
    assert syntax.convert(source).text.count("\n") == source.count("\n")


def test_a_message_is_what_an_exception_has():
    found = run("class E(Exception): message = 'mine'\ntry:\n    raise E, 'text'\nexcept E, e:\n    m = e.message\n")
    assert found["m"] == "mine"
    assert run("m = IOError(2, 'gone').message\n")["m"] == ""


def test_python_3s_branch_of_a_script_for_both_finds_its_keywords(tmp_path):
    """Converted code finds a `sys.version_info` of 3, and Python 3's branches call with what Python 3 takes."""
    found = run(
        "from __future__ import print_function\n"
        "import cPickle, pickle, sys\n"
        f"name = {str(tmp_path / 'file')!r}\n"
        "with open(name, 'w', encoding='utf-8') as f: f.write(u'\\xe9')\n"
        "if sys.version_info[0] == 3: text = open(name, encoding='utf-8').read()\n"
        "data = b'U\\x01\\xe9.'\n"  # a str as Python 2 pickled it
        "texts = [pickle.loads(data, encoding='latin-1'), cPickle.loads(data, encoding='cp1252', errors='replace')]\n"
        "with open(name, 'wb') as f: pickle.dump([1], f, 2, fix_imports=False)\n"
        "with open(name, 'rb') as f: value = pickle.load(f, encoding='latin-1')\n"
        "raw = pickle.loads(data, encoding='bytes')\n"
    )
    assert (found["text"], found["texts"], found["raw"], found["value"]) == ("é", ["é", "é"], b"\xe9", [1])


def test_what_python_2_pickled_is_read_through_six_too():
    found = run("from six.moves import cPickle, xrange\ntext, n = cPickle.loads(b'U\\x01\\xe9.'), list(xrange(2))")
    assert (found["text"], found["n"]) == ("é", [0, 1])


def test_division_of_tensors_is_of_their_types():
    found = run(
        "import theano, theano.tensor as T\n"
        "i, x = T.iscalar(), T.scalar()\n"
        "pairs = [(i, 2), (i, i), (7, i), (x, i), (i, 2.0)]\n"
        "types = [type((a / b).owner.op.scalar_op).__name__ for a, b in pairs]\n"
        "i /= 2\nlast = i.dtype\n"
        "half = (T.matrix().shape[0] / 2).dtype\n"
    )
    assert found["types"] == ["FloorDivide", "FloorDivide", "FloorDivide", "TrueDivide", "TrueDivide"]
    assert found["last"] == "int32" and found["half"] == "int64"
