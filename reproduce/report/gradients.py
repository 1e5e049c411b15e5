"""What a run's figure1.json holds: histograms of the gradients of one epoch."""

from dataclasses import dataclass

import numpy as np

from reproduce.figure1.histograms import quantile
from reproduce.figure1.recorder import MATRICES

SHARE = 0.99
"""Share of the gradients that the spread of a histogram holds."""

COLUMNS = ("low", "high", "negative", "positive")


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of one weight matrix, or several, over an epoch.

    Attributes
    ----------
    zeros, nonfinite : int
        Gradients that were exactly 0; infinite ones and NaN.
    largest, std : float
        Largest magnitude and standard deviation of the finite ones.
    bins : dict of str to ndarray of float64, shape (bins,)
        ``low`` and ``high`` of magnitudes, ascending, and counts of ``negative`` and ``positive`` gradients there.
    """

    zeros: int
    nonfinite: int
    largest: float
    std: float
    bins: dict

    @property
    def values(self):
        """How many gradients there are."""
        return self.zeros + self.nonfinite + int(self.bins["negative"].sum() + self.bins["positive"].sum())

    @property
    def spread(self):
        """Half the width that holds `SHARE` of them about 0: a quantile of magnitudes; inf where that is not finite."""
        found = quantile(SHARE, self.zeros, self.nonfinite, self.bins)
        return np.inf if found is None else found

    def by_magnitude(self):
        """Edges of the bins of magnitudes without gaps, and the share of all gradients in each."""
        low, high = self.bins["low"], self.bins["high"]
        edges = np.unique(np.concatenate([low, high]))
        counts = np.zeros(max(len(edges) - 1, 0))
        counts[np.searchsorted(edges, low)] = self.bins["negative"] + self.bins["positive"]
        return edges, counts / max(self.values, 1)

    def between(self, edges):
        """Share of all gradients in each of the bins between `edges`, none of them 0.

        A bin of ours that an edge divides gives each side its part of the width.
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
    """One figure1.json: the epoch, whether the clip at every time step was in force, and `Gradients` by matrix."""

    epoch: int
    clipping: bool
    matrices: dict


def parse(fields):
    """The `Recording` in `fields`, or ValueError with what is wrong."""
    try:
        epoch, clipping = fields["epoch"], fields["clipping"]
        matrices = {name: _gradients(name, fields["matrices"][name]) for name in MATRICES}
    except (KeyError, TypeError, OverflowError):
        raise ValueError("figure1.json is not in this report's form") from None
    if type(epoch) is not int or epoch < 1 or type(clipping) is not bool:
        raise ValueError("figure1.json does not say which epoch it is of, and whether gradients were clipped")
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
