"""The built-in digits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from datasets.digits import SPLIT_SEED, Digits, DigitsSource
from datasets.errors import DataError


def test_train_and_test_divide_all_digits_in_the_documented_order():
    X, y = load_digits(return_X_y=True)
    order = np.random.RandomState(SPLIT_SEED).permutation(1797)
    train, test = Digits("train"), Digits("test")
    assert (len(train.X), len(test.X)) == (1497, 300)
    assert (train.X.dtype, train.y.dtype) == (np.float32, np.uint8)
    assert (train.y.shape, train.y_labels) == ((1497, 1), 10)
    np.testing.assert_array_equal(np.concatenate([train.X, test.X]), X[order] / 16)
    np.testing.assert_array_equal(np.concatenate([train.y, test.y])[:, 0], y[order])
    assert (train.X.min(), train.X.max()) == (0, 1)


def test_every_part_has_every_class():
    for part in (Digits("train", start=0, stop=1200), Digits("train", start=1200, stop=1497), Digits("test")):
        assert np.bincount(part.y[:, 0], minlength=10).min() >= 15


def test_train_and_validation_share_a_mean_image_and_test_has_its_own():
    for which_set, start, stop in (("train", 0, 1200), ("train", 1200, 1497), ("test", 0, 300)):
        whole = Digits(which_set).X
        part = Digits(which_set, center=True, start=start, stop=stop)
        np.testing.assert_array_equal(part.X, (whole - whole.mean(axis=0))[start:stop])
    test_set = Digits("train", center=True, start=0, stop=9).get_test_set()
    np.testing.assert_array_equal(test_set.X, Digits("test", center=True).X)


def test_topological_view_shows_the_image():
    digits = Digits("test")
    np.testing.assert_array_equal(digits.get_topological_view()[3, :, :, 0], digits.X[3].reshape(8, 8))
    np.testing.assert_array_equal(digits.adjust_for_viewer(np.array([0.0, 0.75, 1.0])), [-1.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("valid",), "slice it from 'train': start=1200, stop=1497"),
        (("all",), "no set 'all'"),
        (("test", False, 0, 301), "0 <= start < stop <= 300"),
    ],
)
def test_what_is_not_there_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        Digits(*arguments)


def test_as_an_entry_of_the_catalog(tmp_path):
    entry = DigitsSource()
    assert entry.state(tmp_path) == "built in"
    assert entry.prepare(tmp_path) == "digits: built in, nothing to do"
    assert "verified, official" in entry.verify(tmp_path)
    assert entry.provenance(tmp_path)["official"] is True
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DataError, match="leave --from out"):
        entry.prepare(tmp_path, tmp_path)


def test_other_digits_are_not_called_official(tmp_path, monkeypatch):
    X, y = load_digits(return_X_y=True)
    monkeypatch.setattr("sklearn.datasets.load_digits", lambda return_X_y: (X + 1, y))
    assert DigitsSource().provenance(tmp_path)["official"] is False
    with pytest.raises(DataError, match=r"other digits; install the version in requirements\.lock"):
        DigitsSource().verify(tmp_path)
