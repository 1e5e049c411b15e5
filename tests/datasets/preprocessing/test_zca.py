"""ZCA against pylearn2's numbers, in float32 and, sharply, in float64."""

import numpy as np
import pytest

from datasets import DenseDesignMatrix
from datasets.errors import BadArgumentError
from datasets.preprocessing import ZCA, global_contrast_normalize

CASES = {
    "default": {},
    "bias1": {"filter_bias": 1.0},
    "keep10": {"n_components": 10},
    "drop88": {"n_drop_components": 88},
}


@pytest.fixture(scope="module")
def crops(centre_crops):
    return {
        which_set: global_contrast_normalize(X.astype(np.float32), scale=55.0)
        for which_set, X in centre_crops.items()
    }


@pytest.mark.parametrize("case", CASES)
def test_crops_in_float64_are_pylearn2s(golden_crops, projection, crops, case):
    zca = ZCA(**CASES[case], floatX="float64")
    zca.fit(crops["train"])
    whitened = {which_set: zca.transform(crops[which_set])[:20] for which_set in ("train", "test")}
    for name, found in {"P": zca.P_, **whitened}.items():
        assert found.dtype == np.float64
        rows = golden_crops[f"float64_{case}_{name}"]
        np.testing.assert_allclose(found[: len(rows)], rows, atol=2e-6, rtol=2e-6)
        # Each of the numbers projected is stored in float32.
        every = golden_crops[f"float64_{case}_{name}_proj"]
        np.testing.assert_allclose(projection(found), every, atol=5e-6, rtol=0)


@pytest.mark.parametrize("case", CASES)
def test_crops_in_float32_are_pylearn2s(golden_crops, projection, crops, case):
    atol = 2e-3 if case == "default" else 5e-4

    def assert_pylearn2s(found, name, atol=atol):
        rows, every = golden_crops[name], golden_crops[f"{name}_proj"]
        np.testing.assert_allclose(found[: len(rows)], rows, atol=atol, rtol=0)
        np.testing.assert_allclose(projection(found), every, atol=atol, rtol=0)

    assert_pylearn2s(crops["train"], "gcn_train", 1e-5)
    data_set = DenseDesignMatrix(X=crops["train"])
    zca = ZCA(**CASES[case])
    zca.apply(data_set, can_fit=True)
    assert (data_set.X.dtype, zca.P_.dtype, zca.mean_.dtype) == (np.float32,) * 3
    np.testing.assert_allclose(zca.mean_, golden_crops["mean"], atol=1e-6, rtol=0)
    assert_pylearn2s(zca.P_, f"float32_{case}_P")
    assert_pylearn2s(data_set.X[:20], f"float32_{case}_train")
    assert_pylearn2s(zca.transform(crops["test"]), f"float32_{case}_test")
    inverse = zca.inverse(data_set.X[:4])
    np.testing.assert_allclose(inverse, golden_crops[f"float32_{case}_inverse"], atol=atol, rtol=0)
    if case == "default":
        assert_pylearn2s(zca.inv_P_, "float32_default_invP", 2e-4)


def test_whole_pictures_are_pylearn2s(golden_zca, projection, whitening):
    gcn, zca = whitening["gcn"], whitening["zca"]
    np.testing.assert_allclose(zca.mean_, golden_zca["zca_mean"], atol=1e-6, rtol=0)
    np.testing.assert_allclose(
        zca.P_[golden_zca["zca_P_row_index"]], golden_zca["zca_P_rows"], atol=1e-3, rtol=0
    )
    for matrix, name, atol in ((zca.P_, "P", 6e-3), (zca.inv_P_, "invP", 1e-3)):
        trace = matrix.trace(dtype=np.float64)
        np.testing.assert_allclose(trace, golden_zca[f"zca_{name}_trace"], atol=1e-2, rtol=0)
        np.testing.assert_allclose(projection(matrix), golden_zca[f"zca_{name}_proj"], atol=atol, rtol=0)
    norm = np.linalg.norm(zca.P_.astype(np.float64))
    np.testing.assert_allclose(norm, golden_zca["zca_P_frobenius"], atol=1e-4, rtol=0)
    for which_set in ("train", "test"):
        whitened = zca.transform(gcn[which_set])
        golden = golden_zca[f"zca_{which_set}"]
        kept = whitened[: len(golden)]
        np.testing.assert_allclose(kept, golden, atol=5e-3, rtol=0)
        assert np.sqrt(((kept - golden).astype(np.float64) ** 2).mean()) <= 1e-4
        proj = golden_zca[f"zca_{which_set}_proj"]
        np.testing.assert_allclose(projection(whitened), proj, atol=0.02, rtol=0)


def test_whole_pictures_in_float64_are_pylearn2s(golden_zca, projection, whitening):
    gcn = whitening["gcn"]
    zca = ZCA(floatX="float64", store_inverse=False)
    zca.fit(gcn["train"])
    assert zca.mean_.dtype == np.float32
    rows = golden_zca["zca_P_row_index"]
    np.testing.assert_allclose(zca.P_[rows], golden_zca["zca64_P_rows"], atol=2e-6, rtol=2e-6)
    np.testing.assert_allclose(zca.P_.trace(), golden_zca["zca64_P_trace"], atol=1e-8, rtol=1e-11)
    np.testing.assert_allclose(np.linalg.norm(zca.P_), golden_zca["zca64_P_frobenius"], atol=1e-8, rtol=0)
    np.testing.assert_allclose(projection(zca.P_), golden_zca["zca64_P_proj"], atol=1e-8, rtol=0)
    for which_set in ("train", "test"):
        whitened = zca.transform(gcn[which_set])
        golden = golden_zca[f"zca64_{which_set}"]
        np.testing.assert_allclose(whitened[: len(golden)], golden, atol=2e-6, rtol=2e-6)
        proj = golden_zca[f"zca64_{which_set}_proj"]
        np.testing.assert_allclose(projection(whitened), proj, atol=1e-8, rtol=0)


def test_blocks_do_not_change_the_result(crops, monkeypatch):
    whole = ZCA(floatX="float64")
    whole.fit(crops["train"])
    monkeypatch.setattr("datasets.preprocessing.zca.BLOCK_ROWS", 7)
    parts = ZCA(floatX="float64")
    parts.fit(crops["train"])
    np.testing.assert_allclose(parts.P_, whole.P_, atol=1e-10)
    np.testing.assert_allclose(parts.transform(crops["test"]), whole.transform(crops["test"]), atol=1e-8)


def test_whitened_data_have_the_shrunken_covariance():
    """Along an eigenvector, the variance v of the data becomes v / (v + filter_bias)."""
    rng = np.random.RandomState(3)
    X = rng.randn(4000, 5) @ np.diag([3, 1, 0.5, 0.2, 0.1]) @ np.linalg.qr(rng.randn(5, 5))[0]
    data_set = DenseDesignMatrix(X=X)
    ZCA(floatX="float64").apply(data_set, can_fit=True)
    values = np.linalg.eigvalsh(np.cov(X.T, bias=True))
    np.testing.assert_allclose(np.linalg.eigvalsh(np.cov(data_set.X.T, bias=True)), values / (values + 0.1))


def test_what_is_fitted_is_not_fitted_again(crops):
    zca = ZCA()
    zca.apply(DenseDesignMatrix(X=crops["train"]), can_fit=True)
    P = zca.P_
    other = DenseDesignMatrix(X=crops["test"])
    zca.apply(other, can_fit=True)
    assert zca.P_ is P
    np.testing.assert_array_equal(other.X, zca.transform(crops["test"]))


def test_an_inverse_that_is_not_stored_is_made_when_asked(crops):
    zca = ZCA(store_inverse=False, floatX="float64")
    zca.fit(crops["train"])
    assert zca.inv_P_ is None
    np.testing.assert_allclose(zca.inverse(zca.transform(crops["test"])), crops["test"], atol=1e-5)


def test_zero_components_to_drop_is_none(crops):
    zca = ZCA(n_components=0, n_drop_components=0)
    zca.fit(crops["train"])
    expected = ZCA()
    expected.fit(crops["train"])
    np.testing.assert_array_equal(zca.P_, expected.P_)


def test_bad_arguments_are_reported(crops):
    X = crops["train"]
    with pytest.raises(BadArgumentError, match="exclude each other"):
        ZCA(n_components=2, n_drop_components=3).fit(X)
    with pytest.raises(BadArgumentError, match="floatX is 'float16'"):
        ZCA(floatX="float16")
    with pytest.raises(BadArgumentError, match="not been fitted; apply it with can_fit=True"):
        ZCA().apply(DenseDesignMatrix(X=X), can_fit=False)
    with pytest.raises(BadArgumentError, match="not positive; raise filter_bias"):
        ZCA(filter_bias=0.0).fit(np.zeros((4, 3), np.float32))
    with pytest.raises(BadArgumentError, match=r"got uint8 of shape \(2, 3\)"):
        ZCA().fit(np.zeros((2, 3), np.uint8))
    with pytest.raises(BadArgumentError, match="hold NaN"):
        ZCA().fit(np.full((2, 3), np.nan))
