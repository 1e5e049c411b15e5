"""What seeds can show, against simulated measurements."""

import math

import numpy as np
import pytest
from scipy import stats

from reproduce.report import power
from reproduce.report.contrasts import Part, combined, contrast
from reproduce.report.statistics import Estimate, Pool, prediction

BELOW_ZERO = (-math.inf, 0.0)


def paired_estimate(difference, s=0.05, methods=7, seeds=3):
    """Of two methods in a pool, `seeds` seeds each."""
    part = Part(s, (methods - 1) * (seeds - 1), 1, ((1, seeds), (-1, seeds)))
    return Estimate(difference, *combined([part]), "", (part,))


def measure(rng, difference, others, seeds, more):
    """A pair of methods with `seeds` and `more` seeds, beside `others` with `seeds`: the interval of its difference."""
    shift = rng.normal(0, 0.1, seeds + more)
    pair = [rng.normal(mean, 0.05, seeds + more) + shift for mean in (1.2 + difference, 1.2)]
    rest = [rng.normal(1.3, 0.05, seeds) + shift[:seeds] for _ in range(others)]
    samples = {str(i): dict(enumerate(x)) for i, x in enumerate([*pair, *rest])}
    pool = Pool.of(samples)
    return contrast((1, -1), (samples["0"], samples["1"]), (pool, pool), (None, None)).interval


@pytest.mark.parametrize("difference, others", [(-0.04, 5), (-0.07, 0), (0.055, 2)])
def test_with_so_many_more_seeds_80_of_100_measurements_decide(difference, others):
    estimate = paired_estimate(difference, methods=others + 2)
    assert estimate.interval[0] < 0 < estimate.interval[1], "undecided"
    more, rng = power.more_seeds(estimate, BELOW_ZERO), np.random.RandomState(1234)
    intervals = [measure(rng, difference, others, seeds=3, more=more) for _ in range(600)]
    decided = np.mean([high < 0 if difference < 0 else low > 0 for low, high in intervals])
    # Seeds are whole, so their power may exceed 80%. Three standard errors of the simulation are 4.9%.
    expected = power.decided(difference, *combined(estimate.parts, more), BELOW_ZERO)
    assert 0.8 <= expected < 0.87 and decided == pytest.approx(expected, abs=0.049)
    assert power.decided(difference, *combined(estimate.parts, more - 1), BELOW_ZERO) < 0.8


def test_seeds_that_are_not_paired_decide_as_often():
    estimate_parts = (Part(0.05, 4, 2, ((1, 3), (-1, 3))),)
    estimate = Estimate(-0.05, *combined(estimate_parts), "", estimate_parts)
    seeds, rng = 3 + power.more_seeds(estimate, BELOW_ZERO), np.random.RandomState(0)
    a, b = rng.normal(1.15, 0.05, (4000, seeds)), rng.normal(1.2, 0.05, (4000, seeds))
    high = stats.ttest_ind(a, b, axis=1).confidence_interval().high
    assert 0.8 - 0.02 < (high < 0).mean() < 0.86


def test_a_region_with_two_ends_needs_both_sides():
    part = Part(0.5, 4, 2, ((1, 3), (-1, 3)))
    estimate = Estimate(0.2, *combined([part]), "", (part,))
    seeds, rng = 3 + power.more_seeds(estimate, (-1.0, 1.0)), np.random.RandomState(0)
    a, b = rng.normal(0.2, 0.5, (4000, seeds)), rng.normal(0.0, 0.5, (4000, seeds))
    interval = stats.ttest_ind(a, b, axis=1).confidence_interval()
    assert 0.8 - 0.02 < ((interval.low > -1) & (interval.high < 1)).mean() < 0.92


def test_the_detectable_difference_is_seen_80_times_in_100():
    """Five methods with three seeds each, and a published number that is off by that much."""
    rng, seen = np.random.RandomState(1234), []
    detectable = power.detectable(prediction([1.2] * 3, Pool(0.05, 10, ("a",))))
    for _ in range(800):
        samples = dict(zip("abcde", rng.normal(1.2, 0.05, (5, 3)), strict=True))
        pool = Pool.of({method: dict(enumerate(sample)) for method, sample in samples.items()})
        seen.append(rng.normal(1.2 + detectable, 0.05) > prediction(samples["a"], pool).interval[1])
    assert np.mean(seen) == pytest.approx(0.8, abs=0.042)  # three standard errors


def test_with_a_stand_in_it_is_the_normal_distributions():
    estimate = prediction([1.2], Pool(float("nan"), 0, ("a",)), stand_in=0.1)
    assert power.detectable(estimate) == pytest.approx((1.959964 + 0.841621) * np.sqrt(2) * 0.1)
    assert power.detectable(Estimate(1.2, None, None, "none")) is None


@pytest.mark.parametrize("dof", [2, 3.7, 14, 500])
def test_the_detectable_difference_is_the_one_decided_with_that_power(dof):
    estimate = Estimate(0.0, 0.05, dof, "")
    away = power.detectable(estimate)
    assert power.decided(-away, 0.05, dof, BELOW_ZERO) == pytest.approx(0.8, abs=1e-6)


def test_a_value_at_the_end_or_near_it_needs_more_than_is_worked_out():
    assert power.more_seeds(paired_estimate(0.0), BELOW_ZERO) == math.inf
    assert power.more_seeds(paired_estimate(0.001), BELOW_ZERO) == math.inf
    assert 100 < power.more_seeds(paired_estimate(-0.012), BELOW_ZERO) < power.MOST


def test_without_a_spread_nobody_knows():
    assert power.more_seeds(Estimate(1.0, 0.1, None, "a stand-in"), BELOW_ZERO) is None
