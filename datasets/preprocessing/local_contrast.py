"""LeCun's local contrast normalization of image planes."""

import numpy as np

from datasets.errors import BadArgumentError
from datasets.preprocessing.pixelwise import PixelwisePreprocessor

SIGMA = 2.0  # pixels; it does not depend on the kernel's size
CHANNELS = (0, 1, 2)


def gaussian_filter(kernel_size):
    """Return Gaussian weights with sum 1, float32 of shape (kernel_size, kernel_size).

    Examples
    --------
    >>> weights = gaussian_filter(7)
    >>> weights.shape, float(weights.sum().round(4))
    ((7, 7), 1.0)
    """
    profile = _profile(kernel_size)
    # As in pylearn2, the density is rounded to float32 before its factor cancels.
    density = (np.outer(profile, profile) / (2 * np.pi * SIGMA**2)).astype(np.float32)
    return density / density.sum()


def lecun_lcn(planes, kernel_size=7, threshold=1e-4):
    """Subtract from image planes their local mean and divide them by their local root mean square.

    Let B be a Gaussian blur with a standard deviation of 2 pixels and zeros beyond the border. Plane x becomes
    (x - B(x)) / max(s, mean of s over the plane, threshold) with s = sqrt(B(x²)). Note that s is of x itself, not of
    x - B(x), and that the blur is not corrected for the zeros.

    Parameters
    ----------
    planes : array of shape (images, rows, columns)
    kernel_size : int
        The size of the Gaussian in pixels, an odd number.
    threshold : float
        The smallest divisor.

    Returns
    -------
    float32 array of the same shape

    Raises
    ------
    BadArgumentError
        `kernel_size` is even; also a ValueError.

    Examples
    --------
    >>> lecun_lcn(np.ones((5, 32, 32))).shape
    (5, 32, 32)
    """
    planes = np.asarray(planes, np.float32)
    rows, columns = (_band(size, kernel_size) for size in planes.shape[1:])
    size = np.sqrt(_blurred(planes**2, rows, columns))
    floor = np.maximum(size.mean(axis=(1, 2), keepdims=True), np.float32(threshold))
    return (planes - _blurred(planes, rows, columns)) / np.maximum(size, floor)


def _profile(kernel_size):
    if kernel_size % 2 == 0:
        raise BadArgumentError(f"kernel_size is {kernel_size}; it must be odd")
    distance = np.arange(kernel_size) - kernel_size // 2
    return np.exp(-(distance**2) / (2 * SIGMA**2))


def _band(size, kernel_size):
    """Return the blur along one axis as a matrix. (A Gaussian is separable, and matrix products are fastest.)"""
    profile = _profile(kernel_size)
    offset = np.arange(size)[:, np.newaxis] - np.arange(size) + kernel_size // 2
    inside = (offset >= 0) & (offset < kernel_size)
    return np.where(inside, (profile / profile.sum())[np.where(inside, offset, 0)], 0).astype(np.float32)


def _blurred(planes, rows, columns):
    return np.matmul(rows, np.matmul(planes.reshape(-1, planes.shape[2]), columns.T).reshape(planes.shape))


class LeCunLCN(PixelwisePreprocessor):
    """`lecun_lcn` as a preprocessor of images, with pylearn2's arguments and results.

    Two mistakes of pylearn2's are kept, because published results contain them: only the first of `channels` is
    normalized (by default only red), and the layout of rows may change (see `PixelwisePreprocessor`).

    Parameters
    ----------
    img_shape : pair of ints
        (rows, columns).
    kernel_size : int
    batch_size : int
    threshold : float
    channels : list of int, int or None
        None is [0, 1, 2].
    every_channel : bool
        Normalize each of `channels` by itself. (pylearn2 has no such argument.)

    Raises
    ------
    BadArgumentError
        An argument makes no sense; also a ValueError.

    Examples
    --------
    >>> from datasets import DenseDesignMatrix
    >>> images = DenseDesignMatrix(topo_view=np.random.RandomState(0).rand(4, 32, 32, 3).astype(np.float32))
    >>> images.apply_preprocessor(LeCunLCN((32, 32), batch_size=4))
    >>> images.X.shape
    (4, 3072)
    """

    def __init__(
        self,
        img_shape,
        kernel_size=7,
        batch_size=5000,
        threshold=1e-4,
        channels=None,
        every_channel=False,
    ):
        super().__init__(batch_size, tuple(img_shape))
        _profile(kernel_size)
        if isinstance(channels, int):
            channels = [channels]
        elif channels is None:
            channels = CHANNELS
        elif not isinstance(channels, (list, tuple)) or not channels:
            raise BadArgumentError(f"channels is {channels!r}; give an index, a list of them, or None")
        self._kernel_size, self._threshold = kernel_size, threshold
        self._channels = tuple(channels) if every_channel else (channels[0],)

    def change(self, images):
        for channel in self._channels:
            if not 0 <= channel < images.shape[1]:
                raise BadArgumentError(f"there is no channel {channel}: the images have {images.shape[1]}")
            images[:, channel] = lecun_lcn(images[:, channel], self._kernel_size, self._threshold)
