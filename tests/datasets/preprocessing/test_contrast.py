"""Global contrast normalization against pylearn2's numbers and the formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datasets import DenseDesignMatrix
from datasets.errors import BadArgumentError
from datasets.preprocessing import GlobalContrastNormalization, global_contrast_normalize

VARIANTS = {
    "scale1": {},
    "scale55": {"scale": 55.0},
    "std": {"use_std": True},
    "std_bias10": {"use_std": True, "sqrt_bias": 10.0},
    "nosub": {"subtract_mean": False},
    "nosub_std": {"subtract_mean": False, "use_std": True},
    "std_scale55": {"use_std": True, "scale": 55.0},
    "bias10_scale55": {"sqrt_bias": 10.0, "scale": 55.0},
    "mindiv6_scale55": {"min_divisor": 6.0, "scale": 55.0},
}


@pytest.mark.parametrize("variant", sorted(VARIANTS.keys() - {"scale55", "std"}))
def test_variants_are_pylearn2s(golden_crops, centre_crops, variant):
    golden = golden_crops[f"gcnvar_{variant}"]
    X = centre_crops["train"][: len(golden)].astype(np.float32)
    before = X.copy()
    result = global_contrast_normalize(X, **VARIANTS[variant])
    assert result.dtype == np.float32
    np.testing.assert_array_equal(X, before)
    np.testing.assert_allclose(result, golden, rtol=1e-5)


@pytest.mark.parametrize("variant", ["scale1", "scale55", "std", "std_bias10"])
def test_constant_and_nearly_constant_rows_are_pylearn2s(golden_crops, variant):
    """Rows all 0, all 128, all 255, one 1 among zeros, and 77 and 78 in turn."""
    X = golden_crops["edge_u8"].astype(np.float32)
    result = global_contrast_normalize(X, **VARIANTS[variant])
    np.testing.assert_allclose(result, golden_crops[f"edge_{variant}"], rtol=1e-5)
    assert not result[:3].any()


def test_cifar10_rows_are_pylearn2s(golden_zca, photographs, projection):
    for which_set, X in photographs.items():
        result = global_contrast_normalize(X.astype(np.float32), scale=55.0)
        rows = golden_zca[f"gcn_{which_set}"]
        np.testing.assert_allclose(result[: len(rows)], rows, atol=1e-5, rtol=0)
        np.testing.assert_allclose(projection(result), golden_zca[f"gcn_{which_set}_proj"], atol=1e-4, rtol=0)


def test_bytes_do_not_overflow(photographs):
    X = photographs["train"][:5]
    expected = global_contrast_normalize(X.astype(np.float32))
    np.testing.assert_array_equal(global_contrast_normalize(X), expected)


@settings(deadline=None)  # the machine may be busy
@given(arrays(np.float64, (3, 7), elements=st.floats(-300, 300, allow_subnormal=False)), st.floats(0.5, 60))
def test_rows_get_mean_zero_and_norm_scale(X, scale):
    result = global_contrast_normalize(X, scale=scale)
    for row, normalized in zip(X, result, strict=True):
        centred = row - row.mean()
        norm = np.sqrt((centred**2).sum())
        expected = centred if norm / scale < 1e-8 else centred / norm * scale
        np.testing.assert_allclose(normalized, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("batch_size", [None, 1, 3, 10, 50])
def test_the_preprocessor_gives_the_same_whatever_its_batches(photographs, batch_size):
    X = photographs["train"][:10].astype(np.float32)
    data_set = DenseDesignMatrix(X=X)
    data_set.apply_preprocessor(GlobalContrastNormalization(scale=55.0, batch_size=batch_size))
    np.testing.assert_array_equal(data_set.X, global_contrast_normalize(X, scale=55.0))


def test_one_feature_has_no_sample_variance():
    np.testing.assert_array_equal(global_contrast_normalize(np.float32([[3], [4]]), use_std=True), [[0], [0]])


@pytest.mark.parametrize(
    ("X", "arguments", "message"),
    [
        (np.zeros(3), {}, r"shape \(3,\), expected \(examples, features\)"),
        (np.zeros((2, 3)), {"scale": 1e-9}, "scale is 1e-09; it must be at least min_divisor"),
    ],
)
def test_bad_arguments_are_reported(X, arguments, message):
    with pytest.raises(BadArgumentError, match=message):
        global_contrast_normalize(X, **arguments)
