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


def preprocessed(preprocessor, X):
    """Apply it to a data set without a view converter."""
    data_set = DenseDesignMatrix(X=np.array(X, np.float32))
    preprocessor.apply(data_set, can_fit=False)
    return data_set.X


@pytest.fixture(scope="module")
def gcn(photographs):
    """Forty photographs whose contrast is normalized, by rows in planes."""
    return preprocessed(GlobalContrastNormalization(batch_size=7), photographs["train"][:40])


@pytest.mark.parametrize("size", [3, 5, 7, 9])
def test_gaussians_are_pylearn2s(golden_lcn, size):
    weights = gaussian_filter(size)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, golden_lcn[f"filter{size}"], atol=1e-8, rtol=0)


def test_the_pipeline_of_svhn_is_pylearn2s(golden_lcn, photographs, projection, gcn):
    np.testing.assert_allclose(gcn[:2], golden_lcn["gcn"], atol=1e-7, rtol=0)
    np.testing.assert_allclose(projection(gcn), golden_lcn["gcn_proj"], atol=1e-5, rtol=0)
    pipeline = Pipeline()
    pipeline.items.append(GlobalContrastNormalization(batch_size=5000))
    pipeline.items.append(LeCunLCN((32, 32), batch_size=40))
    result = preprocessed(pipeline, photographs["train"][:40])
    assert result.dtype == np.float32
    np.testing.assert_allclose(result[:2, :1024], golden_lcn["red"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(projection(result[:, :1024]), golden_lcn["red_proj"], atol=1e-4, rtol=0)
    np.testing.assert_array_equal(result[:, 1024:], gcn[:, 1024:])


def test_each_plane_is_pylearn2s(golden_lcn, projection, gcn):
    planes = lecun_lcn(gcn[:10].reshape(30, 32, 32)).reshape(10, 3072)
    np.testing.assert_allclose(planes[:2, :1024], golden_lcn["red"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(planes[:2, 1024:], golden_lcn["green_blue"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(projection(planes), golden_lcn["each_proj"], atol=1e-4, rtol=0)
    every = preprocessed(LeCunLCN((32, 32), batch_size=10, every_channel=True), gcn[:10])
    # A matrix product's rounding may depend on how many planes it takes at once.
    np.testing.assert_allclose(every, planes, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("case", "plane", "arguments"),
    [
        ("ch1", 1, {"channels": [1]}),
        ("ch1", 1, {"channels": [1, 2]}),  # pylearn2 takes the first of a list
        ("int2", 2, {"channels": 2}),
        ("k9", 0, {"kernel_size": 9}),
        ("thr_0p5", 0, {"threshold": 0.5}),
        ("thr_0p02", 0, {"threshold": 0.02}),
        ("raw255", 0, {}),
    ],
)
def test_cases_are_pylearn2s(golden_lcn, photographs, projection, gcn, case, plane, arguments):
    before = photographs["train"][:5].astype(np.float32) if case == "raw255" else gcn[:5]
    result, before = (
        X.reshape(5, 3, 1024) for X in (preprocessed(LeCunLCN((32, 32), batch_size=5, **arguments), before), before)
    )
    np.testing.assert_allclose(result[:2, plane], golden_lcn[f"case_{case}"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(projection(result[:, plane]), golden_lcn[f"case_{case}_proj"], atol=5e-5, rtol=0)
    np.testing.assert_array_equal(np.delete(result, plane, axis=1), np.delete(before, plane, axis=1))


def test_zeros_stay_zeros():
    zeros = preprocessed(LeCunLCN((32, 32), batch_size=2), np.zeros((2, 3072)))
    np.testing.assert_array_equal(zeros, np.zeros((2, 3072)))


def test_rows_in_memory_come_back_interleaved_as_pylearn2s(golden_lcn, projection, gcn):
    """pylearn2 leaves the same numbers as in a file, by row, column and channel."""
    planes = preprocessed(LeCunLCN((32, 32)), gcn[:5]).reshape(5, 1024, 3).transpose(2, 0, 1)
    np.testing.assert_allclose(planes[0, :2], golden_lcn["red"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(projection(planes[0]), golden_lcn["red_proj"][:5], atol=1e-4, rtol=0)
    np.testing.assert_array_equal(planes[1:], gcn[:5].reshape(5, 3, 1024).transpose(1, 0, 2)[1:])


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
