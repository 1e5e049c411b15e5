"""The missing runs of a target: which they are, in what order, and that they run, stop and continue."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from reproduce import cli, experiments, sweep
from reproduce.errors import UserError
from reproduce.report.estimates import Estimates, peak_memory
from reproduce.report.tables import published
from reproduce.runs.run import run_folder

CPU = "AMD EPYC, 1 threads"


def run(
    experiment="mnist", method="lab", seed=1, overrides=None, seconds=100.0, epochs_done=50, complete=True, device=CPU
):  # fmt: skip
    """A run folder as the report reads it, as far as a sweep asks."""
    settings = experiments.resolve(experiment, method, overrides or {}).settings
    record = SimpleNamespace(
        experiment=experiment, method=method, seed=seed, settings=settings, seconds=seconds, epochs_done=epochs_done,
        complete=complete, device=device,
    )  # fmt: skip
    return SimpleNamespace(record=record, gradients=None)


def test_a_table_asks_for_each_of_its_cells_and_each_seed():
    cells = [cell for cell in published() if cell.column.table.number == 1]
    wanted = sweep.jobs("table1", [1, 2])
    assert len(wanted) == len(set(wanted)) == 2 * len(cells)
    assert {(job.experiment, job.method) for job in wanted} == {(c.column.experiment, c.method) for c in cells}


def test_targets_share_runs():
    """Table 3's and Table 4's War and Peace at 100 steps are the same runs."""
    both = set(sweep.jobs("table3", [1])) & set(sweep.jobs("table4", [1]))
    assert len(sweep.jobs("all", [1])) == len(set(sweep.jobs("all", [1])))
    assert {(job.experiment, job.overrides) for job in both} == {("war_and_peace", ())}  # of 100 steps


def test_an_experiment_that_the_paper_lacks_runs_every_method():
    assert [job.method for job in sweep.jobs("digits", [7], ["lab", "bwn"])] == ["bwn", "lab"]


@pytest.mark.parametrize("target, methods, message", [("table5", None, "table5"), ("table1", ["lba"], "lba")])
def test_mistakes_are_named(target, methods, message):
    with pytest.raises(UserError, match=message):
        sweep.jobs(target, [1], methods)


def test_a_finished_run_with_the_same_settings_is_not_missing():
    wanted = sweep.jobs("mnist", [1, 2], ["lab"])
    left = sweep.missing(wanted, [run(seed=1), run(seed=2, complete=False)])
    assert [(job.seed, seconds) for job, seconds in left] == [(2, 100.0)]
    assert len(sweep.missing(wanted, [run(seed=1, overrides={"training.epochs": 3})])) == 2


def test_a_run_without_its_recording_does_not_count_for_figure_1():
    wanted = sweep.jobs("figure1", [1], ["lab"])
    ran = run("war_and_peace", "lab", 1, {"network.steps": 10, "training.epochs": 2})
    assert sweep.missing(wanted, [ran])[0][0].overrides[1] == ("network.steps", 10)
    ran.gradients = object()
    assert [job.overrides[1] for job, _ in sweep.missing(wanted, [ran])] == [("network.steps", 100)]


def test_estimates_take_the_methods_epochs_then_those_of_its_network():
    estimates = Estimates([run(seconds=100.0), run(seed=2, seconds=300.0), run(method="bwn", seconds=50.0)])
    seconds = {
        method: estimates.seconds(experiments.resolve("mnist", method, {"training.epochs": 100}))
        for method in ("lab", "bwn", "bnn")
    }
    assert seconds == {"lab": 400.0, "bwn": 100.0, "bnn": 200.0}
    assert estimates.seconds(experiments.resolve("svhn", "lab", {})) is None


def test_estimates_tell_gpus_and_cpus_apart():
    runs = [run(seconds=3000.0), run(seed=2, seconds=60.0, device="gpu (NVIDIA H200)")]
    lab = experiments.resolve("mnist", "lab", {})
    assert [Estimates(runs, device).seconds(lab) for device in ("auto", "cpu", "gpu")] == [1530.0, 3000.0, 60.0]
    assert Estimates(runs[:1], "gpu").seconds(lab) is None


def test_threads_are_those_of_most_records():
    runs = [run(seed=seed, device=f"AMD EPYC, {threads} threads") for seed, threads in enumerate((4, 1, 4))]
    assert Estimates(runs).threads(experiments.resolve("mnist", "bwn", {})) == 4
    assert Estimates(runs).threads(experiments.resolve("svhn", "bwn", {})) == 1


def test_the_memory_of_an_experiment_is_the_largest_of_its_runs_and_traces(tmp_path):
    measured = tmp_path / "memory.json"
    commands = [("run", "mnist", 5), ("trace", "mnist", 7), ("run", "svhn", 9), ("data", "prepare", 11)]
    found = {
        f"{words}": {"command": ["python", "-m", "reproduce", *words], "peak_bytes": peak} for *words, peak in commands
    }
    assert peak_memory("mnist", measured) is None
    measured.write_text(json.dumps(found))
    assert [peak_memory(name, measured) for name in ("mnist", "svhn", "digits")] == [7, 9, None]


def test_a_path_belongs_to_one_job_and_is_its_run_folder():
    jobs = {job for target in (*sweep.TARGETS, *experiments.names()) for job in sweep.jobs(target, [1, 2])}
    assert len({job.path for job in jobs}) == len(jobs)
    assert all(Path("runs", job.path) == run_folder("runs", job.resolved, job.seed, "c") for job in jobs)


def test_the_cheapest_come_first_and_the_unknown_last():
    ran = [run(seconds=100.0), run(method="bwn", seconds=50.0)]
    wanted = [*sweep.jobs("svhn", [1], ["lab"]), *sweep.jobs("mnist", [2], ["lab", "bwn"])]
    timed = sweep.missing(wanted, ran)
    assert [(job.experiment, job.method) for job, _ in timed][:2] == [("mnist", "bwn"), ("mnist", "lab")]
    assert timed[-1][1] is None and "of unknown length" in sweep.plan(timed)[-1]


def test_a_sweep_stops_and_continues(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    command = ["sweep", "digits", "--methods", "full-precision", "bwn", "--seeds", "1", "--jobs", "2"]
    assert cli.main([*command, "--minutes", "0.1", "--backend", "jax", "--quiet"]) == 75
    stopped = capfd.readouterr()
    assert stopped.out == "" and "run the same command to continue" in stopped.err
    assert cli.main([*command, "--backend", "jax"]) == 0
    said = capfd.readouterr().out
    for method in ("full-precision", "bwn"):
        assert json.loads((tmp_path / f"runs/digits/{method}/seed-1+jax/record.json").read_text())["complete"]
        assert f"digits {method} seed 1: test error" in said
    assert cli.main([*command, "--dry-run"]) == 0
    assert capfd.readouterr().out.startswith("0 runs are missing")


def test_a_run_that_fails_is_named_and_the_others_go_on(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sweep", "mnist", "--methods", "lab", "bwn", "--seeds", "77", "--data", "none", "--quiet"]) == 1
    said = capfd.readouterr().out.splitlines()
    assert len(said) == 2 and all(": failed with exit code 2: error: " in line for line in said)
