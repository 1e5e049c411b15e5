"""Histograms of float32 numbers: every number in its bin, nothing lost, whatever its size."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reproduce.figure1.histograms import MagnitudeHistogram, edges, quantile

ANY = arrays("float32", st.integers(0, 60), elements=st.floats(width=32))
"""Zeros of both signs, subnormal numbers, infinities and NaN among them."""
EDGES = np.array([0.0, -0.0, 1e-45, -1e-45, 1.0, -1.125, 3.4028235e38, np.inf, -np.inf, np.nan], "float32")


def counted(*chunks):
    histogram = MagnitudeHistogram()
    for chunk in chunks:
        histogram.add(chunk)
    return histogram


@given(ANY)
@example(EDGES)
def test_every_number_falls_in_its_bin(values):
    histogram, bounds = counted(values), edges()
    finite = values[np.isfinite(values)].astype("float64")
    for counts, magnitudes in ((histogram.negative, -finite[finite < 0]), (histogram.positive, finite[finite > 0])):
        # NumPy's bins are half-open too, but for the last, which no float32 reaches.
        np.testing.assert_array_equal(counts, np.histogram(magnitudes, bounds)[0])


@given(ANY)
@example(EDGES)
def test_counts_sum_to_the_number_of_values(values):
    histogram = counted(values)
    assert histogram.values == values.size
    assert histogram.zeros == (values == 0).sum()
    assert histogram.nonfinite == (~np.isfinite(values)).sum()


@given(ANY)
@example(EDGES)
def test_moments_are_those_of_the_finite_numbers(values):
    histogram = counted(values)
    finite = values[np.isfinite(values)].astype("float64")
    assert histogram.largest == abs(finite).max(initial=0)
    if finite.size:
        scale = abs(finite).max()
        assert histogram.mean == pytest.approx(finite.mean(), abs=1e-12 * scale)
        assert histogram.std == pytest.approx(finite.std(), rel=1e-6, abs=1e-6 * scale)


@given(ANY, ANY)
def test_counting_in_parts_counts_the_whole(one, two):
    parts, whole = counted(one, two), counted(np.concatenate([one, two]))
    np.testing.assert_array_equal(parts.negative, whole.negative)
    np.testing.assert_array_equal(parts.positive, whole.positive)
    assert (parts.zeros, parts.nonfinite, parts.largest) == (whole.zeros, whole.nonfinite, whole.largest)


@given(ANY)
@example(EDGES)
def test_the_written_form_holds_all_of_it(values):
    histogram = counted(values)
    written = json.loads(json.dumps(histogram.as_dict(), allow_nan=False))
    bins = written["bins"]
    assert sum(bins["negative"]) + sum(bins["positive"]) + written["zeros"] + written["nonfinite"] == values.size
    assert all(low < high for low, high in zip(bins["low"], bins["high"], strict=True))
    assert bins["low"] == sorted(set(bins["low"]))


@given(ANY, st.floats(0.01, 0.99))
@example(EDGES, 0.5)
def test_a_quantile_lies_in_the_bin_of_the_exact_one(values, q):
    written = counted(values).as_dict()
    found = quantile(q, written["zeros"], written["nonfinite"], written["bins"])
    magnitudes = np.sort(np.where(np.isfinite(values), abs(values.astype("float64")), np.inf))
    if not len(magnitudes):
        assert found is None
        return
    exact = magnitudes[max(int(np.ceil(q * len(magnitudes))) - 1, 0)]
    if not np.isfinite(exact):
        assert found is None
    elif exact == 0:
        assert found == 0
    else:
        index = np.searchsorted(edges(), exact, "right")
        assert edges()[index - 1] <= found <= edges()[index]


def test_bins_are_narrow_and_cover_every_float32():
    bounds = edges()
    assert bounds[0] == 0 and bounds[-1] == 2.0**128
    normal = bounds[bounds >= 2.0**-126]
    assert (normal[1:] / normal[:-1]).max() <= 1.125
