"""How other projects' tests are counted, and that nothing but the archives that are known is run."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import peer_tests, suites, theano_tests

CASE = '<testcase file="f.py" classname="a.b.C" name="t[1]">{}</testcase>'


@pytest.mark.parametrize(
    ("child", "word"),
    [("", "passed"), ('<failure message="m">text</failure>', "failed"), ('<error message="m"/>', "failed"),
     ('<skipped message="m"/>', "skipped")],
)  # fmt: skip
def test_outcome(child, word):
    test, found, message = suites.outcome(ElementTree.fromstring(CASE.format(child)))
    assert (test, found) == ("f.py::C::t[1]", word)
    assert message.startswith("m") == (word != "passed")


OUTCOMES = [
    ("f.py::good", "passed", ""),
    ("f.py::gpu", "failed", "ModuleNotFoundError: theano.sandbox.cuda is gone: ..."),
    ("f.py::a", "skipped", "cuDNN not available"),
    ("f.py::b", "skipped", "dnn not available"),
]
OTHER = ("f.py::other", "failed", "AssertionError: 1 != 2\nlong text")


def test_figures_by_reason():
    figures = suites.count([*OUTCOMES, OTHER], peer_tests.REASONS)
    cudnn = "needs cuDNN, cuda-convnet or Theano's GPU convolutions"
    assert figures["passed"] == 1 and figures["skipped"] == {cudnn: 2}
    assert figures["failed"] == {"f.py::gpu": peer_tests.GPU, "f.py::other": "AssertionError: 1 != 2"}
    lines = list(suites.describe(figures))
    assert lines[0] == "1 passed, 2 failed, 2 skipped" and f"    2 skipped: {cudnn}" in lines
    assert lines[-1] == "FAILED f.py::other: AssertionError: 1 != 2"


def test_exit_code_forgives_only_the_gpu():
    figures = [suites.count(outcomes, peer_tests.REASONS) for outcomes in (OUTCOMES, [*OUTCOMES, OTHER], [])]
    assert [peer_tests.exit_code(each) for each in figures] == [0, 1, 1]


def test_what_was_measured_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suites, "fetch", lambda distribution, sha256, folder: folder)
    monkeypatch.setattr(peer_tests, "run", lambda suite, backend: OUTCOMES)
    assert peer_tests.main(["--backend", "jax", "--out", str(tmp_path / "new" / "jax.json")]) == 0
    written = json.loads((tmp_path / "new" / "jax.json").read_text())
    assert (written["backend"], written["passed"], written["failed"]) == ("jax", 1, {"f.py::gpu": peer_tests.GPU})
    assert {"commit", "dirty", "aesara", "jax", "numpy"} <= written["software"].keys()
    (tmp_path / "file").write_text("")
    assert peer_tests.main(["--out", str(tmp_path / "file" / "c.json")]) == 2
    assert "could not be written" in capsys.readouterr().err


@pytest.mark.parametrize("script", [peer_tests, theano_tests])
def test_another_archive_is_neither_unpacked_nor_kept(script, tmp_path, monkeypatch, capsys):
    def download(command, check):
        (Path(command[command.index("--dest") + 1]) / f"{script.DISTRIBUTION}.tar.gz").write_bytes(b"something else")

    monkeypatch.setattr(suites, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(suites.subprocess, "run", download)
    assert script.main([]) == 2
    assert "SHA-256" in capsys.readouterr().err
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("script", [peer_tests, theano_tests])
def test_without_a_network_it_is_one_line(script, tmp_path, monkeypatch, capsys):
    def fail(command, check):
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(suites, "CACHE", tmp_path)
    monkeypatch.setattr(suites.subprocess, "run", fail)
    assert script.main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_theanos_tests_run_with_what_they_expect_of_nose(tmp_path):
    """A module in the style of Theano's, its helpers reduced to what the plugin imports."""
    (tmp_path / "unittest_tools.py").write_text("import theano.tensor as T\nE_grad = T.verify_grad.E_grad\n")
    (tmp_path / "disturb_mem.py").write_text("def disturb_mem(): pass\n")
    (tmp_path / "test_style.py").write_text('''
import unittest
from nose.plugins.attrib import attr
from nose.plugins.skip import SkipTest
from nose.tools import assert_raises, raises
from nose_parameterized import parameterized
from numpy.testing import dec
import theano.gpuarray.tests.config
from theano.tests import unittest_tools as utt
from theano.tests.disturb_mem import disturb_mem

class TestStyle(unittest.TestCase):
    @parameterized.expand([(1, 2), (2, 2)], testcase_func_name=None)
    def test_case(self, a, b):
        assert a == b

    @attr("slow")
    @raises(utt.E_grad, ZeroDivisionError)
    def test_raises(self):
        assert_raises(KeyError, {}.__getitem__, 1)
        1 / 0

    @dec.skipif(True, "never")
    def test_skipped(self):
        pass

    @staticmethod
    def test_static(number):
        return number

    def test_gpu(self):
        from theano.gpuarray.tests.config import mode_with_gpu

def test_yields():
    for number in (1, 2, 0):
        yield lambda n: 1 / n, number
''')
    outcomes = suites.run(tmp_path, ["test_style.py"], ["benchmarks.nose_for_pytest"], AESARA_FLAGS="cxx=")
    words = {test.rpartition("::")[2]: word for test, word, _ in outcomes}
    assert words == {
        "test_case_0": "failed", "test_case_1": "passed", "test_raises": "passed", "test_skipped": "skipped",
        "test_gpu": "skipped", "test_yields": "failed",
    }  # fmt: skip


def test_failures_of_theanos_tests_need_a_known_reason():
    known = ("test_shared.py::T::test_ctors", "failed", "AssertionError: assert TensorType(int64, (1,)) == TensorType(")
    merge = ("test_scan.py::T::test_merge", "failed", "AssertionError: 1\ntest_scan.py:2638: in test_merge\n    assert")
    good = ("test_scan.py::T::test_good", "passed", "")
    codes = [
        theano_tests.exit_code({"file": suites.count(outcomes, theano_tests.REASONS)})
        for outcomes in ([known, merge, good], [known, merge, good, OTHER], [known, merge])
    ]
    assert codes == [0, 1, 1]
