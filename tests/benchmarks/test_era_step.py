"""The script of Theano's era that `benchmarks.era_step` times computes this project's step."""

import json
import statistics
from pathlib import Path

import numpy as np
import pytest

from benchmarks import era_step
from benchmarks.ours import Ours
from benchmarks.problems import problem
from reproduce.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def test_the_script_computes_our_losses(tmp_path):
    case = problem("mnist", overrides={"network.units": 16, "training.batch_size": 10})
    rows = case.minibatches(3)
    np.savez(tmp_path / "state.npz", **era_step.state_of(case, rows))
    script = era_step.Script([*era_step.SHIM, "jax"], tmp_path / "state.npz", {"THEANO_FLAGS": "floatX=float32"})
    try:
        assert script.versions["numpy"] == np.__version__ and script.versions["lasagne"] == "0.1"
        losses = script.losses(rows)
        assert script.block_seconds(rows, 1) > 0
    finally:
        script.close()
    np.testing.assert_allclose(losses, Ours(case, "cpu", "jax").losses(rows), rtol=1e-4)


def test_other_losses_are_not_timed():
    era_step.verify({"original": [2.0, 1.0], "shim on c": [2.0001, 1.04]})
    with pytest.raises(UserError, match="shim on c"):
        era_step.verify({"original": [2.0, 1.0], "shim on c": [2.001, 1.0]})
    with pytest.raises(UserError, match="shim on c"):
        era_step.verify({"original": [2.0, 1.0], "shim on c": [2.0, np.nan]})


def test_a_script_that_cannot_start_is_one_line(tmp_path):
    with pytest.raises(UserError, match="ended"):
        era_step.Script(["false"], tmp_path / "state.npz", {})


def test_the_page_states_the_record():
    page = (ROOT / "docs" / "era_scripts.md").read_text(encoding="utf-8")
    figures = json.loads((ROOT / "results" / "benchmarks" / "era_step.json").read_text())
    for times in figures["step_ms"].values():
        assert f"| {statistics.median(times):.0f} ms |" in page
    for each in figures["ratios"].values():
        assert f"| {statistics.median(each):.2f} ({min(each):.2f}–{max(each):.2f}) |" in page
