"""A script runs as ``python SCRIPT.py`` runs it, and what it cannot have is one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reproduce import cli
from reproduce.errors import UserError
from reproduce.shim.script import Script

REPOSITORY = Path(__file__).resolve().parents[2]

TWO = """
import sys, os
import beside
print __name__, sys.argv, os.path.basename(__file__), beside.half(7), 7 / 2
print sys.modules['__main__'].__dict__ is globals(), os.getcwd() == os.environ['HERE']
print sys.path[0] == os.environ['FOLDER']
"""


@pytest.fixture
def reproduce(tmp_path):
    """Run ``python -m reproduce theano`` with arguments, in a folder without the scripts."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*arguments, **environ):
        command = [sys.executable, "-m", "reproduce", "theano", *map(str, arguments)]
        known = {"HERE": str(here), "FOLDER": str(tmp_path.resolve()), "PYTHONPATH": str(REPOSITORY)}
        environ = os.environ | known | environ
        return subprocess.run(
            command, env=environ, cwd=here, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )

    return run


@pytest.fixture
def script(tmp_path):
    """Write a script, with modules beside it, and return its path."""

    def write(text, **modules):
        for name, content in ({"script": text} | modules).items():
            (tmp_path / f"{name}.py").write_text(content)
        return tmp_path / "script.py"

    return write


@pytest.fixture
def run(monkeypatch):
    """Run a script in this process, whose own state comes back."""
    for name in ("argv", "meta_path", "path"):
        monkeypatch.setattr(sys, name, list(getattr(sys, name)))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return lambda path, python="auto": Script(str(path), python).run([])


def test_it_is_main_with_its_arguments_and_its_folder(reproduce, script, tmp_path):
    path = script(TWO, beside="def half(x): return x / 2\n")
    process = reproduce(path, "--backend", "-h", "x y")
    assert process.stderr == "" and process.returncode == 0
    assert process.stdout.splitlines() == [
        f"__main__ {[str(path), '--backend', '-h', 'x y']} script.py 3 3",
        "True True",
        "True",
    ]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["beside.py", "here", "script.py"]


def test_an_error_of_its_own_has_its_traceback_alone(reproduce, script):
    path = script("import beside\nbeside.fail()\n", beside="def fail():\n    raise ValueError, 'mine'\n")
    process = reproduce(path)
    assert process.returncode == 1
    assert process.stderr == (
        "Traceback (most recent call last):\n"
        f'  File "{path}", line 2, in <module>\n    beside.fail()\n'
        f'  File "{path.parent / "beside.py"}", line 2, in fail\n    raise ValueError, \'mine\'\n'
        "ValueError: mine\n"
    )


def test_exit_codes_are_the_scripts(run, script):
    for text, code in (("import sys\nsys.exit(7)\n", 7), ("raise SystemExit('bye')\n", "bye")):
        with pytest.raises(SystemExit) as caught:
            run(script(text))
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:", ", line 1: not Python 3: invalid syntax; line 1: not Python 2 either: invalid syntax"),
        ("\nimport nosuch.thing", ", line 2: No module named 'nosuch'"),
        ("import pycuda", ", line 1: No module named 'pycuda'; Theano's GPU backend is gone; --device gpu runs the "),
        ("import theano.sandbox.cuda.cula", ", line 1: theano.sandbox.cuda.cula is gone: Aesara has no GPU "),
        ("import theano.tensor.raw_random", ", line 1: No module named 'theano.tensor.raw_random'; Aesara, "),
        ("from theano.gof import Nope", ", line 1: cannot import name 'Nope' from 'theano.gof'; Aesara, "),
        ("import theano\ntheano.tensor.nope", ", line 2: module 'theano.tensor' has no attribute 'nope'; Aesara, "),
        (
            "import theano\ntheano.function([], [], mode='ProfileMode')",
            ", line 2: No predefined mode exist for string: ProfileMode; Aesara, ",
        ),
        ("import pylearn2.models", ", line 1: pylearn2.models has no counterpart here; there are pylearn2.datasets."),
        ("x = 1\0", " is not a script: source code string cannot contain null bytes"),
    ],
)
def test_what_cannot_be_had_is_named_with_its_line(run, script, text, said):
    path = script(text + "\n")
    with pytest.raises(UserError) as caught:
        run(path)
    assert str(caught.value).startswith(f"{path}{said}")


def test_data_that_are_not_prepared_are_named_with_the_line(run, script, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path / "nothing"))
    path = script("from pylearn2.datasets.mnist import MNIST\nMNIST('train')\n")
    with pytest.raises(UserError, match=r"script\.py, line 2: mnist is not prepared: .*; run: python -m reproduce "):
        run(path)
    assert run(script("from pylearn2.datasets.mnist import MNIST\nMNIST('trian')\n")) == 1
    assert capsys.readouterr().err.startswith("Traceback")


def test_the_users_word_on_the_python_counts(run, script, capsys):
    path = script("print(7 / 2)\n", two="print 7\n")
    for kind in ("auto", "2", "3"):
        run(path, kind)
    assert capsys.readouterr().out.split() == ["3.5", "3", "3.5"]
    with pytest.raises(UserError, match=r"two\.py, line 1: not Python 3: .*; it is Python 2, use --python 2"):
        run(path.parent / "two.py", "3")


def test_a_script_that_is_not_there_and_options_that_contradict(tmp_path, capsys):
    for arguments in (["nosuch.py"], [str(tmp_path)], ["--backend", "c", "--device", "gpu", "x.py"]):
        assert cli.main(["theano", *arguments]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: there is no script nosuch.py",
        f"error: the script {tmp_path} cannot be read: Is a directory",
        "error: the c backend runs on the CPU only; use --backend jax for a GPU",
    ]


def test_a_module_of_the_scripts_own_keeps_its_name_from_ours(reproduce, script):
    path = script("import datasets\nprint(datasets.mine)\n", datasets="mine = 5\n")
    assert reproduce(path).stdout == "5\n"


def test_it_has_what_its_environment_had(reproduce, script):
    """Names that Python and NumPy had, and debuggers that do not stop where nobody could answer."""
    path = script(
        "import pdb, ipdb\npdb.set_trace()\nipdb.set_trace()\n"
        "import collections, fractions, inspect, time\nimport numpy as np\nimport xml.etree.cElementTree as ET\n"
        "print(isinstance({}, collections.Mapping), fractions.gcd(12, 18), time.clock() > 0)\n"
        "print(inspect.getargspec(lambda a, b=1: a).args, np.float(2), np.int(3), np.dtype(np.bool) == bool)\n"
        "print(np.fromstring(b'\\1\\2', dtype=np.uint8), np.fromstring('1 2', sep=' '), ET.fromstring('<a/>').tag)\n"
    )
    process = reproduce(path)
    assert process.stdout == "True 6 True\n['a', 'b'] 2.0 3 True\n[1 2] [1. 2.] a\n"
    assert process.stderr.splitlines() == [
        f"set_trace at {path}:{line} is passed over: there is no terminal" for line in (2, 3)
    ]
