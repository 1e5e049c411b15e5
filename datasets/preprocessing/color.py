"""Converting between red, green, blue and luminance with two colour differences."""

import numpy as np

from datasets.errors import BadArgumentError
from datasets.preprocessing.pixelwise import PixelwisePreprocessor

RGB_TO_YUV = np.array(
    [[0.299, 0.587, 0.114], [-0.14713, -0.28886, 0.436], [0.615, -0.51499, -0.10001]], np.float32
)
YUV_TO_RGB = np.array([[1, 0, 1.13983], [1, -0.39465, -0.58060], [1, 2.03211, 0]], np.float32)


class RGB_YUV(PixelwisePreprocessor):
    """Convert the channels red, green, blue of each pixel to y, u, v, or back.

    Parameters
    ----------
    rgb_yuv : bool
        False converts y, u, v to red, green, blue.
    batch_size : int
        The layout of rows may depend on it; see `PixelwisePreprocessor`.

    Examples
    --------
    >>> from datasets import DenseDesignMatrix
    >>> images = DenseDesignMatrix(topo_view=np.ones((2, 4, 4, 3), np.float32))
    >>> images.apply_preprocessor(RGB_YUV(batch_size=2))
    >>> images.get_topological_view()[0, 0, 0].round(4).tolist()
    [1.0, 0.0, 0.0]
    """

    def __init__(self, rgb_yuv=True, batch_size=5000):
        super().__init__(batch_size)
        self._matrix = RGB_TO_YUV if rgb_yuv else YUV_TO_RGB

    def change(self, images):
        if images.shape[1] != 3:
            raise BadArgumentError(f"the images have {images.shape[1]} channels; RGB_YUV needs 3")
        planes = images.reshape(len(images), 3, -1)
        planes[...] = np.matmul(self._matrix, planes)
