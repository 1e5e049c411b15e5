"""Writing a large HDF5 file such that an interrupted writing goes on where it stopped.

The file is laid out first, with each of its arrays in one piece and nothing in them, under the name of the
final file with ``.part`` behind. After that its structure stays, and rows are written into the arrays in
order, past the HDF5 library. How many rows each array has is kept in a small file beside it, which is written
after the rows and so never counts any that are not on the disk.
"""

import fcntl
import json
import os
from pathlib import Path

import h5py

from datasets.errors import DataError
from datasets.storage.files import publish, writing
from datasets.storage.hdf5 import changed_hdf5, new_hdf5


class ResumableFile:
    """An HDF5 file being written; a context manager that keeps what is written when it is left by an error.

    Parameters
    ----------
    destination : path
        The final file; its folder is made where it is missing.
    arrays : dict
        {name: (shape, dtype)} of all arrays.
    identity : dict
        What the content depends on; a part written for another one is started again. Only texts and numbers.

    Raises
    ------
    DataError
        The file cannot be written, or another process is writing it.
    """

    def __init__(self, destination, arrays, identity):
        self.destination = Path(destination)
        self.part = self.destination.with_name(self.destination.name + ".part")
        self._progress_path = self.destination.with_name(self.destination.name + ".part.json")
        self._arrays = arrays
        layout = {name: [list(shape), str(dtype)] for name, (shape, dtype) in arrays.items()}
        self._identity = {**identity, "arrays": layout}

    def __enter__(self):
        with writing(self.destination):
            self.destination.parent.mkdir(parents=True, exist_ok=True)
            self._progress = open(self._progress_path, "a+")
            try:
                self._start()
            except BaseException:
                self._progress.close()
                raise
        return self

    def __exit__(self, *error):
        os.close(self._file)
        self._progress.close()

    def _start(self):
        try:
            fcntl.flock(self._progress, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(f"another process is preparing {self.destination}; wait for its end") from error
        self.rows = self._kept_rows()
        if self.rows is None:
            self.rows = dict.fromkeys(self._arrays, 0)
            self._lay_out()
            self._keep_progress()
        with h5py.File(self.part, "r") as h5:
            self._offsets = {name: h5[name].id.get_offset() for name in self._arrays}
        self._file = os.open(self.part, os.O_WRONLY | os.O_CLOEXEC)

    def _kept_rows(self):
        """Return how many rows of each array an earlier writing of this file left; None: there was none."""
        self._progress.seek(0)
        try:
            kept = json.load(self._progress)
        except ValueError:
            return None
        if not self.part.is_file() or kept["identity"] != self._identity:
            return None
        return kept["rows"]

    def _lay_out(self):
        with new_hdf5(self.part) as h5:
            for name, (shape, dtype) in self._arrays.items():
                properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                properties.set_layout(h5py.h5d.CONTIGUOUS)
                properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
                properties.set_obj_track_times(False)  # the same data make the same file
                links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
                links.set_create_intermediate_group(True)
                space, kind = h5py.h5s.create_simple(shape), h5py.h5t.py_create(dtype)
                h5py.h5d.create(h5.id, name.encode(), kind, space, properties, lcpl=links)

    def append(self, name, block):
        """Write `block`, rows of the array's type, behind those that the array has, durably."""
        shape, dtype = self._arrays[name]
        if block.dtype != dtype or block.shape[1:] != shape[1:] or self.rows[name] + len(block) > shape[0]:
            raise ValueError(f"{block.dtype} {block.shape} does not fit {name}, {dtype} {shape}")
        left = memoryview(block.reshape(-1).view("u1"))
        position = self._offsets[name] + self.rows[name] * (block.nbytes // max(1, len(block)))
        with writing(self.destination):
            while left:
                count = os.pwrite(self._file, left, position)
                left, position = left[count:], position + count
            os.fdatasync(self._file)
            self.rows[name] += len(block)
            self._keep_progress()

    @property
    def total_rows(self):
        """The number of rows of all arrays together."""
        return sum(shape[0] for shape, dtype in self._arrays.values())

    @property
    def rows_written(self):
        """How many of them are written."""
        return sum(self.rows.values())

    def bytes_on_disk(self):
        """Return how much of the disk the part takes."""
        return os.stat(self._file).st_blocks * 512

    def complete(self, name):
        """Return whether all rows of the array are written."""
        return self.rows[name] == self._arrays[name][0][0]

    def _keep_progress(self):
        self._progress.seek(0)
        self._progress.truncate()
        json.dump({"identity": self._identity, "rows": self.rows}, self._progress)
        self._progress.flush()
        os.fdatasync(self._progress.fileno())

    def publish(self, seal):
        """Give the complete file its final name, after ``seal(h5)`` has written its attributes."""
        with writing(self.destination):
            with changed_hdf5(self.part) as h5:
                seal(h5)
            publish(self.part, self.destination)
            self._progress_path.unlink()
