"""Runs written by hand, in the form that `run` writes them."""

import csv
import json

import numpy as np
import pytest

from reproduce import experiments, report

LAYERS = ("dense1", "dense2", "dense3", "dense4")


def write_run(root, experiment="mnist", method="lab", seed=1234, result=1.2, overrides=None, official=True, **changes):
    """Write a finished run's folder below `root`, `changes` made to its record; returns the folder.

    A `result` of None is that of a run that diverged.
    """
    resolved = experiments.resolve(experiment, method, overrides or {})
    folder = root / resolved.folder / method / f"seed-{seed}"
    folder.mkdir(parents=True)
    epochs = resolved.settings["training.epochs"]
    diverged = result is None
    if diverged:
        none = dict.fromkeys(("valid_error", "test_error", "valid_loss", "test_loss", "train_loss"))
        result, changes = np.nan, {"best_epoch": 0} | none | changes
    record = {
        "format": 1,
        "experiment": experiment,
        "method": method,
        "seed": seed,
        "overrides": resolved.overrides,
        "settings": resolved.settings,
        "epochs_planned": epochs,
        "epochs_done": epochs,
        "complete": True,
        "best_epoch": epochs,
        "valid_error": result,
        "test_error": result,
        "valid_loss": result / 100,
        "test_loss": result / 100,
        "train_loss": 0.002,
        "seconds": 20.0 * epochs,
        "started": "2026-01-01T10:00:00+00:00",
        "backend": "c",
        "device": "a processor, 2 threads",
        "data": {"name": experiment, "official": official, "sha256": {"train": "ab" * 32}},
        "software": {"python": "3.11.7", "numpy": "1.26.4", "commit": "0123456789abcdef", "dirty": False},
        "argv": ["run", experiment, "--method", method, "--seed", str(seed)],
    }
    (folder / "record.json").write_text(json.dumps(record | changes))
    _write_log(folder, epochs, result, method)
    rng = np.random.RandomState(seed)
    layers = {}
    for index, layer in enumerate(() if diverged else LAYERS):
        counts, edges = np.histogram(rng.normal(0, 0.05 + 0.1 * index, 2000), bins=40)
        layers[layer] = {"edges": edges.tolist(), "counts": counts.tolist()}
    (folder / "histogram.json").write_text(json.dumps({"epoch": epochs, "layers": layers}))
    return folder


def _write_log(folder, epochs, result, method):
    epoch = np.arange(1, epochs + 1)
    errors = result * (1 + 1.5 * np.exp(-epoch / 6))
    errors[-1] = result
    columns = {
        "epoch": epoch,
        "learning_rate": np.full(epochs, 0.01),
        "train_loss": 0.1 * np.exp(-epoch / 5) + 0.001,
        "valid_loss": errors / 100,
        "valid_error": errors,
        "test_loss": errors / 100,
        "test_error": errors,
        "best_epoch": epoch,
        "seconds": 20.0 * epoch,
    }
    if method in ("bwn", "lab", "xnor", "lab2"):
        columns |= {f"alpha_{layer}": 0.01 * (i + 1) + 0.001 * epoch for i, layer in enumerate(LAYERS)}
    if method != "full-precision":
        columns |= {f"flip_ratio_{layer}": 0.1 / (epoch + i) for i, layer in enumerate(LAYERS)}
    with open(folder / "log.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


MNIST = {
    "full-precision": (1.13, 1.21, 1.18),
    "binaryconnect": (1.27, 1.35, 1.30),
    "bwn": (1.24, 1.18, 1.20),
    "lab": (1.16, 1.19, 1.21),
    "bnn": (1.82, 1.75, 1.79),
    "xnor": (1.47, 1.52, 1.44),
    "lab2": (1.40, 1.34, 1.36),
}
"""Three seeds of every method: all but BNN about where the paper's numbers are."""


@pytest.fixture(scope="session")
def mnist_results():
    """The test errors in `mnist_runs`, by method."""
    return MNIST


@pytest.fixture(scope="session")
def mnist_runs(tmp_path_factory):
    """A tree with all MNIST cells measured, and of every kind of run that belongs in no cell."""
    root = tmp_path_factory.mktemp("tree") / "results"
    for method, results in MNIST.items():
        for offset, result in enumerate(results):
            write_run(root, method=method, seed=1234 + offset, result=result)
    write_run(root, "digits", "lab", result=3.1)
    write_run(root, method="lab", seed=7, result=2.5, overrides={"training.epochs": 2})
    write_run(root, method="binaryconnect", result=1.4, overrides={"method.variant": "repository"})
    write_run(root, method="lab", seed=8, result=1.0, official=False)
    write_run(root, method="lab", seed=9, complete=False, epochs_done=12)
    write_run(root, method="bwn", seed=10, test_error=float("nan"))
    write_run(root, method="bwn", seed=11, format=2)
    return root


@pytest.fixture(scope="session")
def page(mnist_runs):
    """index.html of the report on `mnist_runs`."""
    return report.write(report.collect([mnist_runs]), mnist_runs.parent / "report")


@pytest.fixture
def new_run():
    """`write_run`, for tests that write their own."""
    return write_run
