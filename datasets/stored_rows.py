"""Rows of a matrix that stays on disk, read by index."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

from datasets.blosc import require_filters
from datasets.errors import DataError

READ_AHEAD = 4  # minibatches


class StoredRows:
    """A matrix in an HDF5 file, of which only the rows asked for are read: ``rows[indices]``.

    It is used as an array is: ``rows[3]``, ``rows[10:20]``, ``rows[[7, 1, 7]]`` and ``np.asarray(rows)`` give
    float32 arrays. Indices may come in any order and repeat; the disk sees them sorted. An array stored in
    one piece is read without the HDF5 library, which takes ten times as long for scattered rows.

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
        self._path = path
        self._order, self._change = order, change
        h5 = h5py.File(path, "r")
        array = h5[name]
        require_filters(array, path)
        self._stored_dtype = array.dtype
        self.shape = (len(array) if order is None else len(order), array.shape[1])
        self._offset = array.id.get_offset()
        if self._offset is None:
            self._array, self._file = array, None
        else:
            self._array, self._file = None, os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            h5.close()

    def __len__(self):
        return self.shape[0]

    def __del__(self):
        if getattr(self, "_file", None) is not None:
            os.close(self._file)

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, index):
        rows = np.arange(len(self))[index]
        if rows.ndim > 1:
            raise IndexError(f"rows are chosen by one index, slice or list, not by {index!r}")
        one = rows.ndim == 0
        rows = np.atleast_1d(rows)
        if self._order is not None:
            rows = self._order[rows]
        X = self._read(rows).astype(np.float32, copy=False)
        if self._change is not None:
            X = self._change(X)
        return X[0] if one else X

    def _read(self, rows):
        """Return the stored rows with these numbers."""
        if self._file is None:
            distinct, places = np.unique(rows, return_inverse=True)
            return self._array[distinct][places]
        X = np.empty((len(rows), self.shape[1]), self._stored_dtype)
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        consecutive = np.diff(rows) == 1
        if consecutive.all() and (order == np.arange(len(order))).all():
            if len(rows):
                self._read_run(rows[0], X)
            return X
        for place, row in zip(order.tolist(), rows.tolist(), strict=True):
            self._read_run(row, X[place : place + 1])
        return X

    def _read_run(self, first, destination):
        """Fill `destination` with stored rows from the row `first` on."""
        left = memoryview(destination).cast("B")
        position = self._offset + int(first) * self.shape[1] * self._stored_dtype.itemsize
        while left:
            count = os.preadv(self._file, [left], position)
            if count == 0:
                raise DataError(f"{self._path} is truncated; delete it and prepare it again")
            left, position = left[count:], position + count


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
