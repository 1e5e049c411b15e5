"""Claims are tests over cells; none passes for what was not run."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reproduce.report import claims, formats, statistics, tables
from reproduce.report.tables import collect
from tests.report.run_folder_of import run_folder_of


def measured(results):
    """Every cell, those in `results` ((table, column, method) → values by seed) with runs, pooled a column.

    A value of None is that of a run that diverged.
    """
    samples = {}
    for (table, column, method), values in results.items():
        finite = {seed: value for seed, value in values.items() if value is not None}
        if finite:
            samples.setdefault((table, column), {})[method] = finite
    pools = {key: statistics.pools(of_methods) for key, of_methods in samples.items()}
    cells = []
    for cell in tables.published():
        key = (cell.table.number, cell.column.label, cell.method)
        if key in results:
            metric = cell.table.metric
            settings = {"network.kind": "lstm" if metric == "test_loss" else "mlp"}
            fields = [{"seed": seed, "settings": settings, metric: v} for seed, v in results[key].items()]
            runs = [run_folder_of(**of) for of in fields]
            finite, diverged = (tuple(r for r in runs if (r.record.result is None) is which) for which in (False, True))
            pool = pools.get(key[:2], {}).get(cell.method)
            cell = replace(cell, runs=finite, diverged=diverged, pool=pool)
        cells.append(cell)
    return cells


def claim(cells, title):
    return next(claim for claim in claims.check(cells) if claim.title.startswith(title))


def seeds(*values, first=1):
    return dict(enumerate(values, first))


def test_nothing_passes_where_nothing_ran():
    for one in claims.check(tables.published()):
        assert one.state == statistics.NOT_RUN
        assert one.measured == 0


def test_a_difference_is_tested_on_paired_seeds_with_the_spread_of_all_methods(mnist_runs, mnist_results):
    """Against the textbook's two-way analysis of variance without interaction."""
    beats = claim(collect([mnist_runs]).cells, "LAB2 beats BNN").comparisons[0]
    table = np.array(list(mnist_results.values()))
    residuals = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
    half = stats.t.ppf(0.975, 12) * np.sqrt((residuals**2).sum() / 12 * 2 / 3)
    difference = np.mean(mnist_results["lab2"]) - np.mean(mnist_results["bnn"])
    assert beats.label == "MNIST"
    assert beats.estimate.interval == pytest.approx((difference - half, difference + half))
    assert beats.estimate.basis.startswith("3 paired seeds") and beats.estimate.basis.endswith("of 7 methods, pooled")
    assert beats.state == statistics.REPRODUCED


def test_a_claim_over_many_columns_does_not_pass_on_one(mnist_runs):
    beats = claim(collect([mnist_runs]).cells, "LAB2 beats BNN")
    assert beats.measured == 1 and beats.state == statistics.NOT_RUN


def test_a_difference_within_noise_decides_no_victory_but_an_equality():
    cells = measured({
        (1, "MNIST", "lab"): seeds(1.20, 1.10, 1.15),
        (1, "MNIST", "bwn"): seeds(1.19, 1.12, 1.15),
        (1, "MNIST", "full-precision"): seeds(1.17, 1.11, 1.14),
    })  # fmt: skip
    beats = claim(cells, "LAB beats BWN").comparisons[0]
    assert beats.state == beats.verdict == statistics.UNDECIDED and beats.holds is None
    assert claim(cells, "LAB is within noise").state == statistics.REPRODUCED


def test_too_wide_an_interval_decides_no_equality():
    cells = measured({
        (1, "MNIST", "lab"): seeds(1.20, 1.10, 1.25),
        (1, "MNIST", "full-precision"): seeds(1.12, 1.19, 1.17),
    })  # fmt: skip
    assert claim(cells, "LAB is within noise").state == statistics.UNDECIDED


@pytest.mark.parametrize(
    ("interval", "holds"),
    [
        ((-2, -1), True),
        ((-2, 0), None),
        ((0, 1), None),
        ((0.1, 1), False),
        ((-np.inf, -np.inf), True),
        ((np.inf, np.inf), False),
    ],
)
def test_an_interval_that_contains_the_boundary_is_undecided(interval, holds):
    assert claims.BELOW_ZERO.holds(*interval) is holds
    mirrored = claims.Rule("above 0", low=0.0)
    assert mirrored.holds(*(-end for end in reversed(interval))) is holds


@pytest.mark.parametrize(
    ("interval", "holds"),
    [((-0.9, 0.9), True), ((-1, 0), None), ((-2, 2), None), ((-3, -2), False), ((2, 3), False)],
)
def test_a_region_with_two_ends_is_left_on_either_side(interval, holds):
    assert claims.ALIKE_SPREADS.holds(*interval) is holds


def test_what_would_decide_a_claim_is_said_in_seeds_and_hours(mnist_runs):
    undecided = claim(collect([mnist_runs]).cells, "LAB beats BWN").comparisons[0]
    assert undecided.state == statistics.UNDECIDED
    more = undecided.more_seeds
    # Each run takes 50 epochs of 20 seconds, and each seed a run of both methods.
    assert more > 10 and formats.more_seeds(undecided) == f"{more} more seeds, {more * 2000 / 3600:.1f} h"
    assert formats.more_seeds(claim(collect([mnist_runs]).cells, "LAB2 beats BNN").comparisons[0]) == "–"


def test_the_time_is_that_of_the_fastest_and_the_slowest_device_that_ran_both(tmp_path, new_run):
    for method, results in (("lab", (1.2, 1.1, 1.15)), ("bwn", (1.19, 1.13, 1.16))):
        for seed, result in enumerate(results):
            device, seconds = (("a processor", 3600.0), ("a GPU", 60.0))[seed == 2]
            new_run(tmp_path, method=method, seed=seed, result=result, device=device, seconds=seconds)
    new_run(tmp_path, method="lab", seed=3, result=1.15, device="another", seconds=1.0)
    comparison = claim(collect([tmp_path]).cells, "LAB beats BWN").comparisons[0]
    assert comparison.seconds == (120, 7200)
    more = comparison.more_seeds
    assert formats.more_seeds(comparison).startswith(f"{more} more seeds, {2 * more} min to {2 * more}.0 h")


@pytest.mark.parametrize(
    ("lab", "bwn", "words"),
    [
        ((1.20, 1.10, 1.15), (1.22, 1.09, 1.15), "hundreds of seeds, 2.0 s each"),
        ((1.20, 1.10, 1.15), (1.15, 1.20, 1.10), "thousands of seeds, 2.0 s each"),
        ((1.20,), (1.21,), "unknown until more seeds give a spread"),
    ],
)
def test_many_seeds_are_said_as_such(lab, bwn, words):
    cells = measured({(1, "MNIST", "lab"): seeds(*lab), (1, "MNIST", "bwn"): seeds(*bwn)})
    assert formats.more_seeds(claim(cells, "LAB beats BWN").comparisons[0]) == words


def test_clearly_worse_is_neither():
    cells = measured({
        (1, "MNIST", "lab"): seeds(1.50, 1.52, 1.54),
        (1, "MNIST", "bwn"): seeds(1.20, 1.23, 1.23),
        (1, "MNIST", "full-precision"): seeds(1.10, 1.12, 1.15),
    })  # fmt: skip
    assert claim(cells, "LAB beats BWN").comparisons[0].verdict == "not reproduced: the interval lies elsewhere"
    assert claim(cells, "LAB beats BWN").state == statistics.NOT_REPRODUCED
    assert claim(cells, "LAB is within noise").state == statistics.NOT_REPRODUCED


def test_single_runs_give_provisional_verdicts_or_none():
    cells = measured({(1, "MNIST", "lab"): seeds(1.2), (1, "MNIST", "full-precision"): seeds(1.1)})
    assert claim(cells, "LAB is within noise").state == statistics.UNDECIDED
    cells = measured({(1, "MNIST", "lab"): seeds(1.2), (1, "MNIST", "bwn"): seeds(1.9)})
    assert claim(cells, "LAB beats BWN").comparisons[0].verdict == "provisional: holds"


def test_seeds_that_are_not_shared_are_compared_by_the_pooled_spread():
    lab, bwn = seeds(1.0, 1.1, 1.2), seeds(1.9, 2.1, 2.0, first=9)
    comparison = claim(measured({(1, "MNIST", "lab"): lab, (1, "MNIST", "bwn"): bwn}), "LAB beats BWN").comparisons[0]
    expected = stats.ttest_ind(list(lab.values()), list(bwn.values())).confidence_interval()
    assert comparison.estimate.interval == pytest.approx((expected.low, expected.high))
    assert comparison.state == statistics.REPRODUCED


def test_a_victory_is_not_claimed_where_the_papers_own_numbers_deny_it():
    beats = claim(tables.published(), "LAB beats BinaryConnect")
    assert "CIFAR-10" in beats.note
    assert "CIFAR-10" not in [comparison.label for comparison in beats.comparisons]
    assert all(comparison.paper < 0 for comparison in beats.comparisons)


def test_each_setup_is_compared_once():
    labels = [comparison.label for comparison in claim(tables.published(), "LAB beats BWN").comparisons]
    assert len(labels) == len(set(labels)) == 11


def collapse(at_10):
    gaps = {"10": at_10, "50": 1.6, "100": 1.6, "150": 1.6}
    noise = {"full-precision": (-0.01, 0, 0.02), "binaryconnect": (0.01, -0.02, 0)}
    results = {}
    for label, gap in gaps.items():
        for method, spread in noise.items():
            mean = 1.3 + (gap if method == "binaryconnect" else 0)
            results[(4, label, method)] = seeds(*(mean + x for x in spread))
    return claim(measured(results), "BinaryConnect collapses")


def test_collapse_is_claimed_at_50_steps_and_more_but_not_at_10():
    assert collapse(at_10=0.0).state == statistics.REPRODUCED
    assert collapse(at_10=1.6).state == statistics.NOT_REPRODUCED


def diverging(label, *binaryconnect, baseline=(1.29, 1.3, 1.32)):
    """The comparison of the claim on collapse at `label` steps; None is a run that diverged."""
    results = {(4, label, "full-precision"): seeds(*baseline), (4, label, "binaryconnect"): seeds(*binaryconnect)}
    comparisons = claim(measured(results), "BinaryConnect collapses").comparisons
    return next(comparison for comparison in comparisons if comparison.label.endswith(f" {label} steps"))


@pytest.mark.parametrize(
    ("label", "binaryconnect", "verdict"),
    [
        ("50", (None, None, None), "reproduced"),
        ("50", (None,), "provisional: holds"),
        ("50", (2.9, None, 2.8, 2.85), "reproduced"),
        ("50", (1.5, None, 1.51, 1.52), "not reproduced: the interval lies elsewhere"),
        ("10", (None, None, None), "not reproduced: runs diverged"),
        ("10", (None,), "provisional: does not hold"),
        ("10", (1.31, None, 1.3, 1.32), "not reproduced: runs diverged"),
    ],
)
def test_a_diverged_run_collapsed(label, binaryconnect, verdict):
    comparison = diverging(label, *binaryconnect)
    assert comparison.verdict == verdict
    assert f"{binaryconnect.count(None)} diverged of BinaryConnect" in comparison.basis
    assert (comparison.estimate is None) == (set(binaryconnect) == {None})


def test_where_full_precision_diverged_too_nothing_collapsed():
    assert diverging("50", None, None, None, baseline=(None,) * 3).state == statistics.NOT_REPRODUCED
    assert diverging("50", 2.9, 2.9, 2.8, baseline=(None,) * 3).state == statistics.NOT_REPRODUCED


def test_a_method_that_diverged_is_beaten_and_beats_none():
    finite, lost = seeds(1.3, 1.31, 1.32), seeds(None, None, None)
    for lab, other, state in ((finite, lost, statistics.REPRODUCED), (lost, finite, statistics.NOT_REPRODUCED)):
        cells = measured({(4, "50", "lab"): lab, (4, "50", "binaryconnect"): other})
        beats = claim(cells, "LAB beats BinaryConnect").comparisons
        assert next(one for one in beats if one.label == "War and Peace, 50 steps").state == state


def gap(shape):
    """The claim on Table 2 where the gap of every method is `shape` over its four columns, five seeds each."""
    rng = np.random.RandomState(1)
    results = {}
    for label, size in zip(("16", "32", "64", "128"), shape, strict=True):
        for method in ("full-precision", "binaryconnect", "bwn", "lab"):
            mean = 2.5 if method == "full-precision" else 2.5 + size
            results[(2, label, method)] = seeds(*(mean + 0.01 * rng.normal(size=5)))
    return claim(measured(results), "The gap")


def test_a_falling_gap_shrinks_and_a_flat_or_growing_one_does_not():
    falling = gap((0.5, 0.3, 0.2, 0.1))
    assert falling.state == statistics.REPRODUCED
    # The least-squares slope of the gap over 0, 1, 2, 3.
    assert falling.comparisons[0].estimate.value == pytest.approx(
        np.polyfit(range(4), (0.5, 0.3, 0.2, 0.1), 1)[0], abs=0.02
    )
    assert gap((0.1, 0.2, 0.3, 0.5)).state == statistics.NOT_REPRODUCED
    assert gap((0.3, 0.3, 0.3, 0.3)).state == statistics.UNDECIDED


def test_the_papers_slopes_are_those_of_its_table():
    lab = claim(tables.published(), "The gap").comparisons[-1]
    gaps = np.subtract((3.050, 2.742, 2.354, 2.200), (2.738, 2.585, 2.277, 2.146))
    assert lab.label == "LAB on SVHN" and lab.paper == pytest.approx(np.polyfit(range(4), gaps, 1)[0])


def test_exploding_gradients_are_not_run_without_records_of_them(mnist_runs):
    assert claim(collect([mnist_runs]).cells, "Gradients explode").state == statistics.NOT_RUN
