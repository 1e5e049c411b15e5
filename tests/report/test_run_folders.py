"""Bad records are named and left out; nothing is silently averaged in."""

import json
from pathlib import Path

import numpy as np
import pytest

from reproduce import report
from reproduce.errors import UserError
from reproduce.report import run_folders
from reproduce.report.tables import collect


def reason(root):
    """Why the only run below `root` is left out."""
    found, left_out = run_folders.read([root])
    assert not found and len(left_out) == 1
    return left_out[0].reason


def test_a_whole_record_is_read(tmp_path, new_run):
    new_run(tmp_path / "runs", result=1.23)
    (run,), left_out = run_folders.read([tmp_path / "runs"])
    assert not left_out
    assert run.path == "runs/mnist/lab/seed-1234"
    assert (run.record.experiment, run.record.method, run.record.seed, run.record.result) == (
        "mnist",
        "lab",
        1234,
        1.23,
    )
    assert len(run.log["alpha_dense3"]) == 50
    assert list(run.histogram["layers"]) == ["dense1", "dense2", "dense3", "dense4"]


@pytest.mark.parametrize("key", ["settings", "seed", "argv", "data"])
def test_missing_keys_are_named(tmp_path, new_run, key):
    file = new_run(tmp_path) / "record.json"
    fields = json.loads(file.read_text())
    del fields[key]
    file.write_text(json.dumps(fields))
    assert reason(tmp_path) == f"record.json lacks {key}"


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"format": 2}, "another version: format 2"),
        ({"format": None}, "another version"),
        ({"test_error": float("nan")}, "test_error is nan"),
        ({"test_error": None}, "test_error is missing"),
        ({"best_epoch": 0}, "best_epoch is 0"),
        ({"best_epoch": 0, "test_error": None}, "test_error is missing"),
        ({"valid_error": float("inf")}, "valid_error is inf"),
        ({"test_error": 101.0}, "outside"),
        ({"test_error": "1.2"}, "test_error is 1.2"),
        ({"epochs_planned": "all"}, "epochs_planned is all"),
        ({"epochs_planned": True}, "epochs_planned is true"),
        ({"complete": 1}, "complete is 1"),
        ({"epochs_done": 49}, "complete after 49 of 50"),
        ({"best_epoch": 51}, "best_epoch is 51"),
        ({"started": "yesterday"}, "started is yesterday"),
        ({"data": {"name": "mnist"}}, "whether its data are official"),
        ({"data": {"official": True, "sha256": ["ab"]}}, "lacks the checksums of its data"),
        ({"software": {"commit": 1}}, "software.commit is 1"),
        ({"settings": {"training.epochs": "many"}}, "training.epochs is many, epochs_planned 50"),
        ({"seconds": 10**400}, "seconds is 1000"),
        ({"device": "\ud800"}, "surrogates not allowed"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, new_run, changes, expected):
    new_run(tmp_path, **changes)
    assert expected in reason(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '"record"', "[" * 100_000])
def test_a_broken_record_is_named(tmp_path, new_run, text):
    (new_run(tmp_path) / "record.json").write_text(text)
    assert "record.json" in reason(tmp_path)


@pytest.mark.parametrize(
    "name, text",
    [
        ("log.csv", "epoch,test_error\n1,2,3\n"),
        ("log.csv", "epoch\nfirst\n"),
        ("log.csv", ""),
        ("histogram.json", '{"layers": {"a": {"edges": [0, 1], "counts": [1, 2]}}}'),
        ("histogram.json", "[]"),
        ("histogram.json", '{"layers": {"a": {"edges": [0, {}], "counts": [1]}}}'),
        ("histogram.json", '{"layers": {"a": {"edges": [0, 0], "counts": [1]}}}'),
        ("histogram.json", '{"layers": {"a": {"edges": [0, 1], "counts": [NaN]}}}'),
        ("histogram.json", "[" * 5000),
        ("test_losses.json", "[" + "1" * 5000 + "]"),
        ("log.csv", "test_error\n1\n"),
        ("log.csv", "epoch\n" + "1" * 200_000),
        ("test_losses.json", '{"a": 1}'),
        ("test_losses.json", "[1.0, NaN]"),
    ],
)
def test_a_broken_companion_is_named(tmp_path, new_run, name, text):
    (new_run(tmp_path) / name).write_text(text)
    assert name in reason(tmp_path)


def test_a_missing_log_or_histogram_is_no_fault(tmp_path, new_run):
    folder = new_run(tmp_path)
    (folder / "log.csv").unlink()
    (folder / "histogram.json").unlink()
    (run,), left_out = run_folders.read([tmp_path])
    assert not left_out and run.log == {} and run.histogram == {}


def test_losses_of_test_sequences_are_read(tmp_path, new_run):
    (new_run(tmp_path) / "test_losses.json").write_text("[1.5, 1.25, 1.0]")
    (run,), _ = run_folders.read([tmp_path])
    np.testing.assert_array_equal(run.test_losses, [1.5, 1.25, 1.0])


def test_an_unfinished_run_is_named_and_left_out(tmp_path, new_run):
    new_run(tmp_path / "runs", complete=False, epochs_done=12, test_error=None)
    results = collect([tmp_path / "runs"])
    assert not any(cell.runs for cell in results.cells) and not results.others
    assert [(item.path, item.reason) for item in results.left_out] == [
        ("runs/mnist/lab/seed-1234", "unfinished: 12 of 50 epochs")
    ]


def test_a_diverged_run_is_read_and_left_out_by_name(diverged):
    runs = diverged.folder.parents[2]
    (run,), left_out = run_folders.read([runs])
    assert run.record.diverged and not left_out
    results = collect([runs])
    assert not any(cell.runs or cell.diverged for cell in results.cells) and not results.others
    assert [item.reason for item in results.left_out] == ["diverged: validation was never finite; 1 of 2 epochs ran"]
    assert " diverged " in report.summary(report.collect([runs]))


def test_a_missing_folder_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="no folder of runs at"):
        run_folders.read([tmp_path / "nowhere"])


def test_by_default_runs_here_and_the_checkouts_results_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = Path(run_folders.__file__).resolve().parents[2] / "results"
    assert run_folders.default_folders() == [results]
    (tmp_path / "runs").mkdir()
    (tmp_path / "results").mkdir()
    assert run_folders.default_folders() == [Path("runs"), results]


def test_a_setting_that_a_record_lacks_counts_as_the_value_that_held_then(tmp_path, new_run):
    file = new_run(tmp_path) / "record.json"
    fields = json.loads(file.read_text())
    del fields["settings"]["data.shape"]
    file.write_text(json.dumps(fields))
    (run,), _ = run_folders.read([tmp_path])
    assert run.record.settings["data.shape"] == [784]
    assert [cell.values for cell in collect([tmp_path]).cells if cell.runs] == [[1.2]]


def test_a_folder_named_twice_is_read_once(tmp_path, new_run):
    new_run(tmp_path / "runs")
    assert len(run_folders.read([tmp_path / "runs", tmp_path / "runs" / "mnist"])[0]) == 1
