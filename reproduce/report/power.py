"""What a number of seeds can show: the smallest difference, and how many more seeds would decide a claim.

Both ask for a power of 80%: in 80 of 100 repetitions of the measurement, the interval would lie on one side. The
estimate over its standard error then follows the noncentral t distribution (Johnson, Kotz and Balakrishnan, Continuous
Univariate Distributions 2, chapter 31).
"""

import math

from scipy import special, stats

from reproduce.report.contrasts import combined
from reproduce.report.statistics import QUANTILE

POWER = 0.8
MOST = 999
"""The largest number of seeds that is worked out."""


def detectable(estimate):
    """The smallest difference from `estimate` that its interval would exclude in 80 of 100 repetitions, or None.

    Examples
    --------
    >>> from reproduce.report.statistics import Estimate
    >>> detectable(Estimate(1.2, 0.05, 14, "14 degrees of freedom"))  # the interval's half width is 0.107
    0.150...
    """
    if estimate.standard_error is None:
        return None
    if estimate.dof is None:
        return float((estimate.quantile + stats.norm.ppf(POWER)) * estimate.standard_error)
    return float(special.nctdtrinc(estimate.dof, 1 - POWER, estimate.quantile) * estimate.standard_error)


def decided(value, standard_error, dof, region):
    """The probability that a 95% interval lies inside or outside a region, if `value` is the true one.

    Parameters
    ----------
    value, standard_error, dof : float
    region : (float, float)
        Its ends; either may be infinite. For a value between two finite ends the result is a lower bound, which is
        close unless both are within reach of the interval.

    Returns
    -------
    float
    """
    low, high = region
    quantile = stats.t.ppf(QUANTILE, dof)
    if low < value < high:
        distances = [distance for distance in (value - low, high - value) if math.isfinite(distance)]
    else:
        distances = [max(low - value, value - high)]
    return float(1 - sum(stats.nct.cdf(quantile, dof, distance / standard_error) for distance in distances))


def more_seeds(estimate, region):
    """How many more seeds of each cell would decide on which side of a region's ends a contrast lies.

    With that many more, the interval would lie inside or outside the region in 80 of 100 repetitions, if the contrast
    and the spread that were seen are the true ones.

    Parameters
    ----------
    estimate : reproduce.report.statistics.Estimate
        A contrast whose interval contains an end of `region`.
    region : (float, float)

    Returns
    -------
    int, or math.inf for more than `MOST`, or None if the spread is not known
    """
    if not estimate.parts:
        return None

    def enough(more):
        return decided(estimate.value, *combined(estimate.parts, more), region) >= POWER

    if estimate.value in region or not enough(MOST):
        return math.inf
    fewest, most = 1, MOST
    while fewest < most:
        middle = (fewest + most) // 2
        if enough(middle):
            most = middle
        else:
            fewest = middle + 1
    return fewest
