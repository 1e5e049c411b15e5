"""Rows of a matrix that stays on disk, read by index."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

from datasets.errors import reporting_damage
from datasets.storage.blosc import require_filters

READ_AHEAD = 4  # minibatches


class StoredRows:
    """A matrix in an HDF5 file that is indexed as an array is and reads only the rows asked for.

    ``rows[3]``, ``rows[10:20]``, ``rows[[7, 1, 7]]``, ``rows[:5, 100]`` and ``np.asarray(rows)`` give float32
    arrays. Row numbers may come in any order and repeat; the file is read in its own order.

    Parameters
    ----------
    path : path of the file
        It stays open as long as this object lives.
    name : str
        The name of the array in it, of shape (stored rows, features).
    order : int array or None
        The numbers of the stored rows that make up this matrix, in this order; None takes all.
    change : function or None
        Applied to the float32 rows that were read; returns rows of the same shape.

    Attributes
    ----------
    shape : (int, int)
    dtype : float32

    Raises
    ------
    DataError
        The file is damaged, or compressed by a filter that is not installed; also when rows are read.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".h5") as file:
    ...     with h5py.File(file.name, "w") as h5:
    ...         h5["X"] = np.arange(12, dtype=np.uint8).reshape(4, 3)
    ...     rows = StoredRows(file.name, "X", order=[3, 1, 0])
    ...     rows.shape, rows[[0, 2]].tolist()
    ((3, 3), [[9.0, 10.0, 11.0], [0.0, 1.0, 2.0]])
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, path, name, order=None, change=None):
        self._path, self._change = path, change
        with self._reporting_damage():
            self._array = h5py.File(path, "r")[name]
        require_filters(self._array, path)
        self._rows = np.arange(len(self._array)) if order is None else np.asarray(order)
        self.shape = (len(self._rows), self._array.shape[1])

    def __len__(self):
        return self.shape[0]

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, index):
        row_index, column_index = index if _is_pair(index) else (index, slice(None))
        rows = None if isinstance(row_index, tuple) else self._rows[row_index]
        if rows is None or rows.ndim > 1 or (np.ndim(row_index) and np.ndim(column_index)):
            raise IndexError(
                f"a matrix on disk cannot be indexed by {index!r}: give an index, slice or list of rows, and after "
                "a comma an index or slice of columns; np.asarray makes it an array, which takes any index"
            )
        with self._reporting_damage():
            X = read_rows(self._array, np.atleast_1d(rows)).astype(np.float32, copy=False)
        if self._change is not None:
            X = self._change(X)
        return X[0][column_index] if rows.ndim == 0 else X[:, column_index]

    def _reporting_damage(self):
        return reporting_damage(self._path, "delete it and prepare it again")


def _is_pair(index):
    return isinstance(index, tuple) and len(index) == 2


def read_rows(array, rows):
    """Return the rows of these numbers, in any order, of an array in an HDF5 file, which is read in its own order."""
    distinct, places = np.unique(rows, return_inverse=True)
    if len(distinct) and distinct[-1] - distinct[0] == len(distinct) - 1:
        stored = array[distinct[0] : distinct[-1] + 1]
    else:
        stored = array[distinct]
    return stored if np.array_equal(places, np.arange(len(stored))) else stored[places]


def prefetched(read, batches, ahead=READ_AHEAD):
    """Yield ``read(batch)`` for each of `batches`, while a thread reads the next ones.

    Parameters
    ----------
    read : function
        Such as ``rows.__getitem__`` of `StoredRows`. An error in it is raised when its batch is due.
    batches : iterable
        Such as arrays of row numbers.
    ahead : int
        The number of batches read, or being read, beyond the one yielded.
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
