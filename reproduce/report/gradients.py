"""Reads a run's figure1.json: histograms of the gradients of one epoch."""

from dataclasses import dataclass

import numpy as np

from reproduce.figure1.histograms import quantile
from reproduce.figure1.recorder import MATRICES

SHARE = 0.99
"""Share of the gradients that lie within the spread of a histogram."""

COLUMNS = ("low", "high", "negative", "positive")


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of one or several weight matrices over an epoch.

    Attributes
    ----------
    zeros, nonfinite : int
        How many gradients were exactly 0, and how many were infinite or NaN.
    largest, std : float
        Largest magnitude and standard deviation of the finite gradients.
    bins : dict of str to ndarray of float64, shape (bins,)
        The bounds of magnitudes, ``low`` and ``high``, ascending, and the counts of ``negative`` and ``positive``
        gradients between them.
    """

    zeros: int
    nonfinite: int
    largest: float
    std: float
    bins: dict

    @property
    def values(self):
        """The number of gradients."""
        return self.zeros + self.nonfinite + int(self.bins["negative"].sum() + self.bins["positive"].sum())

    @property
    def spread(self):
        """The magnitude that `SHARE` of the gradients stay below: a quantile, or inf if that is not finite."""
        found = quantile(SHARE, self.zeros, self.nonfinite, self.bins)
        return np.inf if found is None else found

    def by_magnitude(self):
        """Edges of the bins of magnitudes, without gaps, and the share of all gradients in each bin."""
        low, high = self.bins["low"], self.bins["high"]
        edges = np.unique(np.concatenate([low, high]))
        counts = np.zeros(max(len(edges) - 1, 0))
        counts[np.searchsorted(edges, low)] = self.bins["negative"] + self.bins["positive"]
        return edges, counts / max(self.values, 1)

    def between(self, edges):
        """Share of all gradients in each of the bins between `edges`, none of which is 0.

        Where an edge divides a bin of ours, its count is divided in proportion to the widths.
        """
        bins = self.bins
        starts = np.concatenate([-bins["high"][::-1], [0.0], bins["low"]])
        stops = np.concatenate([-bins["low"][::-1], [0.0], bins["high"]])
        counts = np.concatenate([bins["negative"][::-1], [self.zeros], bins["positive"]])
        reached = np.cumsum(counts)
        points = np.stack([starts, stops], axis=1).reshape(-1)
        below = np.stack([reached - counts, reached], axis=1).reshape(-1)
        return np.diff(np.interp(edges, points, below)) / max(self.values, 1)


@dataclass(frozen=True, eq=False)
class Recording:
    """One figure1.json: the epoch, whether gradients were clipped at every time step, and `Gradients` by matrix."""

    epoch: int
    clipping: bool
    matrices: dict


def parse(fields):
    """The `Recording` in `fields`; raises ValueError with the fault."""
    try:
        epoch, clipping = fields["epoch"], fields["clipping"]
        matrices = {name: _gradients(name, fields["matrices"][name]) for name in MATRICES}
    except (KeyError, TypeError, OverflowError):
        raise ValueError("figure1.json does not have the expected form") from None
    if type(epoch) is not int or epoch < 1 or type(clipping) is not bool:
        raise ValueError("figure1.json does not say which epoch it recorded, or whether gradients were clipped")
    return Recording(epoch, clipping, matrices)


def _gradients(name, fields):
    try:
        bins = {column: np.array(fields["bins"][column], "float64") for column in COLUMNS}
    except ValueError:
        raise ValueError(f"figure1.json: the bins of {name} are not lists of numbers") from None
    low, high = bins["low"], bins["high"]
    counts = [fields["zeros"], fields["nonfinite"], *bins["negative"], *bins["positive"]]
    if low.ndim != 1 or len({column.shape for column in bins.values()}) > 1:
        raise ValueError(f"figure1.json: {name} has columns of unequal length")
    bounds = np.stack([low, high], axis=1).reshape(-1)
    if not (np.isfinite(bounds).all() and (low < high).all() and (np.diff(bounds, prepend=0) >= 0).all()):
        raise ValueError(f"figure1.json: the bins of {name} do not follow each other")
    if not (np.isfinite(counts).all() and np.min(counts) >= 0 and sum(counts) == fields["values"] > 0):
        raise ValueError(f"figure1.json: the counts of {name} do not add up to its {fields['values']} values")
    largest, std = float(fields["max"]), float(fields["std"])
    if not (0 <= largest < np.inf and 0 <= std < np.inf):
        raise ValueError(f"figure1.json: max or std of {name} is not a finite number")
    return Gradients(fields["zeros"], fields["nonfinite"], largest, std, bins)
