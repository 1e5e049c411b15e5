import numpy as np
import pytest

from datasets import DataError, catalog
from datasets.digits import DigitsSource
from reproduce import experiments, splits
from reproduce.errors import UserError


def test_digits_are_split_and_centred_as_configured(tmp_path):
    loaded = splits.load(experiments.resolve("digits", "lab"), tmp_path)
    assert [len(part.x) for part in (loaded.train, loaded.valid, loaded.test)] == [1200, 297, 300]
    assert loaded.train.x.base is loaded.valid.x.base, "the training file is in memory twice"
    both = np.concatenate([loaded.train.x, loaded.valid.x])
    np.testing.assert_allclose(both.mean(axis=0), 0, atol=1e-5)
    for part in (loaded.train, loaded.valid, loaded.test):
        assert part.x.dtype == np.float32 and part.y.dtype == np.int32 and part.y.shape == (len(part.x),)
    raw = splits.load(experiments.resolve("digits", "lab", {"data.center": False}), tmp_path)
    assert raw.train.x.min() == 0


@pytest.mark.parametrize(("name", "features"), [("mnist", 784), ("cifar10", 3072), ("svhn", 3072)])
def test_synthetic_pictures_need_no_data_and_are_never_official(name, features, tmp_path):
    loaded = splits.load(experiments.resolve(name, "lab", {"data.source": "synthetic"}), tmp_path)
    rng = np.random.RandomState(0)
    np.testing.assert_array_equal(loaded.train.x, rng.randn(500, features).astype("float32"))
    np.testing.assert_array_equal(loaded.train.y, rng.randint(0, 10, (500, 1)).reshape(-1))
    assert loaded.train is loaded.valid is loaded.test
    assert loaded.provenance["official"] is False


@pytest.mark.parametrize("name", ["mnist", "cifar10", "svhn"])
def test_missing_data_are_named(name, tmp_path):
    with pytest.raises(DataError, match=f"data prepare {name}"):
        splits.load(experiments.resolve(name, "lab"), tmp_path)


def test_pylearn2s_own_svhn_is_not_taken_for_the_prepared_one(tmp_path):
    theirs = tmp_path / "h5" / "valid_32x32.h5"
    theirs.parent.mkdir()
    theirs.touch()
    with pytest.raises(UserError, match=r"valid_32x32\.h5 stands in the way"):
        splits.LOADERS["svhn"](experiments.resolve("svhn", "lab").settings, tmp_path)


def test_unofficial_data_need_consent(tmp_path, monkeypatch):
    monkeypatch.setitem(catalog.DATA_SETS, "digits", Unofficial())
    experiment = experiments.resolve("digits", "lab")
    with pytest.raises(UserError, match="--allow-unofficial"):
        splits.load(experiment, tmp_path)
    assert splits.load(experiment, tmp_path, allow_unofficial=True).provenance["official"] is False


class Unofficial(DigitsSource):
    """Digits as another scikit-learn might have them."""

    def provenance(self, root):
        return super().provenance(root) | {"official": False}
