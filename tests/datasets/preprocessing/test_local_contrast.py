"""Local contrast normalization against pylearn2's numbers and a convolution written out."""

import numpy as np
import pytest
import scipy.ndimage

from datasets import DenseDesignMatrix
from datasets.errors import BadArgumentError
from datasets.preprocessing import (
    GlobalContrastNormalization,
    LeCunLCN,
    Pipeline,
    gaussian_filter,
    lecun_lcn,
)


@pytest.fixture(scope="module")
def golden(shared):
    return np.load(shared / "golden" / "pylearn2_lcn.npz")


def preprocessed(preprocessor, X):
    """Apply it to a data set without a view converter."""
    data_set = DenseDesignMatrix(X=np.array(X, np.float32))
    preprocessor.apply(data_set, can_fit=False)
    return data_set.X


@pytest.mark.parametrize("size", [3, 5, 7, 9])
def test_gaussians_are_pylearn2s(golden, size):
    weights = gaussian_filter(size)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, golden[f"filter{size}"], atol=1e-8, rtol=0)


def test_the_pipeline_of_svhn_is_pylearn2s(golden):
    pixels = golden["X_u8"]
    gcn = preprocessed(GlobalContrastNormalization(batch_size=7), pixels)
    np.testing.assert_allclose(gcn, golden["gcn"], atol=1e-7, rtol=0)
    pipeline = Pipeline()
    pipeline.items.append(GlobalContrastNormalization(batch_size=5000))
    pipeline.items.append(LeCunLCN((32, 32), batch_size=len(pixels)))
    result = preprocessed(pipeline, pixels)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, golden["gcn_lcn"], atol=1e-5, rtol=0)
    np.testing.assert_array_equal(result[:, 1024:], gcn[:, 1024:])


def test_each_plane_is_pylearn2s(golden):
    planes = lecun_lcn(golden["gcn"][:10].reshape(30, 32, 32)).reshape(10, 3072)
    np.testing.assert_allclose(planes, golden["each_channel_10"], atol=1e-5, rtol=0)
    every = preprocessed(LeCunLCN((32, 32), batch_size=10, every_channel=True), golden["gcn"][:10])
    # A matrix product's rounding may depend on how many planes it takes at once.
    np.testing.assert_allclose(every, planes, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("case", "arguments"),
    [
        ("ch1", {"channels": [1]}),
        ("ch12", {"channels": [1, 2]}),
        ("int2", {"channels": 2}),
        ("k9", {"kernel_size": 9}),
        ("thr_0p5", {"threshold": 0.5}),
        ("thr_0p02", {"threshold": 0.02}),
    ],
)
def test_cases_are_pylearn2s(golden, case, arguments):
    result = preprocessed(LeCunLCN((32, 32), batch_size=5, **arguments), golden["gcn"][:5])
    np.testing.assert_allclose(result, golden[f"case_{case}"], atol=1e-5, rtol=0)


def test_pixels_and_zeros_are_pylearn2s(golden):
    result = preprocessed(LeCunLCN((32, 32), batch_size=5), golden["X_u8"][:5])
    np.testing.assert_allclose(result, golden["case_raw255"], atol=1e-5, rtol=0)
    zeros = preprocessed(LeCunLCN((32, 32), batch_size=2), np.zeros((2, 3072)))
    np.testing.assert_array_equal(zeros, golden["case_zero"])


def test_rows_in_memory_come_back_interleaved_as_pylearn2s(golden):
    result = preprocessed(LeCunLCN((32, 32)), golden["gcn"][:5])
    np.testing.assert_allclose(result, golden["ndarray_scrambled"], atol=1e-5, rtol=0)
    planes = result.reshape(5, 32, 32, 3).transpose(0, 3, 1, 2).reshape(5, -1)
    np.testing.assert_allclose(planes, golden["gcn_lcn"][:5], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("shape", "kernel_size", "threshold"), [((6, 5), 7, 1e-4), ((4, 9), 3, 0.4)])
def test_the_formula_by_plain_convolution(shape, kernel_size, threshold):
    planes = np.random.RandomState(0).randn(3, *shape)
    weights = gaussian_filter(kernel_size)
    for x, result in zip(planes, lecun_lcn(planes, kernel_size, threshold), strict=True):
        blur, square = (scipy.ndimage.convolve(a, weights, mode="constant") for a in (x, x**2))
        s = np.sqrt(square)
        expected = (x - blur) / np.maximum(np.maximum(s, s.mean()), threshold)
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_bad_arguments_are_reported():
    for make in (lambda: LeCunLCN((32, 32), kernel_size=4), lambda: lecun_lcn(np.zeros((1, 5, 5)), 4)):
        with pytest.raises(BadArgumentError, match="kernel_size is 4; it must be odd"):
            make()
    for channels in ("red", 1.5, []):
        with pytest.raises(BadArgumentError, match="give an index, a list of them, or None"):
            LeCunLCN((32, 32), channels=channels)
    with pytest.raises(BadArgumentError, match="no channel 3: the images have 3"):
        preprocessed(LeCunLCN((2, 2), channels=3), np.zeros((1, 12)))
    with pytest.raises(BadArgumentError, match="rows of 13 features cannot be images of 2 x 2"):
        preprocessed(LeCunLCN((2, 2)), np.zeros((1, 13)))
    with pytest.raises(BadArgumentError, match="batch_size is 0"):
        LeCunLCN((2, 2), batch_size=0)
