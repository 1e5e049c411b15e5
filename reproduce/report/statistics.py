"""Decides whether a measured number agrees with a published one, and estimates how measured numbers differ.

The paper and we measure on the same test set, so the yardstick is the spread between seeds. If too few seeds ran to
know it, a stand-in is used and the verdict is provisional.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
PROVISIONAL = "provisional"
NOT_RUN = "not run"
DIVERGED = "diverged"

COVERAGE = 0.95
QUANTILE = (1 + COVERAGE) / 2
LEVEL = 0.05
"""Level of the Brown-Forsythe test."""
NO_YARDSTICK = "no yardstick"
STAND_IN = "sampling error of the test set, because too few seeds ran"
MINIMUM_DOF = 2
"""The fewest degrees of freedom with which a spread counts as known."""


@dataclass(frozen=True, eq=False)
class Pool:
    """A spread between seeds, shared by methods.

    Attributes
    ----------
    s : float
        Pooled standard deviation; NaN if `dof` is 0.
    dof : int
        Its degrees of freedom ν.
    members : tuple of str
        The methods whose runs are pooled.
    """

    s: float
    dof: int
    members: tuple

    @property
    def known(self):
        """Whether the spread is known well enough for a verdict that is not provisional."""
        return self.dof >= MINIMUM_DOF


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty.

    Attributes
    ----------
    value : float
    standard_error : float or None
        None if it is not known.
    dof : float or None
        Degrees of freedom of `standard_error`; None if it is a stand-in, which is taken as normal.
    basis : str
        The source of `standard_error`, in words.
    """

    value: float
    standard_error: float | None
    dof: float | None
    basis: str

    @property
    def provisional(self):
        return self.dof is None

    @property
    def half_width(self):
        """Half the width of the 95% interval, or None."""
        if self.standard_error is None:
            return None
        quantile = stats.norm.ppf(QUANTILE) if self.dof is None else stats.t.ppf(QUANTILE, self.dof)
        return float(quantile * self.standard_error)

    @property
    def interval(self):
        """(low, high) of the 95% interval; the value twice if its error is not known."""
        half = self.half_width or 0.0
        return self.value - half, self.value + half


def pooled(samples):
    """The pooled standard deviation of `samples` and its degrees of freedom.

    Parameters
    ----------
    samples : iterable of array_like, each shape (seeds,)

    Returns
    -------
    s : float
        √(Σᵢ Σⱼ (xᵢⱼ − mᵢ)² / ν), NaN if ν = 0.
    dof : int
        ν = Σᵢ (kᵢ − 1).

    Examples
    --------
    >>> pooled([[1, 3], [10, 12]])
    (1.41..., 2)
    """
    samples = [np.asarray(sample, "float64") for sample in samples]
    dof = sum(len(sample) - 1 for sample in samples)
    squares = sum(float(((sample - sample.mean()) ** 2).sum()) for sample in samples)
    return (float(np.sqrt(squares / dof)) if dof else float("nan")), dof


def equal_spreads(samples):
    """The p-value of Brown and Forsythe's test for equal spreads; 1 if the samples are too small for it.

    Samples of fewer than three do not enter, because two values are always equally far from their median.
    """
    samples = [sample for sample in samples if len(sample) >= 3]
    if len(samples) < 2:
        return 1.0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        p = float(stats.levene(*samples, center="median").pvalue)
    return 1.0 if np.isnan(p) else p


def pools(samples, apart=()):
    """Pool the spreads of methods, except those that differ.

    While Brown and Forsythe's test rejects equal spreads at 5%, one method leaves the pool and keeps its own spread. It
    is the one without which the test rejects least.

    Parameters
    ----------
    samples : dict of str to array_like, shape (seeds,)
        The results of each method's seeds, at least one.
    apart : container of str
        Methods that are known to differ from the rest; they are pooled among themselves.

    Returns
    -------
    dict of str to Pool
        The pool of each method.
    """
    result = {}
    for known_apart in (True, False):
        together = {method: sample for method, sample in samples.items() if (method in apart) is known_apart}
        while equal_spreads(together.values()) < LEVEL:
            leaver = max(
                (method for method, sample in together.items() if len(sample) >= 3),
                key=lambda method: equal_spreads([x for name, x in together.items() if name != method]),
            )
            result[leaver] = Pool(*pooled([together.pop(leaver)]), (leaver,))
        if together:
            result |= dict.fromkeys(together, Pool(*pooled(together.values()), tuple(together)))
    return result


def binomial_standard_error(percent, size):
    """Standard error, in %, of an error of `percent` measured on `size` examples."""
    return float(np.sqrt(percent * (100 - percent) / size))


def bootstrap_standard_error(losses, resamples=2000, seed=1234):
    """Standard error of the mean of a series, by the moving-block bootstrap.

    Parameters
    ----------
    losses : array_like, shape (sequences,)
        Loss of each test sequence, in the order of the text; neighbours may be correlated.
    resamples, seed : int

    Notes
    -----
    A block has n^(1/3) sequences, rounded up (Künsch 1989).
    """
    losses = np.asarray(losses, "float64")
    length = int(np.ceil(round(len(losses) ** (1 / 3), 9)))
    sums = np.convolve(losses, np.ones(length), "valid")
    blocks = -(-len(losses) // length)
    starts = np.random.RandomState(seed).randint(len(sums), size=(resamples, blocks))
    return float((sums[starts].mean(axis=1) / length).std(ddof=1))


def prediction(values, pool, stand_in=None):
    """The interval in which another single run is expected: m ± t(0.975, ν)·s·√(1 + 1/k).

    Parameters
    ----------
    values : array_like, shape (k,)
        Results of our seeds.
    pool : Pool
        Their spread.
    stand_in : float, optional
        Standard error of one run, used if the spread is not known. A difference of two runs has √2 times this error.

    Returns
    -------
    Estimate
    """
    values = np.asarray(values, "float64")
    mean = float(values.mean())
    if pool.known:
        return Estimate(mean, float(pool.s * np.sqrt(1 + 1 / len(values))), pool.dof, _spread_of(pool))
    if stand_in is None:
        return Estimate(mean, None, None, NO_YARDSTICK)
    return Estimate(mean, float(np.sqrt(2) * stand_in), None, STAND_IN)


def contrast(coefficients, samples, pools_of_samples, stand_ins):
    """Σ cᵢ·(mean of sample i), with its standard error.

    If all samples have three or more seeds in common, these seeds are paired. Otherwise the means of all seeds are
    compared by their pooled spreads, with Welch and Satterthwaite's degrees of freedom. If a spread is not known, the
    stand-ins take its place.

    Parameters
    ----------
    coefficients : sequence of float
    samples : sequence of dict of int to float
        The results of each sample, by seed.
    pools_of_samples : sequence of Pool
    stand_ins : sequence of float or None
        Standard error of one run of each sample.

    Returns
    -------
    Estimate
    """
    seeds = sorted(set.intersection(*map(set, samples)))
    if len(seeds) > MINIMUM_DOF:
        per_seed = np.dot(coefficients, [[sample[seed] for seed in seeds] for sample in samples])
        s, dof = pooled([per_seed])
        standard_error = float(s / np.sqrt(len(seeds)))
        return Estimate(float(per_seed.mean()), standard_error, dof, f"{len(seeds)} paired seeds")
    value = sum(c * float(np.mean(list(x.values()))) for c, x in zip(coefficients, samples, strict=True))
    if all(pool.known for pool in pools_of_samples):
        return Estimate(value, *_welch(coefficients, samples, pools_of_samples), "spread between seeds, not paired")
    if any(error is None for error in stand_ins):
        return Estimate(value, None, None, NO_YARDSTICK)
    error = np.sqrt(sum((c * e) ** 2 for c, e in zip(coefficients, stand_ins, strict=True)))
    return Estimate(value, float(error), None, STAND_IN)


def _welch(coefficients, samples, pools_of_samples):
    """Standard error and degrees of freedom of a contrast of means with these pooled spreads."""
    variances = {}
    for c, sample, pool in zip(coefficients, samples, pools_of_samples, strict=True):
        variances[pool] = variances.get(pool, 0.0) + c**2 * pool.s**2 / len(sample)
    total = sum(variances.values())
    if total == 0:
        return 0.0, min(pool.dof for pool in pools_of_samples)
    return float(np.sqrt(total)), total**2 / sum(variance**2 / pool.dof for pool, variance in variances.items())


def _spread_of(pool):
    whose = f"{len(pool.members)} methods, pooled" if len(pool.members) > 1 else "its own seeds"
    return f"s = {pool.s:.3f} with ν = {pool.dof}, of {whose}"
