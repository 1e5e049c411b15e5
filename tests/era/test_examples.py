"""How `benchmarks.era_examples` runs others' scripts."""

import gzip
import hashlib
import json
import pickle
import tarfile

import pytest

from benchmarks import era_examples, suites


def test_mnist_is_the_pickle_of_its_day(mnist_folder, tmp_path):
    era_examples.write_mnist(tmp_path / "mnist.pkl.gz", mnist_folder)
    with gzip.open(tmp_path / "mnist.pkl.gz") as file:
        parts = pickle.load(file)
    found = [(x.shape, x.dtype, x.min(), x.max(), y.dtype) for x, y in parts]
    assert found == [((n, 784), "float32", 0, 1, "int64") for n in (50000, 10000, 10000)]


@pytest.mark.parametrize(("argument", "code"), [("0", 0), ("3", 1)])
def test_scripts_run_in_their_folders_and_are_recorded(mnist_folder, tmp_path, monkeypatch, argument, code):
    examples = tmp_path / "Lasagne-0.1" / "examples"
    examples.mkdir(parents=True)
    (examples / "show.py").write_text(
        "import os, sys\nimport library\nprint library.name, sorted(os.listdir('.'))\nsys.exit(int(sys.argv[1]))\n"
    )
    (tmp_path / "lib-1.0").mkdir()
    (tmp_path / "lib-1.0" / "library.py").write_text("name = 'found'\n")
    sums = {}
    for name in ("Lasagne-0.1", "lib-1.0"):
        with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(tmp_path / name, name)
        sums[name] = hashlib.sha256((tmp_path / f"{name}.tar.gz").read_bytes()).hexdigest()
    monkeypatch.setattr(suites, "CACHE", tmp_path)
    monkeypatch.setattr(era_examples, "DISTRIBUTIONS", sums)
    monkeypatch.setattr(era_examples, "LIBRARIES", ["lib-1.0"])
    monkeypatch.setattr(era_examples, "SCRIPTS", [("Lasagne-0.1/examples/show.py", argument)])
    out = tmp_path / "out.json"
    assert era_examples.main(["--backend", "jax", "--data", str(mnist_folder), "--out", str(out)]) == code
    found = json.loads(out.read_text())
    (script,) = found["scripts"].items()
    assert script[0] == f"Lasagne-0.1/examples/show.py {argument}" and script[1]["exit_code"] == int(argument)
    assert script[1]["last_lines"] == ["found ['mnist.pkl.gz', 'show.py']"] and found["sha256"] == sums
    assert found["data"]["name"] == "mnist" and not found["data"]["official"]


def test_without_mnist_it_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(era_examples, "DISTRIBUTIONS", {})
    assert era_examples.main(["--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
