"""ZCA whitening, by the symmetric square root of the inverse covariance matrix."""

import numpy as np
import scipy.linalg

from datasets.errors import BadArgumentError

BLOCK_ROWS = 5000  # centred at a time, so that no second copy of the data is needed


class ZCA:
    """ZCA whitening with pylearn2's arguments and numbers.

    For N examples with mean m, let C = (X - m)ᵀ(X - m) / N + filter_bias·I have eigenvalues λ and eigenvectors V. The
    whitened examples are (X - m)·P with P = V·diag(λ^-½)·Vᵀ; the bias is part of λ.

    Parameters
    ----------
    n_components : int or None
        Keep only this many largest eigenvalues.
    n_drop_components : int or None
        Drop this many smallest eigenvalues. Excludes `n_components`; 0 is the same as None.
    filter_bias : float
        Added to every eigenvalue of the covariance matrix.
    store_inverse : bool
        Store V·diag(λ^½)·Vᵀ for `inverse`. Otherwise the first call of `inverse` inverts `P_`.
    floatX : {'float32', 'float64'}
        The type of the arithmetic and of the result. (pylearn2 takes it from Theano's configuration.)

    Attributes
    ----------
    mean_ : array of shape (features,)
        Of the type of the examples. As in pylearn2, float32 examples are summed in float32, which is 3e-6 off the
        exact mean on CIFAR-10.
    P_, inv_P_ : arrays of shape (features, features) in floatX; `inv_P_` may be None
    has_fit_ : bool

    Examples
    --------
    >>> X = np.random.RandomState(0).rand(50, 4)
    >>> zca = ZCA(filter_bias=1e-6, floatX="float64")
    >>> zca.fit(X)
    >>> whitened = zca.transform(X)
    >>> whitened.shape, np.cov(whitened.T, bias=True).round(3).diagonal().tolist()
    ((50, 4), [1.0, 1.0, 1.0, 1.0])
    """

    def __init__(
        self,
        n_components=None,
        n_drop_components=None,
        filter_bias=0.1,
        store_inverse=True,
        floatX="float32",
    ):
        if np.dtype(floatX) not in (np.float32, np.float64):
            raise BadArgumentError(f"floatX is {floatX!r}; it must be float32 or float64")
        self.floatX = np.dtype(floatX)
        self.n_components = n_components
        self.n_drop_components = n_drop_components
        self.filter_bias = self.floatX.type(filter_bias)
        self.store_inverse = store_inverse
        self.mean_ = self.P_ = self.inv_P_ = None

    @classmethod
    def fitted(cls, mean, P, inv_P=None, filter_bias=0.1):
        """Return a ZCA with the statistics of an earlier fit."""
        zca = cls(filter_bias=filter_bias, floatX=P.dtype)
        zca.mean_, zca.P_, zca.inv_P_ = mean, P, inv_P
        return zca

    @property
    def has_fit_(self):
        return self.P_ is not None

    def fit(self, X):
        """Compute the statistics of the rows of `X`, float32 or float64 of shape (examples, features).

        Raises
        ------
        BadArgumentError
            `X` is not such a matrix or holds NaN, an eigenvalue of the covariance matrix is not positive, or both
            numbers of components are given; also a ValueError and an AssertionError.
        """
        if np.ndim(X) != 2 or X.dtype not in (np.float32, np.float64):
            raise BadArgumentError(f"ZCA fits a float32 or float64 matrix, got {X.dtype} of shape {X.shape}")
        mean = X.mean(axis=0)
        if np.isnan(mean).any():
            raise BadArgumentError("the data hold NaN (not a number); remove those examples or values")
        values, vectors = scipy.linalg.eigh(self._covariance(X, mean), overwrite_a=True, check_finite=False)
        if not values[0] > 0:
            raise BadArgumentError(
                f"the smallest eigenvalue of the covariance is {values[0]}, not positive; raise filter_bias"
            )
        keep = self._first_kept(len(values))
        values, vectors = values[keep:], vectors[:, keep:]
        self.mean_ = mean
        self.P_ = (vectors * values**-0.5) @ vectors.T
        self.inv_P_ = (vectors * values**0.5) @ vectors.T if self.store_inverse else None

    def _covariance(self, X, mean):
        covariance = np.zeros((X.shape[1], X.shape[1]), self.floatX)
        for start in range(0, len(X), BLOCK_ROWS):
            centred = (X[start : start + BLOCK_ROWS] - mean).astype(self.floatX, copy=False)
            covariance += centred.T @ centred
        covariance /= self.floatX.type(len(X))
        covariance[np.diag_indices_from(covariance)] += self.filter_bias
        return covariance

    def _first_kept(self, count):
        if self.n_components and self.n_drop_components:
            raise BadArgumentError("n_components and n_drop_components exclude each other; give one")
        if self.n_components:
            return max(0, count - self.n_components)
        return self.n_drop_components or 0

    def transform(self, X):
        """Return the rows of `X` whitened, in floatX. `X` is not changed."""
        self._require_fit()
        whitened = np.empty(X.shape, self.floatX)
        for start in range(0, len(X), BLOCK_ROWS):
            stop = start + BLOCK_ROWS
            centred = (X[start:stop] - self.mean_).astype(self.floatX, copy=False)
            np.matmul(centred, self.P_, out=whitened[start:stop])
        return whitened

    def apply(self, dataset, can_fit=False):
        """Whiten the design matrix of `dataset`. If `can_fit` is true and this ZCA is not fitted, fit it first."""
        X = np.asarray(dataset.get_design_matrix())
        if not self.has_fit_ and can_fit:
            self.fit(X)
        dataset.set_design_matrix(self.transform(X))

    def inverse(self, X):
        """Undo the whitening of rows. If components were left out, the result is the projection on the others."""
        self._require_fit()
        if self.inv_P_ is None:
            self.inv_P_ = np.linalg.inv(self.P_)
        return X @ self.inv_P_ + self.mean_

    def _require_fit(self):
        if not self.has_fit_:
            raise BadArgumentError("this ZCA has not been fitted; apply it with can_fit=True first")
