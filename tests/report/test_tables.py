"""Which runs count for a cell, and what they say."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reproduce import experiments
from reproduce.report import formats, statistics, tables
from reproduce.report.tables import collect, command_of, comparable
from tests.report.run_folder_of import run_folder_of


def cell_of(results, method="lab", column="MNIST"):
    return next(cell for cell in results.cells if (cell.method, cell.column.label) == (method, column))


def test_three_seeds_count_and_are_judged_by_the_pooled_spread(mnist_runs, mnist_results):
    cell = cell_of(collect([mnist_runs]))
    assert cell.by_seed == dict(zip((1234, 1235, 1236), mnist_results["lab"], strict=True))
    s = np.sqrt(np.mean([np.var(results, ddof=1) for results in mnist_results.values()]))
    half = stats.t.ppf(0.975, 14) * s * np.sqrt(4 / 3)
    assert cell.estimate.interval == pytest.approx(
        (np.mean(mnist_results["lab"]) - half, np.mean(mnist_results["lab"]) + half)
    )
    assert cell.sd == pytest.approx(np.std(mnist_results["lab"], ddof=1))
    assert cell.standard_errors == pytest.approx(cell.difference / (s * np.sqrt(4 / 3)))
    assert cell.state == cell.verdict == statistics.REPRODUCED


def test_outside_the_interval_is_not_reproduced_with_size_and_direction(mnist_runs, mnist_results):
    cell = cell_of(collect([mnist_runs]), "bnn")
    assert cell.state == statistics.NOT_REPRODUCED
    assert cell.verdict == f"not reproduced: {np.mean(mnist_results['bnn']) - 1.47:.3f} higher than the paper"
    assert cell.short_verdict == "not reproduced, higher"


def test_one_run_is_judged_provisionally_by_the_binomial_error(tmp_path, new_run):
    new_run(tmp_path, result=1.25)
    cell = cell_of(collect([tmp_path]))
    assert cell.estimate.half_width == pytest.approx(1.959964 * np.sqrt(2 * 1.25 * 98.75 / 10_000))
    assert cell.state == statistics.PROVISIONAL and cell.verdict == "provisional: inside"
    assert cell.sd is None


def test_one_run_of_each_of_three_methods_is_still_provisional(tmp_path, new_run):
    for method in ("lab", "bwn", "binaryconnect"):
        new_run(tmp_path, method=method, result=1.9)
    cell = cell_of(collect([tmp_path]))
    assert cell.state == statistics.PROVISIONAL
    assert cell.verdict == "provisional: outside, 0.730 higher than the paper"


def test_a_single_seed_is_judged_by_the_spread_of_other_methods(tmp_path, new_run):
    new_run(tmp_path, result=1.2)
    for seed, result in ((1, 1.1), (2, 1.2), (3, 1.3)):
        new_run(tmp_path, method="bwn", seed=seed, result=result)
    cell = cell_of(collect([tmp_path]))
    assert cell.estimate.half_width == pytest.approx(stats.t.ppf(0.975, 2) * 0.1 * np.sqrt(2))
    assert cell.state == statistics.REPRODUCED


def test_what_was_not_run_is_not_run(tmp_path):
    results = collect([tmp_path])
    assert {cell.state for cell in results.cells} == {statistics.NOT_RUN}
    assert cell_of(results).difference is None and cell_of(results).inside is None


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"overrides": {"training.epochs": 2}}, "shortened: 2 of 50 epochs"),
        ({"overrides": {"network.units": 64}}, "network.units is 64, in the cell 2048"),
        ({"overrides": {"backend.precision": "tf32"}}, "backend.precision is tf32, in the cell float32"),
        ({"official": False}, "unofficial data"),
        ({"experiment": "digits"}, "not in the paper"),
        ({"settings": {"network.units": 64}}, "network.units is 64, in the cell 2048"),
    ],
)
def test_a_run_with_other_settings_enters_no_cell_and_says_why(tmp_path, new_run, changes, why):
    new_run(tmp_path, **changes)
    results = collect([tmp_path])
    assert not any(cell.runs for cell in results.cells)
    ((_, reason),) = results.others
    assert why in reason


def test_keys_that_cannot_change_a_result_do_not_matter(tmp_path, new_run):
    new_run(tmp_path, overrides={"data.resident_limit": 1000})
    assert cell_of(collect([tmp_path])).runs


def test_how_gates_are_rounded_does_not_matter():
    """A language model's record from before the key went by the C library's functions, and counts."""
    settings = experiments.resolve("war_and_peace", "lab").settings
    earlier = {key: value for key, value in settings.items() if key != "backend.exact_gates"}
    completed = experiments.completed("war_and_peace", "lab", earlier)
    assert (settings["backend.exact_gates"], completed["backend.exact_gates"]) == (False, True)
    assert comparable(completed, 1) == comparable(settings, 1)


def test_initial_seeds_of_language_models_do_not_matter():
    settings = {"training.init_seed": 7, "training.epochs": 200}
    assert comparable(settings, 7) == comparable(settings | {"training.init_seed": 1}, 1235) == {"training.epochs": 200}
    assert comparable(settings, 8) == settings


def test_of_the_same_seed_the_earliest_counts_and_the_others_are_named(tmp_path, new_run):
    new_run(tmp_path / "b", result=1.1, started="2026-01-02T00:00:00+00:00")
    new_run(tmp_path / "a", result=1.5, started="2026-01-02T12:00:00+14:00")  # in UTC still the day before
    results = collect([tmp_path / "b", tmp_path / "a"])
    assert cell_of(results).values == [1.5]
    (left,) = results.left_out
    assert left.path == "b/mnist/lab/seed-1234"
    assert left.reason == "the same seed as a/mnist/lab/seed-1234, which started earlier"


def test_the_same_seed_on_another_backend_is_the_same_seed(tmp_path, new_run):
    first = new_run(tmp_path / "runs", result=1.5)
    second = first.with_name("seed-1234+jax")
    new_run(tmp_path / "later", result=1.1, backend="jax", started="2026-02-01T00:00:00+00:00").rename(second)
    assert cell_of(collect([tmp_path / "runs"])).values == [1.5]


def test_a_copy_is_called_a_copy(tmp_path, new_run):
    new_run(tmp_path / "runs")
    shutil.copytree(tmp_path / "runs", tmp_path / "results")
    results = collect([tmp_path / "runs", tmp_path / "results"])
    assert len(cell_of(results).runs) == 1
    assert results.left_out[0].reason == "a copy of results/mnist/lab/seed-1234"


def test_diverged_runs_are_named_and_enter_no_statistic(tmp_path, new_run):
    for seed, result in ((1, 130.0), (2, None)):
        new_run(tmp_path, "war_and_peace", "lab", seed, result)
    new_run(tmp_path, "war_and_peace", "binaryconnect", 1, None)
    results = collect([tmp_path])
    cells = {cell.method: cell for cell in results.cells if cell.column.experiment == "war_and_peace" and
             cell.table.number == 3}  # fmt: skip
    assert cells["lab"].values == [1.3] and len(cells["lab"].diverged) == 1
    assert formats.ours(cells["lab"]) == "1.300 (1), 1 diverged" and cells["lab"].state == statistics.PROVISIONAL
    assert formats.ours(cells["binaryconnect"]) == "1 diverged" and formats.ours(cells["bwn"]) == "not run"
    assert cells["binaryconnect"].state == cells["binaryconnect"].verdict == statistics.DIVERGED
    assert [item.reason.partition(":")[0] for item in results.left_out] == ["diverged", "diverged"]


def language_cell(values, method="lab", losses=None):
    """The Table 3 cell of `method` with one run for each of `values`."""
    cell = next(c for c in tables.published() if (c.table.number, c.method) == (3, method))
    fields = [{"seed": i, "settings": {"network.kind": "lstm"}, "test_loss": v} for i, v in enumerate(values)]
    runs = tuple(run_folder_of(**of, test_losses=losses) for of in fields)
    return replace(cell, runs=runs, pool=statistics.pools({method: dict(enumerate(values))})[method])


def test_a_cross_entropy_without_losses_of_its_sequences_has_no_yardstick():
    cell = language_cell([1.3])
    assert cell.state == statistics.PROVISIONAL
    assert cell.inside is None and cell.standard_errors is None
    assert cell.verdict == "provisional: no yardstick, 0.009 higher than the paper"


def test_a_cross_entropy_is_judged_by_a_bootstrap_of_its_sequences():
    losses = np.random.RandomState(0).normal(1.3, 0.3, 3300)
    cell = language_cell([1.3], losses=losses)
    assert cell.estimate.half_width == pytest.approx(1.96 * np.sqrt(2) * 0.3 / np.sqrt(3300), rel=0.12)
    assert cell.verdict == "provisional: inside"


def test_the_command_names_the_overrides():
    commands = {cell.command for cell in tables.published()}
    assert "python -m reproduce run mnist --method lab" in commands
    assert "python -m reproduce run svhn --method lab --set network.filters=16" in commands
    assert "python -m reproduce run war_and_peace --method bwn --set network.steps=150" in commands


def test_the_exact_command_of_a_run_is_its_argv(mnist_runs):
    run = cell_of(collect([mnist_runs])).runs[1]
    assert command_of(run) == "python -m reproduce run mnist --method lab --seed 1235"
