"""Histograms of float32 numbers of any magnitude, in fixed bins."""

import numpy as np

MANTISSA_BITS = 3
"""Leading bits of the mantissa that distinguish bins: eight bins per octave, about 27 per decade."""

_SHIFT = 23 - MANTISSA_BITS
_FINITE = 0x7F800000 >> _SHIFT
"""Number of bins of finite magnitudes; a higher bin has the exponent of infinities and NaN."""

QUANTILES = (0.5, 0.9, 0.99, 0.999)


def edges():
    """Edges of all bins, float64 (bins + 1,): magnitudes from 0 to 2¹²⁸."""
    patterns = np.arange(_FINITE, dtype="uint32") << _SHIFT
    return np.append(patterns.view("float32").astype("float64"), 2.0**128)


class MagnitudeHistogram:
    """Counts of float32 numbers by sign and magnitude, with their exact moments.

    A bin holds the magnitudes that share a float32's exponent and `MANTISSA_BITS` of its mantissa. So the bins do not
    depend on the numbers counted, they cover every finite float32, each is an eighth of an octave wide, and no rounding
    decides where a number belongs. Zeros and numbers that are not finite are counted apart.

    Attributes
    ----------
    negative, positive : ndarray of int64, shape (bins,)
        Counts between the `edges`: low ≤ |x| < high.
    zeros, nonfinite : int
    largest : float
        The largest finite magnitude.

    Examples
    --------
    >>> histogram = MagnitudeHistogram()
    >>> histogram.add(np.float32([[0, 1, -1], [2, np.inf, 0]]))
    >>> histogram.values, histogram.zeros, histogram.nonfinite, histogram.largest, histogram.mean
    (6, 2, 1, 2.0, 0.4)
    """

    def __init__(self):
        self.negative, self.positive = np.zeros((2, _FINITE), "int64")
        self.zeros = self.nonfinite = 0
        self.largest = self._sum = self._squares = 0.0

    def add(self, values):
        """Count `values`, float32 of any shape."""
        values = np.ascontiguousarray(values, dtype="float32").reshape(-1)
        patterns = values.view("uint32")
        magnitudes = (patterns & 0x7FFFFFFF) >> _SHIFT
        below_zero = (patterns >> 31).astype(bool)
        for counts, chosen in ((self.negative, below_zero), (self.positive, ~below_zero)):
            found = np.bincount(magnitudes[chosen], minlength=_FINITE)
            counts += found[:_FINITE]
            self.nonfinite += int(found[_FINITE:].sum())
        for counts, zeros in zip((self.negative, self.positive), _zeros(patterns), strict=True):
            counts[0] -= zeros
            self.zeros += zeros
        if magnitudes.max(initial=0) >= _FINITE:
            values = values[np.isfinite(values)]
        self.largest = max(self.largest, float(np.abs(values).max(initial=0)))
        values = values.astype("float64")
        self._sum += float(values.sum())
        self._squares += float(np.square(values).sum())

    def state(self):
        """All that was counted, name to array; `restore` takes it."""
        numbers = np.array([self.largest, self._sum, self._squares], "float64")
        counts = np.array([self.zeros, self.nonfinite], "int64")
        return {"negative": self.negative, "positive": self.positive, "counts": counts, "moments": numbers}

    def restore(self, state):
        """Go on from what `state` returned."""
        self.negative, self.positive = state["negative"].copy(), state["positive"].copy()
        self.zeros, self.nonfinite = map(int, state["counts"])
        self.largest, self._sum, self._squares = map(float, state["moments"])

    @property
    def finite(self):
        """How many of the numbers were finite."""
        return self.zeros + int(self.negative.sum() + self.positive.sum())

    @property
    def values(self):
        """How many numbers were counted."""
        return self.finite + self.nonfinite

    @property
    def mean(self):
        """The mean of the finite numbers; 0 if there are none."""
        return self._sum / max(self.finite, 1)

    @property
    def std(self):
        """Population standard deviation of the finite numbers."""
        return max(self._squares / max(self.finite, 1) - self.mean**2, 0.0) ** 0.5

    def as_dict(self):
        """For JSON: counts, moments, and the bins that are not empty, as columns in ascending order of magnitude."""
        held = np.flatnonzero(self.negative + self.positive)
        bounds = edges()
        columns = {
            "low": bounds[held].tolist(),
            "high": bounds[held + 1].tolist(),
            "negative": self.negative[held].tolist(),
            "positive": self.positive[held].tolist(),
        }
        return {
            "values": self.values,
            "zeros": self.zeros,
            "nonfinite": self.nonfinite,
            "max": self.largest,
            "mean": self.mean,
            "std": self.std,
            "quantiles": {str(q): quantile(q, self.zeros, self.nonfinite, columns) for q in QUANTILES},
            "bins": columns,
        }


def _zeros(patterns):
    """How many numbers are −0 and how many 0."""
    return int((patterns == 0x80000000).sum()), int((patterns == 0).sum())


def quantile(q, zeros, nonfinite, bins):
    """The q-quantile of magnitudes, read off their bins; exact to the width of a bin.

    Parameters
    ----------
    q : float
        Between 0 and 1.
    zeros, nonfinite : int
        Numbers outside the bins; those that are not finite count as larger than all finite ones.
    bins : dict of str to list
        ``low``, ``high``, ``negative`` and ``positive`` of `MagnitudeHistogram.as_dict`.

    Returns
    -------
    float or None
        None if the quantile is not finite or nothing was counted.
    """
    counts = np.add(bins["negative"], bins["positive"])
    reached = zeros + np.cumsum(counts)
    total = zeros + int(counts.sum()) + nonfinite
    rank = q * total
    if not total or rank > total - nonfinite:
        return None
    if rank <= zeros:
        return 0.0
    index = int(np.searchsorted(reached, rank))
    low, high = bins["low"][index], bins["high"][index]
    return float(low + (high - low) * (rank - (reached[index] - counts[index])) / counts[index])
