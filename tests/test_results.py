"""The runs in results/ beside whole runs of the released scripts on their own stack, seed 1234."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from datasets import catalog
from reproduce.figure1 import recorder as figure1
from reproduce.report.gradients import parse
from reproduce.report.tables import collect

RESULTS = Path(__file__).resolve().parents[1] / "results"
DOCS = RESULTS.parent / "docs"
NARROW_CIFAR10 = RESULTS / "cifar10+network.filters=16+network.units=128+training.epochs=3"


def column(path, name, rows=None):
    with open(path, newline="") as file:
        return np.array([float(row[name]) for row in csv.DictReader(file)][:rows])


@pytest.mark.parametrize(
    ("method", "golden"),
    [("full-precision", "mnist_full_precision_seed1234"), ("lab", "mnist_lab_seed1234_first_epochs")],
)
def test_the_curves_lie_on_the_released_scripts(golden_folder, method, golden):
    released = golden_folder / "runs" / f"{golden}.csv"
    valid = column(released, "valid_error")
    ours = RESULTS / "mnist" / method / "seed-1234" / "log.csv"
    difference = column(ours, "valid_error", len(valid)) - valid
    assert abs(difference).max() < 0.4 and abs(difference.mean()) < 0.05
    losses = column(ours, "train_loss", 4) / column(released, "train_loss", 4)
    np.testing.assert_allclose(losses, 1, rtol=0.02)


def test_full_precisions_test_error_is_within_a_seeds_spread_of_the_released_scripts():
    record = json.loads((RESULTS / "mnist" / "full-precision" / "seed-1234" / "record.json").read_text())
    assert record["complete"] and record["data"]["official"]
    assert abs(record["test_error"] - 1.13) <= 0.15


def test_shortened_runs_on_unofficial_data_are_listed_and_count_for_no_cell():
    results = collect([RESULTS])
    reasons = {run.record.method: why for run, why in results.others if run.folder.parents[1] == NARROW_CIFAR10}
    assert reasons.keys() == {"full-precision", "lab"}
    assert all(why.startswith("shortened: 3 of 200 epochs; unofficial data; ") for why in reasons.values())
    assert all(run.record.official for cell in results.cells for run in cell.runs)


def test_every_full_run_counts_for_its_cell():
    """Those with the paper's setup, whatever version of the program wrote them."""
    results = collect([RESULTS])
    counted = {run.folder for cell in results.cells for run in cell.runs}
    full = set((RESULTS / "mnist").glob("*/seed-*"))
    assert counted == full and len(full) >= 7
    assert not results.unreadable and len(results.runs) == len(list(RESULTS.rglob("record.json")))


@pytest.mark.parametrize("method", ["full-precision", "lab"])
def test_a_narrow_network_learns_cifar10_from_its_first_epochs(method):
    log = NARROW_CIFAR10 / method / "seed-1234" / "log.csv"
    assert (np.diff(column(log, "train_loss")) < 0).all()
    valid = column(log, "valid_error")
    assert valid[0] < 60 and valid[1:].min() < 35, "90 is chance"


def war_and_peace(method, steps):
    """The folder of two epochs' run."""
    shorter = f"+network.steps={steps}" if steps != 100 else ""
    (folder,) = (RESULTS / f"war_and_peace{shorter}+training.epochs=2" / method).iterdir()
    return folder


@pytest.mark.parametrize("steps", [10, 100])
def test_lab_learns_war_and_peace_where_binaryconnect_learns_no_more_than_frequencies(steps):
    lab, connect = (
        json.loads((war_and_peace(method, steps) / "record.json").read_text()) for method in ("lab", "binaryconnect")
    )
    assert lab["settings"]["network.steps"] == connect["settings"]["network.steps"] == steps
    assert lab["epochs_done"] == connect["epochs_done"] == 2
    assert lab["test_loss"] < 2.2 < 2.9 < connect["test_loss"], "characters by their frequency: 3.10"


def gradients(folder):
    """With respect to the hidden-to-cell matrix."""
    return parse(json.loads((folder / figure1.FILE).read_text())).matrices["hidden_to_cell"]


def test_binaryconnects_gradients_explode_over_100_steps_and_labs_do_not():
    spread = {
        (method, steps): gradients(war_and_peace(method, steps)).spread
        for method in ("lab", "binaryconnect")
        for steps in (10, 100)
    }
    assert spread["binaryconnect", 100] > 1000 * spread["binaryconnect", 10]
    assert spread["lab", 100] < 3 * spread["lab", 10]


def test_the_page_on_language_models_gives_the_shortened_runs():
    text = (DOCS / "language_models.md").read_text(encoding="utf-8")
    for method, name in (("lab", "LAB"), ("binaryconnect", "BinaryConnect")):
        folders = [war_and_peace(method, steps) for steps in (10, 100)]
        losses = [json.loads((folder / "record.json").read_text())["test_loss"] for folder in folders]
        paths = [(folder / "record.json").relative_to(RESULTS.parent) for folder in folders]
        links = [f"[{loss:.3f}](../{path})" for loss, path in zip(losses, paths, strict=True)]
        spreads = [f"±{float(f'{gradients(folder).spread:.2g}'):g}" for folder in folders]
        assert f"| {name} | {' | '.join(links + spreads)} |" in text


def test_that_page_gives_what_guessing_by_frequency_costs(prepared_root):
    (text,) = catalog.get("war_and_peace").read(prepared_root("war_and_peace"), "text")
    train, test = text[: int(0.8 * len(text))], text[int(0.9 * len(text)) :]
    share = np.bincount(train, minlength=256) / len(train)
    cost = f"{-np.log(share[test[share[test] > 0]]).mean():.2f}"
    page = (DOCS / "language_models.md").read_text(encoding="utf-8")
    assert f"by the frequency of characters alone costs {cost}." in page


def test_records_say_where_they_are_from():
    for path in RESULTS.rglob("record.json"):
        record = json.loads(path.read_text())
        folder, method, experiment = path.parents[:3]
        assert (experiment.name.partition("+")[0], method.name) == (record["experiment"], record["method"])
        assert folder.name.partition("+")[0] == f"seed-{record['seed']}"
        assert record["software"]["commit"] and not record["software"]["dirty"], path  # None: exported files
        assert len(column(folder / "log.csv", "epoch")) == record["epochs_done"]


def test_the_page_on_fidelity_gives_the_peer_tests_figures():
    records = [json.loads((RESULTS / "peer_tests" / f"{backend}.json").read_text()) for backend in ("c", "jax")]
    text = " ".join((DOCS / "fidelity.md").read_text(encoding="utf-8").split())
    stated = re.findall(r"(\d+) passed, (\d+) failed, (\d+) skipped", text)
    figures = [(r["passed"], len(r["failed"]), sum(r["skipped"].values())) for r in records]
    assert [tuple(map(int, numbers)) for numbers in stated] == figures
    skipped = {int(number) for number in re.findall(r"(\d+) (?:of the skipped|are examples)", text)}
    for record, backend in zip(records, ("c", "jax"), strict=True):
        assert record["backend"] == backend
        assert set(record["failed"].values()) == {"expects Lasagne's GPU layers to be missing, which run here"}
        assert set(record["skipped"].values()) == skipped
        assert record["software"]["commit"] and record["software"]["dirty"] is False
