"""Decides whether a measured number agrees with a published one.

The paper and we measure on the same test set, so the yardstick is the spread between seeds. If too few seeds ran to
know it, a stand-in is used and the verdict is provisional.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
UNDECIDED = "undecided"
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
    paired_s : float
        Standard deviation of what is left of the results when each method and each seed has a mean of its own; NaN if
        `paired_dof` is 0.
    paired_dof : int
        Its degrees of freedom.
    """

    s: float
    dof: int
    members: tuple
    paired_s: float = float("nan")
    paired_dof: int = 0

    @classmethod
    def of(cls, samples):
        """The pool of `samples`, a dict of method to dict of seed to result."""
        return cls(*pooled(list(sample.values()) for sample in samples.values()), tuple(samples), *paired(samples))

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
    parts : tuple of reproduce.report.contrasts.Part
        The independent parts of the variance of a contrast; empty for others and for stand-ins.
    """

    value: float
    standard_error: float | None
    dof: float | None
    basis: str
    parts: tuple = ()

    @property
    def provisional(self):
        return self.dof is None

    @property
    def half_width(self):
        """Half the width of the 95% interval, or None."""
        if self.standard_error is None:
            return None
        return float(self.quantile * self.standard_error)

    @property
    def quantile(self):
        """The quantile of Student's t, or of the normal distribution for a stand-in, that the interval ends at."""
        return stats.norm.ppf(QUANTILE) if self.dof is None else stats.t.ppf(QUANTILE, self.dof)

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


def paired(samples):
    """The standard deviation that is left when each method and each seed has a mean of its own.

    Runs of one seed start from the same weights and see the data in the same order, so they may err together. This is
    the residual of the least-squares fit of ``method + seed``, a randomized block design whose blocks are the seeds
    (Montgomery, Design and Analysis of Experiments, chapter 4). Of two methods it is that of the paired t-test.

    Parameters
    ----------
    samples : dict of str to dict of int to float
        The results of each method, by seed; seeds may be missing.

    Returns
    -------
    s : float
        NaN if `dof` is 0.
    dof : int
        The number of results less the rank of the fit; (methods − 1)·(seeds − 1) if none is missing.

    Examples
    --------
    >>> paired({"a": {1: 1.0, 2: 3.0}, "b": {1: 2.0, 2: 5.0}})  # the differences are 1 and 2
    (0.5..., 1)
    """
    methods, seeds = list(samples), sorted(set().union(*samples.values()))
    results = [(methods.index(m), seeds.index(seed), x) for m, sample in samples.items() for seed, x in sample.items()]
    design = np.zeros((len(results), len(methods) + len(seeds)))
    for row, (method, seed, _) in enumerate(results):
        design[row, [method, len(methods) + seed]] = 1
    values = np.array([x for *_, x in results])
    fit, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    dof = len(results) - int(rank)
    squares = float(((values - design @ fit) ** 2).sum())
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
    samples : dict of str to dict of int to float
        The results of each method, at least one, by seed.
    apart : container of str
        Methods that are known to differ from the rest; they are pooled among themselves.

    Returns
    -------
    dict of str to Pool
        The pool of each method.
    """
    values = {method: list(sample.values()) for method, sample in samples.items()}
    result = {}
    for known_apart in (True, False):
        together = [method for method in samples if (method in apart) is known_apart]
        while equal_spreads(values[method] for method in together) < LEVEL:
            leaver = max(
                (method for method in together if len(values[method]) >= 3),
                key=lambda method: equal_spreads(values[name] for name in together if name != method),
            )
            together.remove(leaver)
            result[leaver] = Pool.of({leaver: samples[leaver]})
        if together:
            result |= dict.fromkeys(together, Pool.of({method: samples[method] for method in together}))
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
        return Estimate(mean, float(pool.s * np.sqrt(1 + 1 / len(values))), pool.dof, spread_of(pool))
    if stand_in is None:
        return Estimate(mean, None, None, NO_YARDSTICK)
    return Estimate(mean, float(np.sqrt(2) * stand_in), None, STAND_IN)


def spread_of(pool, paired=False):
    """A pool's spread in words."""
    s, dof = (pool.paired_s, pool.paired_dof) if paired else (pool.s, pool.dof)
    whose = f"{len(pool.members)} methods, pooled" if len(pool.members) > 1 else "its own seeds"
    return f"s = {s:.3f} with ν = {dof}, of {whose}"
