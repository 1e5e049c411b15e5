"""Against scipy.stats where it has the same thing, else against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from reproduce.report import statistics
from reproduce.report.statistics import Pool

METHODS = tuple("abcdefg")


def test_pooled_deviation_is_that_of_the_t_test():
    a, b = [1.0, 1.5, 1.1, 1.9], [2.0, 2.2, 2.9]
    s, dof = statistics.pooled([a, b])
    expected = stats.ttest_ind(a, b)
    assert dof == expected.df == 5
    assert (np.mean(a) - np.mean(b)) / (s * np.sqrt(1 / 4 + 1 / 3)) == pytest.approx(expected.statistic)


def test_pooled_of_single_seeds_is_unknown():
    s, dof = statistics.pooled([[1.2], [1.3]])
    assert np.isnan(s) and dof == 0


def test_brown_forsythe_is_the_anova_of_distances_from_the_median():
    rng = np.random.RandomState(0)
    samples = [rng.normal(0, scale, 5) for scale in (1, 1, 4)]
    distances = [np.abs(sample - np.median(sample)) for sample in samples]
    assert statistics.equal_spreads(samples) == pytest.approx(stats.f_oneway(*distances).pvalue)


def test_brown_forsythe_says_nothing_of_two_seeds_or_of_no_spread():
    # scipy's levene would reject with certainty here: two values are equally far from their median.
    assert stats.levene([1.0, 1.1], [1.0, 1.2], center="median").pvalue < 1e-20
    assert statistics.equal_spreads([[1.0, 1.1], [1.0, 1.2]]) == 1
    assert statistics.equal_spreads([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]) == 1


def test_prediction_is_the_closed_form():
    values, pool = [1.1, 1.2, 1.4], Pool(0.05, 14, METHODS)
    half = stats.t.ppf(0.975, 14) * 0.05 * np.sqrt(1 + 1 / 3)
    estimate = statistics.prediction(values, pool)
    assert estimate.interval == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    assert not estimate.provisional


def test_prediction_falls_back_on_sqrt_2_of_one_run_where_the_spread_is_unknown():
    estimate = statistics.prediction([1.2], Pool(float("nan"), 0, ("a",)), stand_in=0.1)
    assert estimate.half_width == pytest.approx(stats.norm.ppf(0.975) * np.sqrt(2) * 0.1)
    assert estimate.provisional
    one_dof = statistics.prediction([1.2, 1.3], Pool(0.07, 1, ("a",)), stand_in=0.1)
    assert one_dof.half_width == pytest.approx(estimate.half_width)


def test_no_interval_without_any_yardstick():
    estimate = statistics.prediction([1.3], Pool(float("nan"), 0, ("a",)))
    assert estimate.half_width is None and estimate.provisional
    assert estimate.interval == (1.3, 1.3)


def by_seed(samples):
    return {method: dict(enumerate(sample)) for method, sample in samples.items()}


def coverage(spreads, seeds, repetitions):
    """How often a further run of each method lies in its interval, by method."""
    rng = np.random.RandomState(1234)
    inside = dict.fromkeys(METHODS, 0)
    for _ in range(repetitions):
        samples = {m: rng.normal(1.3, s, seeds) for m, s in zip(METHODS, spreads, strict=True)}
        pools = statistics.pools(by_seed(samples))
        for method, s in zip(METHODS, spreads, strict=True):
            low, high = statistics.prediction(samples[method], pools[method]).interval
            inside[method] += low <= rng.normal(1.3, s) <= high
    return {method: count / repetitions for method, count in inside.items()}


def test_the_interval_covers_another_run_95_times_in_100():
    covered = coverage([0.05] * 7, seeds=3, repetitions=300)
    # 2,100 draws: the standard error of the mean is about 0.5%.
    assert np.mean(list(covered.values())) == pytest.approx(0.95, abs=0.015)


def test_it_covers_nearly_as_often_where_one_method_spreads_far_more():
    covered = coverage([0.05] * 6 + [0.6], seeds=5, repetitions=150)
    # One pool of all would cover that method 57 times in 100; the test overlooks some, so not quite 95.
    assert covered["g"] > 0.8
    assert np.mean([covered[m] for m in "abcdef"]) > 0.93


def test_a_method_that_spreads_more_leaves_the_pool():
    rng = np.random.RandomState(3)
    samples = {m: rng.normal(1, 0.05, 6) for m in "abc"} | {"d": rng.normal(3, 2.0, 6)}
    pools = statistics.pools(by_seed(samples))
    assert pools["d"].members == ("d",) and pools["d"].dof == 5
    assert pools["a"] is pools["b"] is pools["c"] and pools["a"].dof == 15
    assert pools["a"].s == pytest.approx(statistics.pooled([samples[m] for m in "abc"])[0])


def test_methods_known_to_differ_are_pooled_among_themselves():
    samples = {"a": [1.0, 1.1], "b": [2.0, 2.2], "c": [5.0, 9.0]}
    pools = statistics.pools(by_seed(samples), apart=("c",))
    assert pools["c"].members == ("c",) and pools["a"].members == ("a", "b")


def test_binomial_standard_error_is_that_of_simulated_test_sets():
    errors = np.random.RandomState(0).binomial(10_000, 0.012, 20_000) / 100
    assert statistics.binomial_standard_error(1.2, 10_000) == pytest.approx(errors.std(), rel=0.02)


def test_bootstrap_of_independent_losses_is_the_standard_error_of_their_mean():
    losses = np.random.RandomState(0).gamma(4, 0.3, 3000)
    assert statistics.bootstrap_standard_error(losses) == pytest.approx(losses.std() / np.sqrt(3000), rel=0.12)


def test_bootstrap_sees_that_neighbours_are_alike():
    rng = np.random.RandomState(0)
    noise, losses = rng.normal(size=3000), np.zeros(3000)
    for i in range(1, 3000):
        losses[i] = 0.5 * losses[i - 1] + noise[i]
    naive = losses.std() / np.sqrt(3000)
    # The mean of an AR(1) series has √((1 + φ)/(1 − φ)) = √3 times the independent one's standard error.
    assert statistics.bootstrap_standard_error(losses) / naive == pytest.approx(np.sqrt(3), rel=0.15)


def test_bootstrap_repeats():
    losses = np.random.RandomState(0).normal(size=50)
    assert statistics.bootstrap_standard_error(losses) == statistics.bootstrap_standard_error(losses)


def test_the_paired_spread_is_the_error_of_the_two_way_anova():
    """By the textbook's sums of squares for a whole table; by a numerical minimum for one with gaps."""
    table = np.random.RandomState(5).normal(1.3, 0.05, (4, 6))
    residuals = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
    s, dof = statistics.paired(by_seed(dict(zip("abcd", table, strict=True))))
    assert (s, dof) == (pytest.approx(np.sqrt((residuals**2).sum() / 15)), 15)
    gaps = {"a": {1: 1.0, 2: 2.0, 3: 4.0}, "b": {1: 2.0, 2: 2.0}, "c": {2: 7.0, 3: 9.0}}

    def squares(means, seeds):
        return sum((x - means[m] - seeds[i]) ** 2 for m, own in zip((0, 1, 2), gaps.values(), strict=True)
                   for i, x in own.items())  # fmt: skip

    least = optimize.minimize(lambda p: squares(p[:3], dict(enumerate((0, *p[3:]), 1))), np.zeros(5)).fun
    assert statistics.paired(gaps) == (pytest.approx(np.sqrt(least / 2)), 2)


def test_a_seed_that_shifts_all_methods_does_not_widen_the_paired_spread():
    rng = np.random.RandomState(0)
    samples = {m: rng.normal(1.2, 0.05, 5) for m in METHODS}
    shifted = {m: sample + 10 * np.arange(5) for m, sample in samples.items()}
    assert statistics.paired(by_seed(shifted))[0] == pytest.approx(statistics.paired(by_seed(samples))[0])
    assert Pool.of(by_seed(shifted)).s > 10


def test_the_paired_spread_of_seeds_that_no_methods_share_is_unknown():
    s, dof = statistics.paired({"a": {1: 1.0, 2: 1.1}, "b": {3: 1.0, 4: 1.1}})
    assert np.isnan(s) and dof == 0


@given(
    st.lists(st.integers(-500, 500), min_size=1, max_size=6),
    st.floats(0.01, 2),
    st.integers(2, 30),
    st.integers(-100, 100),
)
def test_the_interval_moves_with_the_values_and_shrinks_with_more_seeds(values, s, dof, shift):
    values, pool = np.array(values) / 100, Pool(s, dof, ("a",))
    estimate = statistics.prediction(values, pool)
    moved = statistics.prediction(values + shift, pool)
    assert moved.half_width == pytest.approx(estimate.half_width)
    assert moved.value == pytest.approx(estimate.value + shift)
    assert statistics.prediction(np.tile(values, 2), pool).half_width < estimate.half_width
