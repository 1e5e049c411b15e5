"""RGB_YUV against pylearn2's numbers."""

import numpy as np
import pytest

from datasets import DenseDesignMatrix
from datasets.design_matrix import DefaultViewConverter
from datasets.errors import BadArgumentError
from datasets.preprocessing import RGB_YUV


def data_set(X, side, channels=3):
    converter = DefaultViewConverter((side, side, channels))
    return DenseDesignMatrix(X=np.array(X, np.float32), view_converter=converter)


def test_yuv_is_pylearn2s_interleaving_included(golden_lcn, photographs, projection):
    pictures = data_set(photographs["train"][:4], 32)
    RGB_YUV().apply(pictures)
    np.testing.assert_allclose(pictures.X[:1], golden_lcn["rgb_yuv_scrambled"], atol=1e-4, rtol=0)
    np.testing.assert_allclose(projection(pictures.X), golden_lcn["rgb_yuv_scrambled_proj"], atol=1e-3, rtol=0)


def test_there_and_back_in_planes():
    X = np.random.RandomState(0).rand(5, 3 * 4 * 4).astype(np.float32)
    pictures = data_set(X, 4)
    RGB_YUV(batch_size=5).apply(pictures)
    red, green, blue = X.reshape(5, 3, 16).transpose(1, 0, 2)
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    np.testing.assert_allclose(pictures.X[:, :16], luminance, rtol=1e-5)
    RGB_YUV(rgb_yuv=False, batch_size=5).apply(pictures)
    np.testing.assert_allclose(pictures.X, X, atol=1e-4)  # pylearn2's coefficients have five digits


def test_what_has_no_three_colours_is_refused():
    with pytest.raises(BadArgumentError, match="the images have 1 channels"):
        RGB_YUV().apply(data_set(np.zeros((1, 16)), 4, 1))
    with pytest.raises(BadArgumentError, match="no images; give it a view_converter"):
        RGB_YUV().apply(DenseDesignMatrix(X=np.zeros((1, 12), np.float32)))
