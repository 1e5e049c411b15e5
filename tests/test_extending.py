"""The examples of docs/extending.md, run as they stand there."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from reproduce import backends, experiments, splits
from reproduce.training import Training

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("backend", [pytest.param("c", marks=pytest.mark.compiler), "jax"])
def test_the_new_method_trains_with_its_own_scale(tmp_path, backend):
    entry, call = examples("python")
    words = f'"--backend", "{backend}", "--set", "network.units=8"'
    code = f"{entry}\n{call.replace(']', f', {words}]')}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True)
    (folder,) = (path.parent for path in tmp_path.rglob("record.json"))
    record = json.loads((folder / "record.json").read_text())
    assert record["method"] == "rms" and record["complete"] and record["epochs_done"] == 2
    with h5py.File(folder / "checkpoint.h5") as file, open(folder / "log.csv", newline="") as log:
        *_, last = csv.DictReader(log)
        for layer in ("dense1", "dense4"):
            w = file[f"arrays/{layer}.W"][()].astype("float64")
            assert float(last[f"alpha_{layer}"]) == pytest.approx(np.sqrt(np.mean(w**2)), rel=1e-5)


def test_the_new_experiment_trains(tmp_path, monkeypatch):
    (text,) = examples("toml")
    configs = shutil.copytree(experiments.CONFIGS, tmp_path / "configs")
    (configs / "digits_wide.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(experiments, "CONFIGS", configs)
    experiment = experiments.resolve("digits_wide", "lab", {"network.units": 8})
    training = Training(experiment, splits.load(experiment, tmp_path), backends.create("jax", "cpu"), seed=1)
    assert [weight.latent.get_value().shape for weight in training.network.weights] == [(64, 8), (8, 10)]
    losses = np.concatenate(list(training.losses(training.shuffle())))
    assert losses[-8:].mean() < losses[:8].mean()
