"""Global contrast normalization, which gives every example the same mean and the same norm."""

import numpy as np

from datasets.errors import BadArgumentError


def global_contrast_normalize(
    X, scale=1.0, subtract_mean=True, use_std=False, sqrt_bias=0.0, min_divisor=1e-8
):
    """Subtract from each row of `X` its mean and divide it by its norm, as pylearn2 does.

    With c = x - mean(x), where the mean is over all features of the row (three colour planes together), the result
    is c / r with r = sqrt(sqrt_bias + sum(c²)) / scale. By default `scale` is thus the Euclidean norm of the result,
    not its standard deviation.

    Parameters
    ----------
    X : array of shape (examples, features)
        It is not changed. Integers are converted to float32.
    scale : float
        The norm of the result; at least `min_divisor`.
    subtract_mean : bool
        False means c = x.
    use_std : bool
        Divide by the sample standard deviation instead: r = sqrt(sqrt_bias + var(c)) / scale, with features - 1 in
        the denominator of the variance.
    sqrt_bias : float
        Added inside the square root.
    min_divisor : float
        A row whose r (after the division by `scale`) is smaller is not divided at all.

    Returns
    -------
    array of shape (examples, features), float32 or float64 as `X` is

    Raises
    ------
    BadArgumentError
        `X` does not have two axes, or `scale` is too small; also a ValueError and an AssertionError.

    Examples
    --------
    >>> X = global_contrast_normalize(np.array([[0, 0, 4], [1, 2, 3]], np.uint8), scale=55.0)
    >>> X.shape, np.linalg.norm(X, axis=1).round(4).tolist()
    ((2, 3), [55.0, 55.0])
    """
    X = np.asarray(X)
    if X.ndim != 2:
        raise BadArgumentError(f"got an array of shape {X.shape}, expected (examples, features)")
    if not scale >= min_divisor:
        raise BadArgumentError(f"scale is {scale}; it must be at least min_divisor, {min_divisor}")
    # Squares of bytes would overflow.
    dtype = X.dtype if np.issubdtype(X.dtype, np.floating) else np.dtype(np.float32)
    scale, sqrt_bias, min_divisor = float(scale), float(sqrt_bias), float(min_divisor)
    result = X.astype(dtype)
    if subtract_mean:
        result -= result.mean(axis=1, keepdims=True)
    freedom = max(1, X.shape[1] - 1)
    spread = result.var(axis=1, ddof=X.shape[1] - freedom) if use_std else np.sum(result**2, axis=1)
    divisor = np.sqrt(sqrt_bias + spread) / scale
    divisor[divisor < min_divisor] = 1
    result /= divisor[:, np.newaxis]
    return result


class GlobalContrastNormalization:
    """`global_contrast_normalize` as a preprocessor, which has nothing to fit.

    Parameters
    ----------
    subtract_mean, scale, sqrt_bias, use_std, min_divisor
        See `global_contrast_normalize`.
    batch_size : int or None
        The number of rows normalized at a time, to save memory; None is all. The numbers do not depend on it.

    Examples
    --------
    >>> from datasets import DenseDesignMatrix
    >>> data_set = DenseDesignMatrix(X=np.arange(12, dtype=np.float32).reshape(4, 3))
    >>> data_set.apply_preprocessor(GlobalContrastNormalization(batch_size=2))
    >>> data_set.X.sum(axis=1).round(4).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """

    def __init__(
        self, subtract_mean=True, scale=1.0, sqrt_bias=0.0, use_std=False, min_divisor=1e-8, batch_size=None
    ):
        self._arguments = {
            "scale": scale,
            "subtract_mean": subtract_mean,
            "use_std": use_std,
            "sqrt_bias": sqrt_bias,
            "min_divisor": min_divisor,
        }
        self._batch_size = batch_size

    def apply(self, dataset, can_fit=False):
        """Replace the design matrix of `dataset`."""
        X = np.asarray(dataset.get_design_matrix())
        size = self._batch_size or max(1, len(X))
        blocks = [
            global_contrast_normalize(X[start : start + size], **self._arguments)
            for start in range(0, max(1, len(X)), size)
        ]
        dataset.set_design_matrix(blocks[0] if len(blocks) == 1 else np.concatenate(blocks))
