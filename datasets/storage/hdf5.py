"""Writing HDF5 files so that a full disk is one error.

When a write fails, HDF5 tries it again for each handle that is dropped, and h5py prints a traceback for each.
So HDF5 writes into a file that keeps its first failure for later and takes everything from then on.
"""

import contextlib
import io

import h5py


class _Sink(io.FileIO):
    failure = None

    def write(self, data):
        data = memoryview(data).cast("B")
        written = 0
        with self._keeping_failure():
            while written < len(data):
                written += super().write(data[written:])
        return len(data)

    def truncate(self, size=None):
        with self._keeping_failure():
            super().truncate(size)
        return size

    @contextlib.contextmanager
    def _keeping_failure(self):
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error


@contextlib.contextmanager
def new_hdf5(path):
    """Yield a new h5py.File to write to; the first error of the file system is raised at the end.

    Raises
    ------
    OSError
        The file could not be written; what is at `path` then is of no use.
    """
    with _written(path, "w+", "w") as h5:
        yield h5


@contextlib.contextmanager
def changed_hdf5(path):
    """Yield the h5py.File at `path` to change; errors are as in `new_hdf5`."""
    with _written(path, "r+", "r+") as h5:
        yield h5


@contextlib.contextmanager
def _written(path, file_mode, h5_mode):
    with _Sink(path, file_mode) as sink:
        try:
            with h5py.File(sink, h5_mode) as h5:
                yield h5
        finally:
            if sink.failure is not None:
                raise sink.failure
