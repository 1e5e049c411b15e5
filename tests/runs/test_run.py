import csv
import functools
import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import NotPreparedError
from reproduce import backends, experiments, sampling, splits
from reproduce.errors import UserError
from reproduce.report.run_folders import read
from reproduce.runs import checkpoints
from reproduce.runs import run as runs
from reproduce.runs.progress import Screen, Unseen
from reproduce.runs.record import Record
from reproduce.runs.stopping import Stop
from tests.runs.run_files import run_files

TINY = {"network.units": 8, "network.hidden_layers": 1, "training.epochs": 4}


class Killed(Exception):
    pass


class KillAfter(Unseen):
    """Stops a run as a kill would: once the named epoch is done, or after some steps of this process."""

    def __init__(self, epoch=None, steps=None):
        self.epoch_of_death, self.left = epoch, steps

    def losses(self, some):
        if self.left is not None:
            self.left -= len(some)
            if self.left <= 0:
                raise Killed

    def epoch(self, row, training):
        if row["epoch"] == self.epoch_of_death:
            raise Killed


def make(folder, method="lab", backend="jax", overrides=TINY, seed=1234):
    experiment = experiments.resolve("digits", method, overrides)
    return runs.Run(experiment, seed, backends.create(backend), folder, ["run"])


def execute(run, watch=None, restart=False, **options):
    with run.held():
        return run.execute("unused", watch=watch, restart=restart, **options)


@pytest.mark.parametrize("backend", ["c", "jax"])
@pytest.mark.parametrize("method", ["full-precision", "lab"])
def test_a_run_that_is_killed_and_stopped_ends_as_if_it_had_not_been(tmp_path, method, backend):
    """Killed in the first epoch and at the end of the third, stopped in between; 24 minibatches are an epoch."""
    whole = make(tmp_path / "whole", method, backend)
    assert execute(whole).epochs_done == 4

    def killed():
        return make(tmp_path / "killed", method, backend)

    with pytest.raises(Killed):
        execute(killed(), KillAfter(steps=10), checkpoint_minutes=1e-9)
    stop = Stop()
    record = execute(killed(), StopAfter(stop, 30, lambda: os.kill(os.getpid(), signal.SIGTERM)), stop=stop)
    assert not record.complete and record.epochs_done == 1
    header, _ = checkpoints.load(killed().folder / "checkpoint.h5")
    assert header["progress"]["epoch"] == 1 and 0 < header["progress"]["minibatch"] < 24
    with pytest.raises(Killed):
        execute(killed(), KillAfter(epoch=3), checkpoint_minutes=1e-9)
    assert killed().record.epochs_done == 3 and not killed().record.complete
    execute(killed())
    assert run_files(killed().folder) == run_files(whole.folder)


class StopAfter(Unseen):
    """Calls `request`, which must ask for a stop, after some steps."""

    def __init__(self, stop, steps, request):
        self.stop, self.left, self.request, self.closed = stop, steps, request, False

    def losses(self, some):
        self.left -= len(some)
        if self.left <= 0 and not self.stop():
            self.request()

    def close(self):
        self.closed = True


def test_a_run_out_of_time_goes_on_elsewhere(tmp_path, whole):
    """Its folder is moved, as into another clone; nothing in it says where it was."""
    stop = Stop(minutes=60)
    time_is_up = functools.partial(stop.__init__, minutes=1e-9)
    watch = StopAfter(stop, 30, time_is_up)
    record = execute(make(tmp_path / "here" / "runs"), watch, stop=stop)
    assert watch.closed and stop.reason == "--minutes 1e-09" and stop.exit_code == 75 and not record.complete
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "here" / "runs", tmp_path / "elsewhere" / "runs")
    moved = make(tmp_path / "elsewhere" / "runs")
    header, _ = checkpoints.load(moved.folder / "checkpoint.h5")
    assert 0 < header["progress"]["minibatch"] < 24
    execute(moved)
    assert run_files(moved.folder) == run_files(whole.folder)
    assert not any(str(tmp_path).encode() in path.read_bytes() for path in moved.folder.iterdir())


def test_record_and_log_say_what_was_done(tmp_path):
    run = make(tmp_path, seed=5)
    record = execute(run)
    assert run.folder == tmp_path / run.experiment.folder / "lab" / "seed-5+jax"
    assert Record.from_json((run.folder / "record.json").read_text()) == record
    assert record.seed == 5 and record.argv == ["run"] and record.backend == "jax"
    assert record.overrides == TINY and record.epochs_planned == 4
    assert record.data["official"] and len(record.data["sha256"]["X"]) == 64
    with open(run.folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    best = rows[record.best_epoch - 1]
    assert float(best["valid_error"]) == record.valid_error == min(float(row["valid_error"]) for row in rows)
    assert float(best["test_error"]) == record.test_error
    assert float(rows[-1]["alpha_dense1"]) > 0
    histogram = json.loads((run.folder / "histogram.json").read_text())
    latent = checkpoints.load(run.folder / "checkpoint.h5")[1]["arrays"]["dense1.W"]
    assert sum(histogram["layers"]["dense1"]["counts"]) == latent.size and abs(latent).max() <= 1
    header, groups = checkpoints.load(run.folder / "best.h5")
    assert header["epoch"] == record.best_epoch and groups["arrays"]["dense1.W"].shape == latent.shape


def killed_at(monkeypatch, run, name, times):
    """Kill `run` in the moment before the named file is put in place for the n-th time."""
    replace, left = os.replace, [times]

    def guarded(source, destination):
        if Path(destination).name == name:
            left[0] -= 1
            if not left[0]:
                raise Killed
        replace(source, destination)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, "replace", guarded)
        execute(run, checkpoint_minutes=1e-9)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = make(tmp_path_factory.mktemp("whole"))
    execute(run)
    return run


@pytest.fixture(scope="module")
def after_60_steps(tmp_path_factory):
    """A run killed in its third epoch; see `killed`."""
    run = make(tmp_path_factory.mktemp("killed"))
    with pytest.raises(Killed):
        execute(run, KillAfter(steps=60), checkpoint_minutes=1e-9)
    return run


@pytest.fixture
def killed(tmp_path, after_60_steps):
    """The files of a run that was killed after 60 steps, in a folder of the test's own: a new run that finds them."""
    run = make(tmp_path)
    shutil.copytree(after_60_steps.folder, run.folder)
    return run


@pytest.mark.parametrize(
    ("name", "times"),
    [("checkpoint.h5", 30), ("checkpoint.previous.h5", 31), ("best.h5", 2), ("record.json", 4), ("histogram.json", 1)],
)
def test_a_kill_between_two_files_changes_nothing_that_follows(tmp_path, monkeypatch, whole, name, times):
    killed_at(monkeypatch, make(tmp_path), name, times)
    again = make(tmp_path)
    execute(again)
    assert run_files(again.folder) == run_files(whole.folder)


def test_a_run_killed_before_a_checkpoint_was_due_goes_on(tmp_path, whole):
    with pytest.raises(Killed):
        execute(make(tmp_path), KillAfter(epoch=1))
    again = make(tmp_path)
    assert again.record.epochs_done == 1
    execute(again)
    assert run_files(again.folder) == run_files(whole.folder)


@pytest.mark.parametrize("name", ["checkpoint.h5", "checkpoint.previous.h5", "histogram.json", "log.csv"])
def test_a_second_kill_at_the_very_end_changes_nothing(tmp_path, monkeypatch, whole, name):
    killed_at(monkeypatch, make(tmp_path), "histogram.json", 1)
    killed_at(monkeypatch, make(tmp_path), name, 1)
    again = make(tmp_path)
    assert not again.record.complete
    execute(again)
    assert run_files(again.folder) == run_files(whole.folder)


def test_a_killed_language_model_ends_as_the_whole_one(tmp_path, monkeypatch, language_run, jax_language_model):
    killed_at(monkeypatch, language_run(tmp_path), "test_losses.json", 2)
    again = language_run(tmp_path)
    assert not again.record.complete
    execute(again)
    assert run_files(again.folder) == run_files(jax_language_model.folder)


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(killed, whole, capsys):
    path = killed.folder / "checkpoint.h5"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    execute(killed, Screen("a run"))
    assert (
        f"a run: {path} is damaged: its checksum does not hold; continues from the previous one"
        in capsys.readouterr().err
    )
    assert run_files(killed.folder) == run_files(whole.folder)


def test_a_damaged_best_model_is_written_anew(killed, whole):
    (killed.folder / "best.h5").write_bytes(b"nothing")
    execute(killed)
    assert run_files(killed.folder) == run_files(whole.folder)


def test_a_checkpoint_of_before_it_held_the_best_model_goes_on(killed, whole):
    """Its model lies beside it."""
    path = killed.folder / "checkpoint.h5"
    header, groups = checkpoints.load(path)
    checkpoints.save(path, header, arrays=groups["arrays"], signs=groups["signs"])
    execute(killed)
    assert run_files(killed.folder) == run_files(whole.folder)


def test_a_run_that_began_before_flips_were_counted_goes_on(killed, whole):
    """Killed in its third epoch: the log lacks the flips of the first three."""
    path = killed.folder / "checkpoint.h5"
    header, groups = checkpoints.load(path)
    assert groups.pop("signs").keys() == {"dense1.W", "dense2.W"}
    for row in header["progress"]["rows"]:
        del row["flip_ratio_dense1"], row["flip_ratio_dense2"]
    checkpoints.save(path, header, **groups)
    execute(killed)
    (after,), _ = read([killed.folder])
    (before,), _ = read([whole.folder])
    log, expected = after.log, before.log
    for name in ("flip_ratio_dense1", "flip_ratio_dense2"):
        assert np.isnan(log[name][:3]).all() and log[name][3] == expected[name][3] > 0
    assert np.array_equal(log["train_loss"], expected["train_loss"]) and log.keys() == expected.keys()


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(UserError, match=r"will need \d+ MB and the disk has 0 MB free; free some, or .* --runs"):
        execute(make(tmp_path))
    assert not make(tmp_path).folder.exists()


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
    assert checkpoints.load(run.folder / "best.h5")[0] == {"epoch": 1}


def test_a_restart_removes_all_that_a_run_wrote(tmp_path, language_run, jax_language_model):
    run = language_run(tmp_path)
    shutil.copytree(jax_language_model.folder, run.folder)
    (run.folder / "best.next.h5").touch()
    run.clear()
    assert [path.name for path in run.folder.iterdir()] == [".lock"]


def test_a_diverged_run_finishes_and_says_so(diverged):
    record = diverged.record
    assert record.complete and record.epochs_done == record.diverged_at == 1 and record.best_epoch == 0
    for key in ("valid_loss", "test_loss", "train_loss"):
        assert getattr(record, key) is None
    with open(diverged.folder / "log.csv", newline="") as file:
        assert [row["valid_loss"] for row in csv.DictReader(file)] == ["nan"]
    assert not (diverged.folder / "best.h5").exists() and not (diverged.folder / "test_losses.json").exists()
    histogram = json.loads((diverged.folder / "histogram.json").read_text())
    assert all(np.isfinite(layer["edges"]).all() for layer in histogram["layers"].values())


def test_a_record_keeps_the_command_and_software_that_began(tmp_path, monkeypatch):
    versions = {"commit": "a" * 40}
    monkeypatch.setattr(runs.provenance, "software", lambda: dict(versions))
    first = make(tmp_path)
    with pytest.raises(Killed):
        execute(first, KillAfter(1), checkpoint_minutes=1e-9)
    begun = first.record
    assert begun.resumed == [] and begun.software == {"commit": "a" * 40}

    with pytest.raises(Killed):  # the same command and software: nothing to tell
        execute(make(tmp_path), KillAfter(2), checkpoint_minutes=1e-9)
    versions["commit"] = "b" * 40
    with pytest.raises(Killed):
        execute(make(tmp_path), KillAfter(3), checkpoint_minutes=1e-9)
    last = make(tmp_path)
    record = execute(last)
    for key in ("argv", "software", "started", "device"):
        assert getattr(record, key) == getattr(begun, key)
    (resumed,) = record.resumed
    assert resumed["software"] == {"commit": "b" * 40} and resumed["argv"] == ["run"]
    assert resumed["started"] >= begun.started


def test_a_checkpoint_of_before_processes_were_listed_goes_on(killed):
    path = killed.folder / "checkpoint.h5"
    header, groups = checkpoints.load(path)
    del header["processes"]
    checkpoints.save(path, header | {"started": "2026-01-01T00:00:00+00:00"}, **groups)
    record = execute(killed)
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


def test_a_run_without_its_data_leaves_no_folder(tmp_path):
    (tmp_path / "kept").mkdir()
    experiment = experiments.resolve("mnist", "lab", {})
    for folder in (tmp_path / "new" / "runs", tmp_path / "kept"):
        run = runs.Run(experiment, 1234, backends.create("jax", "cpu"), folder, ["run", "mnist"])
        with pytest.raises(NotPreparedError), run.held():
            run.execute(tmp_path / "nothing")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"] and not list((tmp_path / "kept").iterdir())


def no_data(*arguments):
    raise UserError("no data")


@pytest.mark.parametrize("content", ["{}", "[]", '{"format": 99}'])
def test_a_foreign_record_is_refused(tmp_path, content):
    run = make(tmp_path)
    run.folder.mkdir(parents=True)
    (run.folder / "record.json").write_text(content)
    with pytest.raises(UserError, match=r"record\.json cannot be used"):
        execute(run)


def test_a_missing_or_foreign_checkpoint_is_refused(killed):
    path = killed.folder / "checkpoint.h5"
    header, groups = checkpoints.load(path)
    checkpoints.save(path, header, arrays={"dense1.W": groups["arrays"]["dense1.W"]})
    with pytest.raises(UserError, match="does not fit"):
        execute(killed)
    checkpoints.save(path, {"progress": {}}, **groups)
    with pytest.raises(UserError, match="does not fit"):
        execute(killed)
    path.unlink()
    (path.parent / "checkpoint.previous.h5").unlink()
    with pytest.raises(UserError, match="is gone; start the run anew"):
        execute(killed)


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


def test_a_run_that_began_before_there_was_a_key_goes_on(killed, whole):
    path, record = killed.folder / "checkpoint.h5", killed.record
    header, groups = checkpoints.load(path)
    for settings in (header["settings"], record.settings):
        del settings["data.shape"]
    checkpoints.save(path, header, **groups)
    (killed.folder / "record.json").write_text(record.to_json())
    execute(killed)
    assert run_files(killed.folder) == run_files(whole.folder)


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
