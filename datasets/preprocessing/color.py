"""Between red, green, blue and luminance with two colour differences."""

import numpy as np

from datasets.errors import BadArgumentError
from datasets.preprocessing.pixelwise import PixelwisePreprocessor

RGB_TO_YUV = np.array(
    [[0.299, 0.587, 0.114], [-0.14713, -0.28886, 0.436], [0.615, -0.51499, -0.10001]], np.float32
)
YUV_TO_RGB = np.array([[1, 0, 1.13983], [1, -0.39465, -0.58060], [1, 2.03211, 0]], np.float32)


class RGB_YUV(PixelwisePreprocessor):
    """Replace the channels red, green, blue of each pixel by y, u, v, or back.

    Parameters
    ----------
    rgb_yuv : bool
        False: from y, u, v to red, green, blue.
    batch_size : int
        See `datasets.preprocessing.pixelwise`: the layout of rows may change.
    """

    def __init__(self, rgb_yuv=True, batch_size=5000):
        super().__init__(batch_size)
        self._matrix = RGB_TO_YUV if rgb_yuv else YUV_TO_RGB

    def change(self, images):
        if images.shape[1] != 3:
            raise BadArgumentError(f"the images have {images.shape[1]} channels; RGB_YUV needs 3")
        planes = images.reshape(len(images), 3, -1)
        planes[...] = np.matmul(self._matrix, planes)
