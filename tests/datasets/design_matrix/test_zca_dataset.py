"""ZCA_Dataset against pylearn2's numbers, and its refusals."""

import numpy as np
import pytest

from datasets import DenseDesignMatrix
from datasets.cifar10 import WhitenedCIFAR10, whitening
from datasets.design_matrix import ZCA_Dataset
from datasets.errors import BadArgumentError


def test_slices_and_mapback_are_pylearn2s(golden_zca, projection, whitening):
    gcn, zca = whitening["gcn"]["train"], whitening["zca"]
    y = np.arange(300).reshape(-1, 1) % 10
    inner = DenseDesignMatrix(X=zca.transform(gcn), y=y, y_labels=10)
    part = ZCA_Dataset(preprocessed_dataset=inner, preprocessor=zca, start=10, stop=250)
    assert np.shares_memory(part.X, inner.X)
    assert (part.y_labels, part.rng) == (10, inner.rng)
    np.testing.assert_array_equal(part.y, y[10:250])
    np.testing.assert_allclose(projection(part.X), golden_zca["zca_dataset_10_250_proj"], atol=0.02, rtol=0)
    back = part.mapback(part.X[:2])
    np.testing.assert_allclose(back[:1], golden_zca["mapback_rows"], atol=1e-3, rtol=0)
    np.testing.assert_allclose(back, gcn[10:12], atol=1e-3, rtol=0)


def test_without_start_it_is_everything(cifar10_root):
    inner = WhitenedCIFAR10("train", cifar10_root)
    whole = ZCA_Dataset(inner, whitening(cifar10_root), stop=7)
    assert whole.X.shape == (200, 108)
    test = whole.get_test_set()
    np.testing.assert_array_equal(test.X, WhitenedCIFAR10("test", cifar10_root).X)
    assert test.preprocessor is whole.preprocessor
    shown = whole.mapback_for_viewer(whole.X)
    assert np.abs(shown).max(axis=1) == pytest.approx(1)
    assert np.abs(whole.adjust_for_viewer(whole.X)).max(axis=1) == pytest.approx(1)


def test_batches_need_data_specs(cifar10_root):
    data_set = ZCA_Dataset(WhitenedCIFAR10("test", cifar10_root), whitening(cifar10_root), 0, 10)
    with pytest.raises(BadArgumentError, match="data_specs='features'"):
        data_set.iterator("sequential", 5)
    batches = list(data_set.iterator("sequential", 5, data_specs="features"))
    np.testing.assert_array_equal(np.concatenate(batches), data_set.X)


def test_bad_arguments_are_reported(cifar10_root):
    inner, zca = WhitenedCIFAR10("test", cifar10_root), whitening(cifar10_root)
    with pytest.raises(BadArgumentError, match="stop None"):
        ZCA_Dataset(inner, zca, start=3)
    with pytest.warns(UserWarning, match="ignores axes"):
        ZCA_Dataset(inner, zca, axes=("c", 0, 1, "b"))
    with pytest.raises(BadArgumentError, match=r"shape \(4,\), expected 2 axes"):
        ZCA_Dataset(DenseDesignMatrix(X=np.zeros((4, 3)), y=np.zeros(4, int)), zca)
