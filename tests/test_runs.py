import csv
import json

import numpy as np
import pytest

from reproduce import backends, checkpoints, experiments, runs
from reproduce.errors import UserError

TINY = {"network.units": 8, "network.hidden_layers": 1, "training.epochs": 4}


class Killed(Exception):
    pass


class KillAfter:
    """Stops a run as a kill would, once the named epoch is done."""

    def __init__(self, epoch):
        self.last = epoch

    def start(self, training):
        pass

    def losses(self, some):
        pass

    def epoch(self, row, training):
        if row["epoch"] == self.last:
            raise Killed


def make(folder, method="lab", backend="jax", overrides=TINY, seed=1234):
    experiment = experiments.resolve("digits", method, overrides)
    return runs.Run(experiment, seed, backends.create(backend), folder, ["run"])


def execute(run, watch=None, restart=False):
    with run.held():
        return run.execute("unused", watch=watch, restart=restart)


def without_time(folder):
    with open(folder / "log.csv", newline="") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


@pytest.mark.parametrize("backend", ["c", "jax"])
@pytest.mark.parametrize("method", ["full-precision", "lab"])
def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path, monkeypatch, method, backend):
    whole = make(tmp_path / "whole", method, backend)
    record = execute(whole)
    assert record["complete"] and record["epochs_done"] == 4

    monkeypatch.setattr(runs, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    for epoch in (1, 3):
        with pytest.raises(Killed):
            execute(make(tmp_path / "killed", method, backend), KillAfter(epoch))
    killed = make(tmp_path / "killed", method, backend)
    assert killed.record["epochs_done"] == 3 and not killed.record["complete"]
    resumed = execute(killed)

    for name in ("checkpoint.h5", "best.h5"):
        one, header_one = checkpoints.load(whole.folder / name)
        two, header_two = checkpoints.load(killed.folder / name)
        assert one.keys() == two.keys()
        for key, array in one.items():
            assert array.tobytes() == two[key].tobytes(), key
        assert header_one.get("generator") == header_two.get("generator")
    assert without_time(whole.folder) == without_time(killed.folder)
    for key in ("best_epoch", "valid_error", "test_error", "train_loss", "settings", "data"):
        assert record[key] == resumed[key]


def test_record_and_log_say_what_was_done(tmp_path):
    run = make(tmp_path, seed=5)
    record = execute(run)
    assert run.folder == tmp_path / run.experiment.folder / "lab" / "seed-5+jax"
    assert json.loads((run.folder / "record.json").read_text()) == record
    assert record["seed"] == 5 and record["argv"] == ["run"] and record["backend"] == "jax"
    assert record["overrides"] == TINY and record["epochs_planned"] == 4
    assert record["data"]["official"] and len(record["data"]["sha256"]["X"]) == 64
    rows = without_time(run.folder)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    best = rows[record["best_epoch"] - 1]
    assert float(best["valid_error"]) == record["valid_error"] == min(float(row["valid_error"]) for row in rows)
    assert float(best["test_error"]) == record["test_error"]
    assert float(rows[-1]["alpha_dense1"]) > 0
    histogram = json.loads((run.folder / "histogram.json").read_text())
    latent = checkpoints.load(run.folder / "checkpoint.h5")[0]["dense1.W"]
    assert sum(histogram["layers"]["dense1"]["counts"]) == latent.size and abs(latent).max() <= 1
    best_model, header = checkpoints.load(run.folder / "best.h5")
    assert header["epoch"] == record["best_epoch"] and best_model["dense1.W"].shape == latent.shape


def test_a_finished_run_does_nothing(tmp_path):
    record = execute(make(tmp_path, overrides=TINY | {"training.epochs": 1}))
    again = make(tmp_path, overrides=TINY | {"training.epochs": 1})
    stamp = (again.folder / "checkpoint.h5").stat().st_mtime_ns
    assert execute(again) == record
    assert (again.folder / "checkpoint.h5").stat().st_mtime_ns == stamp


def test_a_restart_that_cannot_begin_loses_nothing(tmp_path, monkeypatch):
    short = TINY | {"training.epochs": 1}
    run = make(tmp_path, overrides=short)
    record = execute(run)
    with monkeypatch.context() as patch, pytest.raises(UserError, match="no data"):
        patch.setattr(runs.arrays, "load", no_data)
        execute(make(tmp_path, overrides=short), restart=True)
    assert run.record == record
    again = execute(make(tmp_path, overrides=short), restart=True)
    assert again["train_loss"] == record["train_loss"]


def no_data(*arguments):
    raise UserError("no data")


@pytest.mark.parametrize("content", ["{}", "[]", '{"format": 99}'])
def test_a_foreign_record_is_refused(tmp_path, content):
    run = make(tmp_path)
    run.folder.mkdir(parents=True)
    (run.folder / "record.json").write_text(content)
    with pytest.raises(UserError, match="no record of format"):
        execute(run)


def test_a_missing_or_foreign_checkpoint_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    with pytest.raises(Killed):
        execute(make(tmp_path), KillAfter(1))
    path = make(tmp_path).folder / "checkpoint.h5"
    state, header = checkpoints.load(path)
    checkpoints.save(path, {"dense1.W": state["dense1.W"]}, header)
    with pytest.raises(UserError, match="does not fit"):
        execute(make(tmp_path))
    checkpoints.save(path, state, {"progress": {}})
    with pytest.raises(UserError, match="does not fit"):
        execute(make(tmp_path))
    path.unlink()
    with pytest.raises(UserError, match="is gone; start the run anew"):
        execute(make(tmp_path))


def test_settings_that_do_not_fit_the_data_are_refused(tmp_path):
    with pytest.raises(UserError, match="more than the 297 examples of the valid set"):
        execute(make(tmp_path, overrides=TINY | {"training.batch_size": 298}))
    with pytest.raises(UserError, match="classes=5 is too few: the data have 10"):
        execute(make(tmp_path, overrides=TINY | {"network.classes": 5}))


def test_a_changed_configuration_is_refused_with_the_keys(tmp_path):
    run = make(tmp_path, overrides=TINY | {"training.epochs": 1})
    execute(run)
    record = run.record
    record["settings"]["training.decay_factor"] = 0.5
    (run.folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"training.decay_factor was 0.5, now 0.1"):
        execute(make(tmp_path, overrides=TINY | {"training.epochs": 1}))
    record["settings"]["training.decay_factor"] = 0.1
    record["data"]["sha256"]["X"] = "0" * 64
    (run.folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="other checksums"):
        execute(make(tmp_path, overrides=TINY | {"training.epochs": 1}))


def test_two_processes_cannot_hold_one_run(tmp_path):
    with make(tmp_path).held(), pytest.raises(UserError, match="another process"), make(tmp_path).held():
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write to"), make(tmp_path / "file").held():
        pass


def test_an_unreadable_record_is_named(tmp_path):
    run = make(tmp_path)
    run.folder.mkdir(parents=True)
    (run.folder / "record.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        execute(run)


def test_the_jax_backend_has_runs_of_its_own(tmp_path):
    experiment = experiments.resolve("digits", "lab")
    assert runs.run_folder(tmp_path, experiment, 3, "c").name == "seed-3"
    assert runs.run_folder(tmp_path, experiment, 3, "jax").name == "seed-3+jax"


def test_seeds_differ_and_repeat(tmp_path):
    short = TINY | {"training.epochs": 1}
    losses = [
        execute(make(tmp_path / name, overrides=short, seed=seed))["train_loss"]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert losses[0] == losses[1] != losses[2]
    assert np.isfinite(losses).all()
