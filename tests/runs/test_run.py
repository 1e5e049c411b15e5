import csv
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reproduce import backends, experiments, sampling, splits
from reproduce.errors import UserError
from reproduce.runs import checkpoints
from reproduce.runs import run as runs
from reproduce.runs.record import Record

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
    assert record.complete and record.epochs_done == 4

    monkeypatch.setattr(runs, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    for epoch in (1, 3):
        with pytest.raises(Killed):
            execute(make(tmp_path / "killed", method, backend), KillAfter(epoch))
    killed = make(tmp_path / "killed", method, backend)
    assert killed.record.epochs_done == 3 and not killed.record.complete
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
        assert getattr(record, key) == getattr(resumed, key)


def test_record_and_log_say_what_was_done(tmp_path):
    run = make(tmp_path, seed=5)
    record = execute(run)
    assert run.folder == tmp_path / run.experiment.folder / "lab" / "seed-5+jax"
    assert Record.from_json((run.folder / "record.json").read_text()) == record
    assert record.seed == 5 and record.argv == ["run"] and record.backend == "jax"
    assert record.overrides == TINY and record.epochs_planned == 4
    assert record.data["official"] and len(record.data["sha256"]["X"]) == 64
    rows = without_time(run.folder)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    best = rows[record.best_epoch - 1]
    assert float(best["valid_error"]) == record.valid_error == min(float(row["valid_error"]) for row in rows)
    assert float(best["test_error"]) == record.test_error
    assert float(rows[-1]["alpha_dense1"]) > 0
    histogram = json.loads((run.folder / "histogram.json").read_text())
    latent = checkpoints.load(run.folder / "checkpoint.h5")[0]["dense1.W"]
    assert sum(histogram["layers"]["dense1"]["counts"]) == latent.size and abs(latent).max() <= 1
    best_model, header = checkpoints.load(run.folder / "best.h5")
    assert header["epoch"] == record.best_epoch and best_model["dense1.W"].shape == latent.shape


def killed_at(monkeypatch, run, name, times=2):
    """Kill `run` in the moment before the named file is put in place for the n-th time."""
    replace, left = os.replace, [times]

    def guarded(source, destination):
        if Path(destination).name == name:
            left[0] -= 1
            if not left[0]:
                raise Killed
        replace(source, destination)

    monkeypatch.setattr(runs, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, "replace", guarded)
        execute(run)


def ends_as(whole, killed):
    """Whether the resumed run has the files of the whole one, its best model's bit for bit."""
    assert {path.name for path in killed.folder.iterdir()} == {path.name for path in whole.folder.iterdir()}
    (one, header_one), (two, header_two) = (checkpoints.load(run.folder / "best.h5") for run in (whole, killed))
    assert all(one[key].tobytes() == two[key].tobytes() for key in one)
    return header_one == header_two and header_two["epoch"] == killed.record.best_epoch


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = make(tmp_path_factory.mktemp("whole"))
    execute(run)
    return run


@pytest.mark.parametrize("name", ["best.next.h5", "checkpoint.h5", "best.h5", "record.json"])
def test_a_kill_between_two_files_leaves_one_best_epoch(tmp_path, monkeypatch, whole, name):
    killed = make(tmp_path)
    killed_at(monkeypatch, killed, name, times=3 if name == "record.json" else 2)
    record, (_, header) = killed.record, checkpoints.load(killed.folder / "best.h5")
    assert record.epochs_done == record.best_epoch == 1
    assert header["epoch"] == (2 if name == "record.json" else 1)
    again = make(tmp_path)
    execute(again)
    assert ends_as(whole, again)


def test_a_killed_runs_losses_of_test_sequences_are_the_same(tmp_path, monkeypatch, language_run, jax_language_model):
    killed_at(monkeypatch, language_run(tmp_path), "test_losses.json")
    again = language_run(tmp_path)
    assert not again.record.complete
    losses = again.folder / "test_losses.json"
    assert np.mean(json.loads(losses.read_text())) == pytest.approx(again.record.test_loss, rel=1e-6)
    execute(again)
    assert ends_as(jax_language_model, again)
    assert losses.read_bytes() == (jax_language_model.folder / "test_losses.json").read_bytes()


def test_the_losses_of_test_sequences_are_those_of_the_best_epoch(language_model):
    record = language_model.record
    losses = json.loads((language_model.folder / "test_losses.json").read_text())
    examples = splits.load(language_model.experiment, "unused")
    assert len(losses) == len(examples.test.x) > 4
    assert np.mean(losses) == pytest.approx(record.test_loss, rel=1e-6)

    model = sampling.load(language_model.folder)
    step, state = sampling._compile(model, language_model.backend)
    for loss, sequence, following in list(zip(losses, *examples.test, strict=True))[:3]:
        (cell, hidden), expected = state, []
        for character, target in zip(sequence, following, strict=True):
            scores, cell, hidden = step(np.array([character]), cell, hidden)
            expected.append(np.log(np.exp(scores[0].astype("float64")).sum()) - scores[0, target])
        assert loss == pytest.approx(np.mean(expected), rel=1e-4)


def test_pictures_have_no_losses_of_sequences(tmp_path):
    run = make(tmp_path, overrides=TINY | {"training.epochs": 1})
    execute(run)
    assert not (run.folder / "test_losses.json").exists()
    assert checkpoints.load(run.folder / "best.h5")[1] == {"epoch": 1}


def test_a_restart_removes_all_that_a_run_wrote(tmp_path, language_run, jax_language_model):
    run = language_run(tmp_path)
    shutil.copytree(jax_language_model.folder, run.folder)
    (run.folder / "best.next.h5").touch()
    run.clear()
    assert [path.name for path in run.folder.iterdir()] == [".lock"]


def test_a_diverged_run_finishes_and_says_so(diverged):
    record = diverged.record
    assert record.complete and record.epochs_done == 2 and record.best_epoch == 0
    for key in ("valid_loss", "test_loss", "train_loss"):
        assert getattr(record, key) is None
    assert without_time(diverged.folder)[-1]["valid_loss"] == "nan"
    assert not (diverged.folder / "best.h5").exists() and not (diverged.folder / "test_losses.json").exists()
    histogram = json.loads((diverged.folder / "histogram.json").read_text())
    assert all(np.isfinite(layer["edges"]).all() for layer in histogram["layers"].values())


def test_a_record_keeps_the_command_and_software_that_began(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    versions = {"commit": "a" * 40}
    monkeypatch.setattr(runs.provenance, "software", lambda: dict(versions))
    first = make(tmp_path)
    with pytest.raises(Killed):
        execute(first, KillAfter(1))
    begun = first.record
    assert begun.resumed == [] and begun.software == {"commit": "a" * 40}

    with pytest.raises(Killed):  # the same command and software: nothing to tell
        execute(make(tmp_path), KillAfter(2))
    versions["commit"] = "b" * 40
    with pytest.raises(Killed):
        execute(make(tmp_path), KillAfter(3))
    last = make(tmp_path)
    record = execute(last)
    for key in ("argv", "software", "started", "device"):
        assert getattr(record, key) == getattr(begun, key)
    (resumed,) = record.resumed
    assert resumed["software"] == {"commit": "b" * 40} and resumed["argv"] == ["run"]
    assert resumed["started"] >= begun.started


def test_a_checkpoint_of_before_processes_were_listed_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    with pytest.raises(Killed):
        execute(make(tmp_path), KillAfter(3))
    path = make(tmp_path).folder / "checkpoint.h5"
    state, header = checkpoints.load(path)
    del header["processes"]
    checkpoints.save(path, state, header | {"started": "2026-01-01T00:00:00+00:00"})
    record = execute(make(tmp_path))
    assert record.complete and record.started.startswith("2026-01-01") and record.resumed == []


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
        patch.setattr(runs.splits, "load", no_data)
        execute(make(tmp_path, overrides=short), restart=True)
    assert run.record == record
    again = execute(make(tmp_path, overrides=short), restart=True)
    assert again.train_loss == record.train_loss


def no_data(*arguments):
    raise UserError("no data")


@pytest.mark.parametrize("content", ["{}", "[]", '{"format": 99}'])
def test_a_foreign_record_is_refused(tmp_path, content):
    run = make(tmp_path)
    run.folder.mkdir(parents=True)
    (run.folder / "record.json").write_text(content)
    with pytest.raises(UserError, match=r"record\.json cannot be used"):
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
    path = run.folder / "record.json"
    record = run.record
    path.write_text(replace(record, settings=record.settings | {"training.decay_factor": 0.5}).to_json())
    with pytest.raises(UserError, match=r"training.decay_factor was 0.5, now 0.1"):
        execute(make(tmp_path, overrides=TINY | {"training.epochs": 1}))
    path.write_text(replace(record, data=record.data | {"sha256": {"X": "0" * 64}}).to_json())
    with pytest.raises(UserError, match="other checksums"):
        execute(make(tmp_path, overrides=TINY | {"training.epochs": 1}))


def test_a_key_that_came_later_does_not_stop_a_run_that_was_begun(tmp_path):
    run = make(tmp_path, overrides=TINY | {"training.epochs": 1})
    execute(run)
    record = run.record
    settings = {key: value for key, value in record.settings.items() if key != "data.shape"}
    (run.folder / "record.json").write_text(replace(record, settings=settings).to_json())
    assert execute(make(tmp_path, overrides=TINY | {"training.epochs": 1})).settings == settings


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
        execute(make(tmp_path / name, overrides=short, seed=seed)).train_loss
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert losses[0] == losses[1] != losses[2]
    assert np.isfinite(losses).all()
