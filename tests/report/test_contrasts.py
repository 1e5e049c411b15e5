"""Differences of measured numbers against scipy.stats where it has the same thing, else against simulation."""

import numpy as np
import pytest
from scipy import stats

from reproduce.report.contrasts import contrast
from reproduce.report.statistics import Pool

UNKNOWN = Pool(float("nan"), 0, ("a",))


def sample(*values, first=1):
    return dict(enumerate(values, first))


def difference(a, b, pools=None):
    """Of `a` and `b`, from a pool of the two unless they have others."""
    pools = pools or [Pool.of({"a": a, "b": b})] * 2
    return contrast((1, -1), (a, b), pools, (None, None))


def test_paired_seeds_of_two_methods_are_the_paired_t_test():
    a, b = sample(1.17, 1.21, 1.19), sample(1.25, 1.22, 1.30)
    estimate = difference(a, b)
    expected = stats.ttest_rel(list(a.values()), list(b.values()))
    interval = expected.confidence_interval()
    assert estimate.interval == pytest.approx((interval.low, interval.high))
    assert estimate.dof == expected.df == 2 and estimate.basis.startswith("3 paired seeds; s = ")


def test_methods_with_spreads_of_their_own_are_paired_by_the_spread_of_their_differences():
    a, b = sample(1.17, 1.21, 1.19) | {9: 4.0}, sample(1.25, 1.22, 1.30)
    estimate = difference(a, b, [Pool.of({"a": a}), Pool.of({"b": b})])
    expected = stats.ttest_rel([a[seed] for seed in b], list(b.values())).confidence_interval()
    assert estimate.interval == pytest.approx((expected.low, expected.high)) and estimate.basis == "3 paired seeds"


def test_unpaired_with_a_shared_spread_is_the_pooled_t_test():
    a, b = sample(1.17, 1.21, 1.19), sample(1.25, 1.22, 1.30, 1.28, first=4)
    expected = stats.ttest_ind(list(a.values()), list(b.values())).confidence_interval()
    assert difference(a, b).interval == pytest.approx((expected.low, expected.high))


def test_unpaired_with_spreads_of_their_own_is_welchs_t_test():
    a, b = sample(1.17, 1.21, 1.19), sample(1.25, 1.02, 1.60, 1.28, first=4)
    estimate = difference(a, b, [Pool.of({"a": a}), Pool.of({"b": b})])
    expected = stats.ttest_ind(list(a.values()), list(b.values()), equal_var=False)
    assert estimate.dof == pytest.approx(expected.df)
    interval = expected.confidence_interval()
    assert estimate.interval == pytest.approx((interval.low, interval.high))


def test_single_runs_are_compared_by_the_stand_ins():
    estimate = contrast((1, -1), ({1: 1.0}, {1: 1.5}), (UNKNOWN, UNKNOWN), (0.3, 0.4))
    assert estimate.provisional and not estimate.parts
    assert estimate.half_width == pytest.approx(stats.norm.ppf(0.975) * 0.5)
    assert contrast((1, -1), ({1: 1.0}, {1: 1.5}), (UNKNOWN, UNKNOWN), (0.3, None)).half_width is None


def simulated(rng, methods=5, seeds=3, common=0.0, gaps=()):
    """Results of methods whose true mean is 1.2, by seed; a seed shifts all methods by N(0, `common`)."""
    table = rng.normal(1.2, 0.05, (methods, seeds)) + rng.normal(0, common, seeds)
    return [
        {seed: x for seed, x in enumerate(row) if (method, seed) not in gaps} for method, row in enumerate(table)
    ]  # fmt: skip


@pytest.mark.parametrize("common", [0.0, 0.5])
@pytest.mark.parametrize("gaps", [(), ((1, 2), (3, 0), (4, 1))])
def test_the_interval_of_a_difference_covers_it_95_times_in_100(common, gaps):
    """Whether seeds shift all methods or not, and whether all seeds ran or not."""
    rng, repetitions, covered = np.random.RandomState(1234), 800, 0
    for _ in range(repetitions):
        samples = simulated(rng, common=common, gaps=gaps)
        low, high = difference(*samples[:2], [Pool.of(dict(zip("abcde", samples, strict=True)))] * 2).interval
        covered += low <= 0 <= high
    # Three standard errors of the simulation are 2.3%.
    assert covered / repetitions == pytest.approx(0.95, abs=0.023)


def test_pairing_finds_a_difference_that_seeds_hide():
    """With a common shift of twice the spread, pairing shows a difference more than twice as often."""
    rng, found = np.random.RandomState(7), np.zeros(2)
    for _ in range(300):
        better, worse, *_ = samples = simulated(rng, common=0.1)
        pool = Pool.of(dict(zip("abcde", samples, strict=True)))
        other_seeds = {seed + 10: x for seed, x in simulated(rng, common=0.1)[0].items()}
        for index, sample_of_worse in enumerate((worse, other_seeds)):
            worse_by = {seed: x + 0.15 for seed, x in sample_of_worse.items()}
            found[index] += difference(better, worse_by, [pool] * 2).interval[1] < 0
    assert found[0] > 2 * found[1] > 0


def test_a_sum_over_setups_pairs_within_each_of_them():
    """Seeds shift the two setups differently; the spread of either is that of its own differences."""
    rng = np.random.RandomState(3)
    first, second = (simulated(rng, methods=2, seeds=4, common=9.0) for _ in range(2))
    pools = [Pool.of(dict(zip("ab", samples, strict=True))) for samples in (first, second)]
    estimate = contrast((1, -1, -1, 1), (*first, *second), [pools[0]] * 2 + [pools[1]] * 2, (None,) * 4)
    differences = [np.subtract(*(list(x.values()) for x in samples)) for samples in (first, second)]
    expected = stats.ttest_ind(*differences, equal_var=False)
    interval = expected.confidence_interval()
    assert estimate.interval == pytest.approx((interval.low, interval.high))
    assert estimate.dof == pytest.approx(expected.df) and estimate.basis == "4 paired seeds"


def test_two_equal_methods_are_told_apart_no_oftener_than_stated():
    rng = np.random.RandomState(0)
    wrong = sum(difference(*simulated(rng, methods=2)).interval[1] < 0 for _ in range(1200))
    assert wrong / 1200 == pytest.approx(0.025, abs=0.013)
