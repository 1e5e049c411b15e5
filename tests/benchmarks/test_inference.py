"""The benchmarks of exported models, on small ones, and the page that their records fill."""

import json
import sys

import numpy as np
import pytest

from benchmarks import exported_models, inference, render_inference


@pytest.mark.parametrize("kind", inference.KINDS)
def test_the_contestants_compute_the_same(kind, monkeypatch):
    monkeypatch.setattr(inference, "WIDTHS", (40, 70, 70, 5))
    for contestants in (inference.networks(kind, 12), inference.products(kind, 12)):
        found = {name: function() for name, function in contestants.items()}
        expected = found.pop(inference.FLOAT)
        assert found
        for scores in found.values():
            np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4 * abs(expected).max())


def test_ratios_are_those_of_a_round(monkeypatch):
    clock = iter(np.arange(0, 1000, 0.5))
    monkeypatch.setattr(inference.time, "perf_counter", lambda: next(clock))
    found = inference.measure({inference.FLOAT: int, "other": int}, rounds=2, seconds=0.5)
    # 0.5 s for three calls: three of them fill half a second.
    assert found["ms"] == {inference.FLOAT: [500 / 3] * 2, "other": [500 / 3] * 2}
    assert found["speedup"] == {inference.FLOAT: [1, 1], "other": [1, 1]}


def test_an_exported_run_is_compared_with_itself(jax_language_model, tmp_path, monkeypatch, capsys):
    out, models = tmp_path / "out.json", tmp_path / "models"
    words = [str(jax_language_model.folder), "--models", str(models), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["exported_models", *words])
    exported_models.main()
    ((name, found),) = json.loads(out.read_text())["models"].items()
    assert jax_language_model.folder.match(name) and found["epoch"] == jax_language_model.record.best_epoch
    assert found["run"] == found["recorded"] and found["numpy_kernels"]["agreeing"] == found["predictions"] > 0
    (path,) = models.rglob("model.safetensors")
    assert (models / "models.sha256").read_text() == f"{found['sha256']}  {path.relative_to(models)}\n"


def test_the_page_gives_the_committed_results():
    assert render_inference.PAGE.read_text(encoding="utf-8") == render_inference.page(), (
        "run: python -m benchmarks.render_inference"
    )
