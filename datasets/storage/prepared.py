"""Data sets kept in one HDF5 file each, which says what it was made from and is checked against itself.

Attributes of the file: `name`, `format_version`, `official`, and `sources`, a JSON object of each source
file's name and the SHA-256 of its uncompressed bytes (an archive's own bytes); `md5`, the same by MD5, where
only that is officially known. Each array in it has an attribute `sha256` of its own bytes in C order.
"""

import contextlib
import hashlib
import json
import shutil
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np

from datasets.errors import DataError, FullDiskError, NotPreparedError, one_line, prepare_command
from datasets.storage.data_set import DataSet
from datasets.storage.files import BLOCK, checksums, replacing
from datasets.storage.hdf5 import new_hdf5
from datasets.storage.source_files import files_on_disk, files_or_downloads


class HDF5DataSet(DataSet):
    """A data set that `prepare` writes from source files into one HDF5 file.

    A subclass says which files (`files`), where (`location`, relative to the root) and how (`write`,
    `check_source`).

    Attributes
    ----------
    forms : tuple of tuples of SourceFile
        The sets of files that it can be made from; by default `files` only. `find_sources` chooses.
    """

    location: ClassVar[str]
    format_version: ClassVar[int]

    def write(self, h5, paths):
        """Write the arrays into the open HDF5 file `h5` from the source files `paths`, {name: path}.

        For subclasses that leave `write_file` as it is.

        Raises
        ------
        DataError
            A source file cannot be used, official or not.
        """
        raise NotImplementedError

    @abstractmethod
    def check_source(self, name, path):
        """Raise a DataError that says what is wrong where the source file at `path` is not in its format."""

    @property
    def forms(self):
        return (self.files,)

    def find_sources(self, folder, source=None):
        """Return where the source files of one of the `forms` are, as {name: path}.

        Parameters
        ----------
        folder : Path
            The data set's own, where files may lie or are downloaded to.
        source : path or None
            A folder or file on disk to take them from instead.
        """
        if source is None:
            return files_or_downloads(self.files, folder)
        return files_on_disk(self.files, source)

    def path(self, root):
        """Return the path of the prepared file under `root`."""
        return Path(root) / self.location

    @contextlib.contextmanager
    def open(self, root):
        """Open the prepared file for reading.

        Yields
        ------
        h5py.File

        Raises
        ------
        NotPreparedError
            There is none.
        DataError
            It is damaged or of another format; also when reading inside the ``with`` block fails.
        """
        path = self.path(root)
        command = prepare_command(self.name, root)
        if not path.is_file():
            raise NotPreparedError(f"{self.name} is not prepared: there is no {path}; run: {command}")
        try:
            with h5py.File(path, "r") as h5:
                if h5.attrs["name"] != self.name:
                    raise DataError(f"{path} holds {h5.attrs['name']}; move it away, then run: {command}")
                if h5.attrs["format_version"] != self.format_version:
                    raise DataError(f"{path} was prepared by another version; delete it, then run: {command}")
                self._provenance(h5)  # fails unless all attributes are there
                yield h5
        except DataError:
            raise
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            reason = one_line(error)
            raise DataError(f"{path} is damaged ({reason}); delete it, then run: {command}") from error

    def provenance(self, root):
        with self.open(root) as h5:
            return self._provenance(h5)

    def _provenance(self, h5):
        return {
            "name": self.name,
            "official": bool(h5.attrs["official"]),
            "sha256": dict(sorted(json.loads(h5.attrs["sources"]).items())),
        }

    def state(self, root):
        try:
            official = self.provenance(root)["official"]
        except NotPreparedError:
            return "not prepared"
        except DataError as error:
            return f"unusable: {error}"
        return "prepared" if official else "prepared, unofficial"

    def verify(self, root):
        with self.open(root) as h5:
            provenance = self._provenance(h5)
            md5 = json.loads(h5.attrs.get("md5", "{}"))
            if provenance["official"] != self._is_official(provenance["sha256"], md5):
                raise ValueError("it calls itself official, its checksums do not")
            arrays = _arrays(h5)
            for array in arrays:
                if _sha256(array) != array.attrs["sha256"]:
                    raise ValueError(f"the bytes of {array.name} have changed")
            if not arrays:
                raise ValueError("it holds no arrays")
        kind = "official" if provenance["official"] else "UNOFFICIAL"
        return f"{self.name}: verified, {kind}, {self.path(root)}"

    def _is_official(self, sha256, md5):
        return any(
            {file.name for file in form} == set(sha256)
            and all(file.matches(sha256[file.name], md5.get(file.name)) for file in form)
            for form in self.forms
        )

    def prepare(self, root, source=None, allow_unofficial=False):
        destination = self.path(root)
        present = self._verified(root)
        remade = source is not None and allow_unofficial
        if present and (present["official"] or allow_unofficial) and not remade:
            return self._already(root)
        paths = self.find_sources(destination.parent, source)
        attributes = self._attributes(paths, allow_unofficial)
        if present and present["sha256"] == json.loads(attributes["sources"]):
            return self._already(root)
        self.write_file(destination, paths, attributes)
        kind = "" if attributes["official"] else ", UNOFFICIAL"
        return f"{self.name}: prepared{kind}, {destination}"

    def _attributes(self, paths, allow_unofficial):
        """Check the source files, {name: path}, and return the attributes of the file made from them."""
        files = {file.name: file for form in self.forms for file in form}
        sums = {
            name: self._checked_sums(files[name], path, allow_unofficial) for name, path in paths.items()
        }
        sha256 = {name: found["sha256"] for name, found in sums.items()}
        md5 = {name: found["md5"] for name, found in sums.items() if files[name].md5}
        attributes = {
            "name": self.name,
            "format_version": self.format_version,
            "official": self._is_official(sha256, md5),
            "sources": json.dumps(sha256),
        }
        return {**attributes, "md5": json.dumps(md5)} if md5 else attributes

    def write_file(self, destination, paths, attributes):
        """Make the prepared file at `destination` from the checked source files `paths`, atomically."""
        with replacing(destination) as temporary:
            require_space(destination.parent, self.prepared_bytes)
            with new_hdf5(temporary) as h5:
                self.write(h5, paths)
                seal(h5, attributes)

    def _verified(self, root):
        try:
            self.verify(root)
            return self.provenance(root)
        except DataError:
            return None

    def _already(self, root):
        return f"{self.verify(root)} (already prepared, nothing to do)"

    def _checked_sums(self, file, path, allow_unofficial):
        sums = checksums(path, file.as_is)
        if file.sha256 != sums["sha256"]:
            # First what is wrong with its form: nothing can accept that, and it says more than a checksum.
            self.check_source(file.name, path)
        if not file.matches(**sums) and not allow_unofficial:
            raise DataError(
                f"{path} is not the official {file.name}: wrong checksum (sha256 {sums['sha256']}); "
                "replace or delete it, or pass --allow-unofficial to use it as it is"
            )
        return sums


def seal(h5, attributes):
    """Write the checksum of each array in the open file `h5`, then what makes it a prepared file."""
    for array in _arrays(h5):
        array.attrs["sha256"] = _sha256(array)
    for name, value in attributes.items():
        h5.attrs[name] = value


def require_space(folder, needed):
    """Raise a FullDiskError where `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise FullDiskError(
            f"{folder} has {free:,} bytes free, {needed:,} are needed; free space or choose another folder"
        )


def _arrays(h5):
    arrays = []
    h5.visititems(lambda name, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None)
    return arrays


def _sha256(array):
    digest = hashlib.sha256()
    row_bytes = max(1, array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=object)))
    rows = max(1, 16 * BLOCK // row_bytes)
    for start in range(0, len(array), rows):
        digest.update(np.ascontiguousarray(array[start : start + rows]))
    return digest.hexdigest()
