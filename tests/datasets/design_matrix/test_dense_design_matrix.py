"""DenseDesignMatrix: what users of pylearn2 rely on."""

import numpy as np
import pytest

from datasets import DataError, DenseDesignMatrix
from datasets.design_matrix import DefaultViewConverter


@pytest.fixture
def images():
    """Five images of 2 x 3 pixels and 2 channels, as rows of planes, with labels."""
    X = np.arange(60, dtype=np.float32).reshape(5, 12)
    y = np.array([[0], [2], [1], [2], [0]], np.uint8)
    return DenseDesignMatrix(X=X, y=y, y_labels=3, view_converter=DefaultViewConverter((2, 3, 2)))


def test_getters(images):
    assert images.get_design_matrix() is images.X
    assert images.get_targets() is images.y
    assert images.has_targets()
    assert images.get_num_examples() == 5
    X, y = images.get_data()
    assert X is images.X
    assert y is images.y
    without = DenseDesignMatrix(X=images.X)
    assert without.get_data() is images.X
    assert not without.has_targets()


def test_rows_are_planes_and_axes_order_the_view_only(images):
    planes = images.X.reshape(-1, 2, 2, 3)
    np.testing.assert_array_equal(images.get_topological_view(), planes.transpose(0, 2, 3, 1))
    assert np.shares_memory(images.get_topological_view(), images.X)
    before = images.X.copy()
    images.set_view_converter_axes(("c", 0, 1, "b"))
    assert images.view_converter.axes == ("c", 0, 1, "b")
    assert images.get_topo_batch_axis() == 3
    np.testing.assert_array_equal(images.get_topological_view(), planes.transpose(1, 2, 3, 0))
    np.testing.assert_array_equal(images.get_topological_view(images.X[:2]), planes[:2].transpose(1, 2, 3, 0))
    np.testing.assert_array_equal(images.X, before)
    np.testing.assert_array_equal(images.get_design_matrix(images.get_topological_view()), before)


def test_a_topological_view_makes_rows_and_converter(images):
    view = images.get_topological_view().transpose(3, 0, 1, 2)
    other = DenseDesignMatrix(topo_view=view, axes=("c", "b", 0, 1))
    np.testing.assert_array_equal(other.X, images.X)
    assert other.view_converter.shape == (2, 3, 2)
    assert other.view_converter.axes == ("c", "b", 0, 1)
    np.testing.assert_array_equal(other.get_topological_view(), view)


def test_no_converter_no_view():
    with pytest.raises(DataError, match="no topological view; give it a view_converter"):
        DenseDesignMatrix(X=np.zeros((2, 3))).get_topological_view()


def test_x_and_y_may_be_replaced(images):
    images.X, images.y = images.X.reshape(-1, 2, 2, 3), images.y.reshape(-1)
    assert images.get_num_examples() == 5
    images.restrict(1, 3)
    assert images.X.shape == (2, 2, 2, 3)
    assert images.y.tolist() == [2, 1]


def test_restrict_slices_in_place(images):
    X = images.X
    images.restrict(None, None)
    assert images.X is X
    images.restrict(1, 4)
    assert np.shares_memory(images.X, X)
    np.testing.assert_array_equal(images.X, X[1:4])
    assert images.y.tolist() == [[2], [1], [2]]


@pytest.mark.parametrize(("start", "stop"), [(0, 6), (-1, 3), (3, 3), (4, 2), (None, 3), (1, None)])
def test_restrict_refuses_what_is_not_there(images, start, stop):
    with pytest.raises(AssertionError, match="start"):
        images.restrict(start, stop)
    assert len(images.X) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs X or topo_view"),
        ({"X": np.zeros((1, 2)), "topo_view": np.zeros((1, 1, 1, 1))}, "and not both"),
        ({"X": np.zeros(3)}, r"shape \(3,\), expected 2 axes"),
        ({"X": np.array([[1.0, np.nan]])}, "NaN"),
        ({"topo_view": np.full((1, 1, 1, 1), np.nan)}, "NaN"),
        ({"topo_view": np.zeros((1, 1, 1))}, "expected 4 axes"),
        ({"topo_view": np.zeros((1, 1, 1, 1)), "axes": ("b", 0, 1, 2)}, "must be a permutation"),
        ({"topo_view": np.zeros((1, 1, 1, 1)), "view_converter": DefaultViewConverter((1, 1, 1))}, "leave"),
        ({"X": np.zeros((2, 1)), "y": np.zeros(3)}, "2 examples with 3 targets"),
        ({"X": np.zeros((2, 1)), "y": np.array([0, 2]), "y_labels": 2}, "y holds 2, but y_labels is 2"),
        ({"X": np.array([[0, 7]]), "X_labels": 7}, "X holds 7, but X_labels is 7"),
    ],
)
def test_construction_refuses(arguments, message):
    with pytest.raises(AssertionError, match=message):
        DenseDesignMatrix(**arguments)


def test_set_design_matrix_refuses_and_keeps(images):
    X = images.X
    with pytest.raises(AssertionError, match="NaN"):
        images.set_design_matrix(np.array([[np.nan]]))
    assert images.X is X


def test_a_preprocessor_changes_the_data_set(images):
    class Doubling:
        def apply(self, dataset, can_fit):
            dataset.set_design_matrix(2 * dataset.X)
            self.could_fit = can_fit

    X, doubling = images.X, Doubling()
    images.apply_preprocessor(doubling)
    assert doubling.could_fit is False
    np.testing.assert_array_equal(images.X, 2 * X)
    twice = DenseDesignMatrix(X=X, preprocessor=doubling, fit_preprocessor=True)
    assert doubling.could_fit is True
    np.testing.assert_array_equal(twice.X, 2 * X)


def test_the_default_generator():
    expected = np.random.RandomState([17, 2, 946]).randint(1 << 30)
    for arguments in ({}, {"rng": None}):
        assert DenseDesignMatrix(X=np.zeros((1, 1)), **arguments).rng.randint(1 << 30) == expected
    rng = np.random.RandomState(1)
    assert DenseDesignMatrix(X=np.zeros((1, 1)), rng=rng).rng is rng


def test_adjust_for_viewer_scales_by_the_largest(images):
    np.testing.assert_array_equal(images.adjust_for_viewer(np.array([[1.0, -4.0]])), [[0.25, -1.0]])


def test_iterators_need_a_mode(images):
    with pytest.raises(ValueError, match="no iteration mode given"):
        images.iterator(batch_size=2)
    with pytest.raises(ValueError, match="unknown iteration mode"):
        images.iterator("sideways", batch_size=2)


def test_iterator_yields_features_or_tuples_with_int64_targets(images):
    features = list(images.iterator("sequential", batch_size=2))
    assert [batch.shape for batch in features] == [(2, 12), (2, 12), (1, 12)]
    pairs = list(images.iterator("sequential", batch_size=2, data_specs=("features", "targets")))
    np.testing.assert_array_equal(np.concatenate([y for _, y in pairs]), images.y)
    assert pairs[0][1].dtype == np.int64
    np.testing.assert_array_equal(pairs[1][0], images.X[2:4])
    targets = next(images.iterator("sequential", batch_size=5, data_specs="targets"))
    np.testing.assert_array_equal(targets, images.y)


def test_iterators_refuse_sources_that_are_not_there(images):
    with pytest.raises(ValueError, match="unknown data source 'pixels'"):
        images.iterator("sequential", batch_size=2, data_specs=("features", "pixels"))
    images.y = None
    with pytest.raises(ValueError, match="has no targets"):
        images.iterator("sequential", batch_size=2, data_specs="targets")


def test_drawing_modes_go_on_with_the_data_sets_own_generator(images):
    rng = np.random.RandomState([17, 2, 946])
    for _ in range(2):
        order = np.arange(5)
        rng.shuffle(order)
        batch = next(images.iterator("shuffled_sequential", batch_size=5))
        np.testing.assert_array_equal(batch, images.X[order])
