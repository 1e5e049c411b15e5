"""Sorting and what depends on values: JAX against C."""

import aesara
import aesara.tensor as at
import numpy as np
from aesara.tensor.extra_ops import Unique

X = np.float32([[3, 1, 2, 1], [0, 5, -6, 5], [3, 3, 0, 1]])


def test_sort_and_argsort(parity):
    x = at.fmatrix()
    order = at.arange(12).reshape((3, 4)).astype("float32")
    outputs = [at.sort(x), at.sort(x, 0), at.sort(x, None), aesara.grad((at.sort(x, 0) * order).sum(), x)]
    distinct = np.arange(12, dtype="float32").reshape(3, 4)[:, ::-1] % 7
    parity([x], [*outputs, at.argsort(x), at.argsort(x, 0)])(distinct)


def test_equal_elements_stay_in_their_order():
    x = at.fmatrix()
    places = aesara.function([x], [at.argsort(x), at.argsort(x, 0)], mode="JAX")(X)
    for axis, found in zip((1, 0), places, strict=True):
        np.testing.assert_array_equal(found, np.argsort(X, axis, kind="stable"))


def test_nonzero(parity):
    x = at.fmatrix()
    parity([x], [*x.nonzero(), at.nonzero_values(x), at.flatnonzero(x), x[(x > 1).nonzero()] * 2])(X)


def test_unique(parity):
    x = at.fmatrix()
    parity([x], [Unique()(x), *Unique(True, True, True)(x[0]), Unique(axis=0)(x)])(X)
