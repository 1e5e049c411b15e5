"""A run that was killed or stopped ends as the undisturbed one; what is damaged or missing is named."""

import functools
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from reproduce.errors import UserError
from reproduce.report.run_folders import read
from reproduce.runs import checkpoints
from reproduce.runs import run as runs
from reproduce.runs.progress import Screen, Unseen
from reproduce.runs.stopping import Stop
from tests.runs.run_files import run_files
from tests.runs.tiny_runs import KillAfter, Killed, execute, make


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


def test_a_run_that_began_before_there_was_a_key_goes_on(killed, whole):
    path, record = killed.folder / "checkpoint.h5", killed.record
    header, groups = checkpoints.load(path)
    for settings in (header["settings"], record.settings):
        del settings["data.shape"]
    checkpoints.save(path, header, **groups)
    (killed.folder / "record.json").write_text(record.to_json())
    execute(killed)
    assert run_files(killed.folder) == run_files(whole.folder)
