"""What is said of all cells and claims at once."""

import itertools

import pytest
from scipy import stats

from reproduce.report import agreement, claims, overview, tables
from reproduce.report.tables import collect


@pytest.fixture(scope="module")
def results(mnist_runs):
    return collect([mnist_runs])


def test_cells_that_share_their_runs_are_one():
    cells = tables.published()
    assert len(cells) == 67 and len(overview.distinct(cells)) == 59
    assert {cell.column.title for cell in cells} - {cell.column.title for cell in overview.distinct(cells)} == {
        "SVHN, K = 64",
        "War and Peace, 100 steps",
    }


def test_the_tally_is_the_binomial_tail(results):
    tally = overview.tally(results.cells)
    assert [cell.method for cell in tally.outside] == ["bnn"] and len(tally.judged) == 7
    assert tally.expected == pytest.approx(0.35)
    assert tally.chance == pytest.approx(1 - 0.95**7) == pytest.approx(stats.binomtest(1, 7, 0.05, "greater").pvalue)


def test_cells_without_a_known_spread_are_not_counted(tmp_path, new_run):
    new_run(tmp_path)
    assert overview.tally(collect([tmp_path]).cells).judged == []


def test_three_sentences_say_what_was_found(results):
    cells, of_claims, rest = overview.sentences(results, claims.of(results))
    assert cells.startswith("Of the 59 distinct numbers in the paper’s tables 7 were measured, with 3 seeds each: ")
    assert cells.endswith(
        ": 6 reproduced, 1 not reproduced; chance alone would put 0.4 of 7 outside their intervals (as many or more in "
        "30% of cases), and 1 lies there: BNN on MNIST, 0.317 higher than the paper."
    )
    judged = [comparison for claim in claims.of(results) for comparison in claim.comparisons if not comparison.missing]
    undecided = [comparison for comparison in judged if comparison.state == "undecided"]
    nearest = min(comparison.more_seeds for comparison in undecided)
    assert f" 9 claims {len(judged)} were made: " in of_claims and f", {len(undecided)} undecided" in of_claims
    assert "; the nearest to a decision: “LAB" in of_claims and f"(MNIST), {nearest} more seeds, " in of_claims
    assert rest == (
        "52 numbers were not run (CIFAR-10, SVHN, War and Peace, Linux Kernel); by the records, one run of each takes "
        "an unknown time."
    )


def test_the_sentences_of_nothing_and_of_single_runs(tmp_path, new_run):
    none = collect([])
    found = overview.sentences(none, claims.of(none))
    assert [sentence.partition(" ")[0] for sentence in found] == ["None", "None", "59"]
    new_run(tmp_path, result=1.2)
    one = collect([tmp_path])
    first, second, _ = overview.sentences(one, claims.of(one))
    assert first.endswith("1 was measured, with one seed each: 1 provisional.")
    assert second.startswith("None of the ")


def test_what_was_not_run_has_a_command_and_the_hours_that_records_tell(tmp_path, new_run):
    new_run(tmp_path, "war_and_peace", "lab", result=130.0, overrides={"training.epochs": 2}, seconds=7200.0)
    tables_not_run = {rest.table.number: rest for rest in overview.not_run(collect([tmp_path]))}
    assert [len(rest.cells) for rest in tables_not_run.values()] == [21, 16, 14, 16]
    # One hour an epoch, 200 epochs; other numbers of steps have another cost.
    known = {(cell.method, cell.column.label): s for cell, s in tables_not_run[4].pairs if s is not None}
    assert known[("lab", "100")] == 200 * 3600 and {label for _, label in known} == {"100"}
    assert tables_not_run[1].time == "unknown" and tables_not_run[3].time.startswith("about ")
    assert tables_not_run[2].command == "python -m reproduce sweep table2"


def test_every_measured_cell_is_a_point_coloured_by_its_verdict(results):
    (panel,) = agreement.panels(results.cells, "p")
    assert panel.count("var(--yes)") >= 12 and 2 <= panel.count("var(--no)") < 6 and "#070809" not in panel
    for cell in results.cells:
        if cell.runs:
            assert f">{cell.label}</text>" in panel and f" {cell.label}: paper {cell.paper:.3f}" in panel


def test_labels_keep_their_distance_and_their_order():
    spread = agreement._spread([0.0, 0.001, 0.5, 0.5, 0.5, 0.9, 0.99, 1.0])
    assert spread == sorted(spread) and spread[0] == 0 and spread[-1] == 1
    assert all(b - a >= agreement.GAP - 1e-12 for a, b in itertools.pairwise(spread))
    assert spread[3] == pytest.approx(0.5)


def test_standardized_differences_of_all_measured_cells(results):
    svg = agreement.standardized(results.cells, "s")
    bnn = next(cell for cell in results.cells if cell.method == "bnn" and cell.runs)
    assert f"BNN, MNIST: +{bnn.standard_errors:.1f} of ±{bnn.estimate.quantile:.1f}" in svg
    assert "var(--no)" in svg and svg.count("MNIST: ") == 7
    assert agreement.standardized(tables.published(), "s") == "" and agreement.panels(tables.published(), "p") == []
