"""The exported models in results/ beside the records of their runs, and their agreement with the runs."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from datasets.mnist import MNIST
from reproduce import inference
from reproduce.methods import METHODS

RESULTS = Path(__file__).resolve().parents[1] / "results"
FOUND = json.loads((RESULTS / "inference" / "mnist.json").read_text())["models"]
MODELS = sorted(RESULTS.rglob("model.safetensors"))


def test_there_is_one_for_each_method_that_binarizes():
    assert [path.parents[1].name for path in MODELS] == sorted(m.name for m in METHODS.values() if m.binarizes)
    assert {str(path.parent.relative_to(RESULTS)) for path in MODELS} == FOUND.keys()


def test_their_checksums_are_those_listed():
    lines = (RESULTS / "models.sha256").read_text().splitlines()
    assert lines == [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(RESULTS)}" for path in MODELS]
    assert sorted(found["sha256"] for found in FOUND.values()) == sorted(line.split()[0] for line in lines)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parents[1].name)
def test_a_model_is_its_runs_small_and_agrees_with_it(path):
    record, found = json.loads((path.parent / "record.json").read_text()), FOUND[str(path.parent.relative_to(RESULTS))]
    assert inference.load(path).record == record
    assert path.stat().st_size == found["bytes"] and found["float32_weight_bytes"] > 30 * found["bytes"]
    assert found["recorded"] == found["run"] == {key: record[key] for key in ("test_error", "test_loss")}
    for kind in ("c_kernels", "numpy_kernels"):
        assert found["predictions"] == 10_000 and found[kind]["agreeing"] >= 9_999
        assert abs(found[kind]["test_error"] - record["test_error"]) <= 0.01 + 1e-9


@pytest.mark.parametrize("method", ["bwn", "lab"])
def test_a_language_model_agrees_with_its_run_on_its_test_text(method):
    models = json.loads((RESULTS / "inference" / "war_and_peace.json").read_text())["models"]
    (found,) = (found for run, found in models.items() if run.split("/")[1] == method)
    assert found["recorded"] == found["run"]
    for kind in ("c_kernels", "numpy_kernels"):
        assert found["predictions"] == 330_000 and found[kind]["agreeing"] >= 329_967


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parents[1].name)
def test_a_model_makes_its_records_errors(path, prepared_root):
    test = MNIST("test", center=True, data_path=prepared_root("mnist"))
    found, labels = inference.load(path).predict(test.X), np.asarray(test.y).ravel()
    record = json.loads((path.parent / "record.json").read_text())
    assert abs(100 * (found != labels).mean() - record["test_error"]) <= 0.01 + 1e-9
