"""Rows of a matrix that stays on disk, read by index."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

from datasets.errors import DataError, one_line
from datasets.storage.blosc import require_filters

READ_AHEAD = 4  # minibatches


class StoredRows:
    """A matrix in an HDF5 file, of which only the rows asked for are read: ``rows[indices]``.

    It is used as an array is: ``rows[3]``, ``rows[10:20]``, ``rows[[7, 1, 7]]`` and ``np.asarray(rows)`` give
    float32 arrays. Indices may come in any order and repeat; the file is read in its own order.

    Parameters
    ----------
    path : path of the file
        It stays open as long as this object lives.
    name : str
        Of the array in it, with axes (rows, features).
    order : int array or None
        Which stored rows these are, in this order; None: all.
    change : function or None
        Applied to float32 rows that have been read; gives rows of the same shape.

    Attributes
    ----------
    shape : (int, int)
    dtype : float32
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, path, name, order=None, change=None):
        self._path, self._change = path, change
        self._array = h5py.File(path, "r")[name]
        require_filters(self._array, path)
        self._rows = np.arange(len(self._array)) if order is None else np.asarray(order)
        self.shape = (len(self._rows), self._array.shape[1])

    def __len__(self):
        return self.shape[0]

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, index):
        rows = self._rows[index]
        if rows.ndim > 1:
            raise IndexError(f"rows are chosen by one index, slice or list, not by {index!r}")
        one = rows.ndim == 0
        X = self._read(np.atleast_1d(rows)).astype(np.float32, copy=False)
        if self._change is not None:
            X = self._change(X)
        return X[0] if one else X

    def _read(self, rows):
        """Return the stored rows with these numbers."""
        distinct, places = np.unique(rows, return_inverse=True)
        try:
            if len(distinct) and distinct[-1] - distinct[0] == len(distinct) - 1:
                stored = self._array[distinct[0] : distinct[-1] + 1]
            else:
                stored = self._array[distinct]
        except OSError as error:
            reason = one_line(error)
            raise DataError(f"{self._path} is damaged ({reason}); delete it and prepare it again") from error
        return stored if np.array_equal(places, np.arange(len(stored))) else stored[places]


def prefetched(read, batches, ahead=READ_AHEAD):
    """Yield ``read(batch)`` for each of `batches`, while a thread reads the next ones.

    Parameters
    ----------
    read : function
        Such as ``rows.__getitem__`` of `StoredRows`. What it raises comes up when its turn comes.
    batches : iterable
        Such as arrays of row numbers.
    ahead : int
        Batches read, or being read, beyond the one handed out.
    """
    pending = deque()
    with ThreadPoolExecutor(1, "prefetch") as pool:
        try:
            for batch in batches:
                pending.append(pool.submit(read, batch))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
