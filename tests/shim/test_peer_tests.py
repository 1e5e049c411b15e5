"""How benchmarks/peer_tests.py counts, and that it runs nothing but the archive it knows."""

import importlib.util
import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "peer_tests.py"
spec = importlib.util.spec_from_file_location("peer_tests", SCRIPT)
peer_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peer_tests)

CASE = '<testcase file="f.py" classname="a.b.C" name="t[1]">{}</testcase>'


@pytest.mark.parametrize(
    ("child", "word"),
    [("", "passed"), ('<failure message="m">text</failure>', "failed"), ('<error message="m"/>', "failed"),
     ('<skipped message="m"/>', "skipped")],
)  # fmt: skip
def test_outcome(child, word):
    test, found, message = peer_tests.outcome(ElementTree.fromstring(CASE.format(child)))
    assert (test, found) == ("f.py::C::t[1]", word)
    assert message.startswith("m") == (word != "passed")


def test_exit_code_forgives_only_the_gpu(capsys):
    gpu = ("f.py::gpu", "failed", "ModuleNotFoundError: theano.sandbox.cuda is gone: ...")
    other = ("f.py::other", "failed", "AssertionError: 1 != 2\nlong text")
    passed = ("f.py::good", "passed", "")
    assert peer_tests.report([passed, gpu], "c") == 0
    assert "1 passed, 1 failed, 0 skipped" in capsys.readouterr().out
    assert peer_tests.report([passed, gpu, other], "c") == 1
    assert "FAILED f.py::other: AssertionError: 1 != 2" in capsys.readouterr().out
    assert peer_tests.report([], "c") == 1


def test_what_was_measured_is_written(tmp_path, monkeypatch, capsys):
    skip = "cuDNN not available"
    outcomes = [("f.py::a", "passed", ""), ("f.py::b", "failed", "theano.sandbox.cuda"), ("f.py::c", "skipped", skip)]
    monkeypatch.setattr(peer_tests, "fetch", lambda folder: folder)
    monkeypatch.setattr(peer_tests, "run", lambda suite, backend: outcomes)
    assert peer_tests.main(["--backend", "jax", "--out", str(tmp_path / "new" / "jax.json")]) == 0
    written = json.loads((tmp_path / "new" / "jax.json").read_text())
    assert (written["backend"], written["passed"], written["failed"]) == ("jax", 1, {"f.py::b": peer_tests.GPU})
    assert written["skipped"] == {peer_tests.reason(skip): 1}
    assert {"commit", "dirty", "aesara", "jax", "numpy"} <= written["software"].keys()
    (tmp_path / "file").write_text("")
    assert peer_tests.main(["--out", str(tmp_path / "file" / "c.json")]) == 2
    assert "could not be written" in capsys.readouterr().err


def test_another_archive_is_not_unpacked(tmp_path, monkeypatch, capsys):
    def download(command, check):
        (Path(command[command.index("--dest") + 1]) / "Lasagne-0.1.tar.gz").write_bytes(b"something else")

    monkeypatch.setattr(peer_tests.subprocess, "run", download)
    assert peer_tests.main([]) == 2
    assert "SHA-256" in capsys.readouterr().err


def test_without_a_network_it_is_one_line(monkeypatch, capsys):
    def fail(command, check):
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(peer_tests.subprocess, "run", fail)
    assert peer_tests.main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1
