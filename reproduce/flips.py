"""The flip ratio: the share of a tensor's binary weights whose sign changes in an epoch."""

import numpy as np

from reproduce import formulas


def packed_signs(w, zero_is_positive=True):
    """The signs of the latent weights `w` by `reproduce.formulas.is_positive`, eight to a byte, (⌈size / 8⌉,) uint8.

    Examples
    --------
    >>> packed_signs(np.float32([1, -1, 0, -2])).tolist()
    [160]
    """
    return np.packbits(formulas.is_positive(w, zero_is_positive))


def flip_ratio(before, after, size):
    """The share of `size` signs that differ between two results of `packed_signs`.

    Examples
    --------
    >>> flip_ratio(packed_signs(np.float32([1, -1, 0, -2])), packed_signs(np.float32([1, 1, 1, -2])), 4)
    0.25
    """
    return int(np.unpackbits(before ^ after).sum()) / size
