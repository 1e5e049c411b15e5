"""Rows of channel planes and images."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.design_matrix import DefaultViewConverter

ALL_AXES = list(itertools.permutations(["b", 0, 1, "c"]))
SIDES = st.integers(1, 4)


@given(b=SIDES, rows=SIDES, columns=SIDES, channels=SIDES, axes=st.sampled_from(ALL_AXES))
def test_each_pixel_is_where_the_axes_say(b, rows, columns, channels, axes):
    X = np.arange(b * rows * columns * channels).reshape(b, -1)
    converter = DefaultViewConverter((rows, columns, channels), axes)
    view = converter.design_mat_to_topo_view(X)
    for i, row, column, c in np.ndindex(b, rows, columns, channels):
        place = {"b": i, 0: row, 1: column, "c": c}
        feature = c * rows * columns + row * columns + column
        assert view[tuple(place[axis] for axis in axes)] == X[i, feature]
    np.testing.assert_array_equal(converter.topo_view_to_design_mat(view), X)


def test_the_view_shares_memory():
    X = np.zeros((2, 12), np.float32)
    DefaultViewConverter((2, 2, 3)).design_mat_to_topo_view(X)[1, 0, 1, 2] = 5
    assert X[1, 2 * 4 + 0 * 2 + 1] == 5


@pytest.mark.parametrize("shape", [(12,), (2, 11), (2, 3, 4)])
def test_rows_of_another_length_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(examples, 12\): 3 planes of 2 x 2"):
        DefaultViewConverter((2, 2, 3)).design_mat_to_topo_view(np.zeros(shape))


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="expected 3 planes of 2 x 2"):
        DefaultViewConverter((2, 2, 3)).topo_view_to_design_mat(np.zeros((5, 2, 2, 1)))


@pytest.mark.parametrize("axes", [("b", 0, 1), ("b", 0, 0, "c"), ("b", 0, 1, "d"), "bc"])
def test_axes_must_be_a_permutation(axes):
    with pytest.raises(ValueError, match="must be a permutation"):
        DefaultViewConverter((2, 2, 3), axes)
