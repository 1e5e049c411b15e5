import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import NotPreparedError
from reproduce import backends, experiments, sampling, splits
from reproduce.errors import UserError
from reproduce.runs import checkpoints
from reproduce.runs import run as runs
from reproduce.runs.record import Record
from tests.runs.tiny_runs import TINY, execute, make


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


def test_a_record_that_cannot_be_read_is_no_reason_to_start_anew(tmp_path):
    run = make(tmp_path)
    (run.folder / "record.json").mkdir(parents=True)
    with pytest.raises(UserError, match=r"record\.json cannot be read \(Is a directory\)$"):
        execute(run)


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
