"""Writing an HDF5 file with a checksum, and so that a full disk raises one error.

After a failed write, HDF5 tries again for each handle that is dropped, and h5py prints a traceback for each. So HDF5
writes into a file object that keeps its first failure for the end and from then on accepts everything.
"""

import contextlib
import io

import h5py

from datasets.storage.checksum import USER_BLOCK, write_checksum


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
    """Yield a new h5py.File to write to. At the end it gets a checksum of all its bytes.

    Raises
    ------
    OSError
        At the end of the ``with`` block, the first error of the file system. The file at `path` is useless then.
    """
    with _Sink(path, "w+") as sink:
        try:
            with h5py.File(sink, "w", userblock_size=USER_BLOCK) as h5:
                yield h5
        finally:
            if sink.failure is not None:
                raise sink.failure
    write_checksum(path)
