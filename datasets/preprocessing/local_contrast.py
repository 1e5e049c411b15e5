"""Local contrast normalization of image planes, after LeCun."""

import numpy as np

from datasets.errors import BadArgumentError
from datasets.preprocessing.pixelwise import PixelwisePreprocessor

SIGMA = 2.0  # pixels, whatever the kernel's size is
CHANNELS = (0, 1, 2)


def gaussian_filter(kernel_size):
    """Return the Gaussian weights, float32 of shape (kernel_size, kernel_size), whose sum is 1."""
    profile = _profile(kernel_size)
    # pylearn2's rounding: the density in float32, whose factor then cancels.
    density = (np.outer(profile, profile) / (2 * np.pi * SIGMA**2)).astype(np.float32)
    return density / density.sum()


def lecun_lcn(planes, kernel_size=7, threshold=1e-4):
    """Return image planes less their local mean, divided by their local size.

    With B a Gaussian blur of deviation 2 pixels that takes zeros beyond the border (and is not made up for
    them), plane x becomes (x - B(x)) / max(s, mean of s over the plane, threshold), where s = sqrt(B(x²)), of
    x itself and not of what is left of it.

    Parameters
    ----------
    planes : array of shape (images, rows, columns)
    kernel_size : int
        Of the Gaussian, in pixels; odd.
    threshold : float
        The smallest divisor.

    Returns
    -------
    float32 array of the same shape

    Raises
    ------
    BadArgumentError
        `kernel_size` is even; also a ValueError.
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
    """Return the blur along one axis as a matrix: a Gaussian is separable, and products are the fastest."""
    profile = _profile(kernel_size)
    offset = np.arange(size)[:, np.newaxis] - np.arange(size) + kernel_size // 2
    inside = (offset >= 0) & (offset < kernel_size)
    return np.where(inside, (profile / profile.sum())[np.where(inside, offset, 0)], 0).astype(np.float32)


def _blurred(planes, rows, columns):
    return np.matmul(rows, np.matmul(planes.reshape(-1, planes.shape[2]), columns.T).reshape(planes.shape))


class LeCunLCN(PixelwisePreprocessor):
    """`lecun_lcn` as a preprocessor of images, with pylearn2's arguments and results.

    Two of pylearn2's properties are errors, and kept since published results went through them: only the
    first of `channels` is normalized (so red alone by default), and the layout of rows may change, see
    `datasets.preprocessing.pixelwise`.

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
        Normalize each of `channels`, each by itself. (Not pylearn2's.)

    Raises
    ------
    BadArgumentError
        An argument makes no sense; also a ValueError.
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
