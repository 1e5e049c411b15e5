"""Estimates how measured numbers differ: signed sums of cells, with paired seeds and a pooled spread where possible."""

from dataclasses import dataclass

import numpy as np

from reproduce.report import statistics
from reproduce.report.statistics import MINIMUM_DOF, NO_YARDSTICK, STAND_IN, Estimate

PAIRS = 2
"""The fewest common seeds on which methods of one pool are compared seed by seed."""


@dataclass(frozen=True)
class Part:
    """An independent part of a contrast's variance: s²·Σ c²/n.

    Attributes
    ----------
    s : float
        Standard deviation of one result.
    dof : float
        Its degrees of freedom.
    gain : int
        Degrees of freedom that one more seed of each cell adds.
    terms : tuple of (float, int)
        Coefficient c and number of seeds n of each mean.
    """

    s: float
    dof: float
    gain: int
    terms: tuple

    def variance(self, more=0):
        """The variance with `more` seeds added to each mean."""
        return self.s**2 * sum(c**2 / (n + more) for c, n in self.terms)


def combined(parts, more=0):
    """Standard error and degrees of freedom of the sum of `parts`, with `more` seeds added to each mean.

    Several parts have Welch and Satterthwaite's degrees of freedom (Satterthwaite 1946).
    """
    variances = [part.variance(more) for part in parts]
    dofs = [part.dof + part.gain * more for part in parts]
    total = sum(variances)
    if total == 0 or len(parts) == 1:
        return float(np.sqrt(total)), min(dofs)
    return float(np.sqrt(total)), total**2 / sum(v**2 / dof for v, dof in zip(variances, dofs, strict=True))


def contrast(coefficients, samples, pools, stand_ins):
    """Σ cᵢ·(mean of sample i), with its standard error.

    The first of these that is possible is taken:

    1. If the coefficients of each pool add up to 0 and its samples have two or more seeds in common, these seeds are
       paired, and the spread is the pool's `paired_s`. What a seed does to all methods cancels.
    2. If all samples have three or more seeds in common, their contrasts, seed by seed, have a spread of their own.
    3. The means of all seeds are compared by their pooled spreads.
    4. If a spread is not known, the stand-ins take its place.

    Parameters
    ----------
    coefficients : sequence of float
    samples : sequence of dict of int to float
        The results of each sample, by seed.
    pools : sequence of reproduce.report.statistics.Pool
    stand_ins : sequence of float or None
        Standard error of one run of each sample.

    Returns
    -------
    reproduce.report.statistics.Estimate
    """
    groups = {}
    for c, sample, pool in zip(coefficients, samples, pools, strict=True):
        groups.setdefault(pool, []).append((c, sample))
    if all(_can_pair(pool, group) for pool, group in groups.items()):
        return _paired(groups)
    if len(_common(samples)) > MINIMUM_DOF:
        return _seed_by_seed(coefficients, samples)
    value = sum(c * _mean(sample) for c, sample in zip(coefficients, samples, strict=True))
    if all(pool.known for pool in pools):
        parts = [
            Part(pool.s, pool.dof, len(group), tuple((c, len(sample)) for c, sample in group))
            for pool, group in groups.items()
        ]
        return Estimate(value, *combined(parts), "spread between seeds, not paired", tuple(parts))
    if any(error is None for error in stand_ins):
        return Estimate(value, None, None, NO_YARDSTICK)
    error = np.sqrt(sum((c * e) ** 2 for c, e in zip(coefficients, stand_ins, strict=True)))
    return Estimate(value, float(error), None, STAND_IN)


def _common(samples):
    """The seeds that all `samples` have, sorted."""
    return sorted(set.intersection(*map(set, samples)))


def _mean(sample, seeds=None):
    return float(np.mean([sample[seed] for seed in seeds or sample]))


def _can_pair(pool, group):
    balanced = abs(sum(c for c, _ in group)) < 1e-12
    return balanced and pool.paired_dof >= MINIMUM_DOF and len(_common(sample for _, sample in group)) >= PAIRS


def _paired(groups):
    value, parts, counts = 0.0, [], []
    for pool, group in groups.items():
        seeds = _common(sample for _, sample in group)
        value += sum(c * _mean(sample, seeds) for c, sample in group)
        terms = tuple((c, len(seeds)) for c, _ in group)
        parts.append(Part(pool.paired_s, pool.paired_dof, len(group) - 1, terms))
        counts.append(len(seeds))
    fewest = f"{min(counts)} paired seeds" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)} paired seeds"
    spread = f"; {statistics.spread_of(next(iter(groups)), paired=True)}" if len(groups) == 1 else ""
    return Estimate(value, *combined(parts), fewest + spread, tuple(parts))


def _seed_by_seed(coefficients, samples):
    seeds = _common(samples)
    per_seed = np.dot(coefficients, [[sample[seed] for seed in seeds] for sample in samples])
    s, dof = statistics.pooled([per_seed])
    part = Part(s, dof, 1, ((1.0, len(seeds)),))
    return Estimate(float(per_seed.mean()), *combined([part]), f"{len(seeds)} paired seeds", (part,))
