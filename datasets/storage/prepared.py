"""Sources that keep their data set in one HDF5 file, which says what it was made from and can be verified.

Attributes of the file: `name`, `format_version`, `official`, and `sources`, a JSON object from the name of each
published file to the SHA-256 of its uncompressed bytes (of an archive's own bytes). Where an official identity is
known only as an MD5 sum or a git blob id, an attribute `md5` or `git_blob` has it in the same form. Each array has
an attribute `sha256` of its own bytes in C order. The user block has a checksum of the whole file. Files that were
written without one, by earlier versions, are verified by their arrays' checksums, in a child process.
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

from datasets.errors import DataError, FullDiskError, NotPreparedError, prepare_command, reporting_damage
from datasets.storage.checksum import checksum_holds
from datasets.storage.files import BLOCK, locked, remove_temporaries, replacing
from datasets.storage.hdf5 import new_hdf5
from datasets.storage.limits import call_limited
from datasets.storage.source import Source
from datasets.storage.source_files import CHECKSUMS, files_on_disk, files_or_downloads
from datasets.storage.verified import is_verified, verifying


class HDF5Source(Source):
    """A source whose `prepare` writes one HDF5 file from the published files.

    A subclass defines which files these are (`files`), where the prepared file is (`location`, relative to the
    root), how a file's form is checked (`check_source`) and what is written (`write`).

    Attributes
    ----------
    forms : tuple of tuples of SourceFile
        The alternative sets of files that the data set can be made from; `find_sources` chooses one.
    """

    location: ClassVar[str]
    format_version: ClassVar[int]

    @abstractmethod
    def write(self, h5, paths):
        """Write the arrays into the open HDF5 file `h5` from the published files `paths`, {name: path}.

        Raises
        ------
        DataError
            A file cannot be used, official or not.
        """

    @abstractmethod
    def check_source(self, name, path):
        """Raise a DataError if the published file `name` at `path` is not in its format."""

    @property
    def forms(self):
        return (self.files,)

    def find_sources(self, folder, from_path=None):
        """Return where the published files of one of the `forms` are, as {name: path}.

        Parameters
        ----------
        folder : Path
            The data set's own folder, where files may lie and to which missing ones are downloaded.
        from_path : path or None
            A folder or file on disk to take them from instead.
        """
        if from_path is None:
            return files_or_downloads(self.files, folder)
        return files_on_disk(self.files, from_path)

    def path(self, root):
        """Return the path of the prepared file under `root`."""
        return Path(root) / self.location

    @contextlib.contextmanager
    def open(self, root):
        """Open the prepared file for reading. If it has changed since it was last verified, it is verified first.

        Yields
        ------
        h5py.File

        Raises
        ------
        NotPreparedError
            There is none.
        DataError
            It is damaged or of another format. An error inside the ``with`` block passes as it is.
        """
        path = self._existing(root)
        with contextlib.ExitStack() as stack:
            with self.reporting_damage(root):
                if not is_verified(path):
                    self.verify(root)
                h5 = stack.enter_context(h5py.File(path, "r"))
                self._check(root, _attributes(h5))
            yield h5

    def _existing(self, root):
        path = self.path(root)
        if not path.is_file():
            command = prepare_command(self.name, root)
            raise NotPreparedError(f"{self.name} is not prepared: there is no {path}; run: {command}")
        return path

    def _check(self, root, attributes):
        """Return what the attributes of the prepared file say of its provenance, if it is of this source's format."""
        path, command = self.path(root), prepare_command(self.name, root)
        if attributes["name"] != self.name:
            raise DataError(f"{path} holds {attributes['name']}; move it away, then run: {command}")
        if attributes["format_version"] != self.format_version:
            raise DataError(f"{path} was prepared by another version; delete it, then run: {command}")
        return {
            "name": self.name,
            "official": attributes["official"],
            "sha256": dict(sorted(json.loads(attributes["sources"]).items())),
        }

    def reporting_damage(self, root):
        """Turn an error of reading the prepared file inside the ``with`` block into a DataError with the remedy."""
        return reporting_damage(self.path(root), f"delete it, then run: {prepare_command(self.name, root)}")

    def read(self, root, *names):
        """Return the arrays of these names in the prepared file, as a list.

        Raises
        ------
        NotPreparedError
            There is no prepared file.
        DataError
            It is damaged or of another format.
        """
        with self.open(root) as h5, self.reporting_damage(root):
            return [h5[name][...] for name in names]

    def provenance(self, root):
        with self.open(root) as h5:
            return self._check(root, _attributes(h5))

    def state(self, root):
        try:
            path = self._existing(root)
            with self.reporting_damage(root):
                attributes = read_attributes(path) if is_verified(path) else call_limited(read_attributes, str(path))
                official = self._check(root, attributes)["official"]
        except NotPreparedError:
            return "not prepared"
        except DataError as error:
            return f"unusable: {error}"
        return "prepared" if official else "prepared, unofficial"

    def verify(self, root):
        return self._line(root, self._verified(root))

    def _verified(self, root):
        """Check every byte of the prepared file and return its provenance."""
        path = self._existing(root)
        with self.reporting_damage(root), verifying(path):
            with open(path, "rb") as file:
                sealed = checksum_holds(file)
            attributes = read_attributes(path) if sealed else call_limited(read_attributes, str(path))
            found = self._check(root, attributes)
            if found["official"] != self._is_official(_recorded_checksums(attributes)):
                raise ValueError("it calls itself official, its checksums do not")
            if not sealed:
                call_limited(compare_arrays, str(path), size=path.stat().st_size)
        return found

    def _line(self, root, found):
        kind = "official" if found["official"] else "UNOFFICIAL"
        return f"{self.name}: verified, {kind}, {self.path(root)}"

    def _is_official(self, checksums):
        """Return whether `checksums`, {name: {kind: hexadecimal}}, are those of one of the `forms`."""
        return any(
            {file.name for file in form} == set(checksums)
            and all(file.matches(checksums[file.name]) for file in form)
            for form in self.forms
        )

    def prepare(self, root, from_path=None, allow_unofficial=False):
        destination = self.path(root)
        try:
            present = self._verified(root)
            already = f"{self._line(root, present)} (already prepared, nothing to do)"
        except DataError:
            present = None
        remade = from_path is not None and allow_unofficial
        if present and (present["official"] or allow_unofficial) and not remade:
            return already
        paths = self.find_sources(destination.parent, from_path)
        attributes = self._attributes(paths, allow_unofficial)
        if present and present["sha256"] == json.loads(attributes["sources"]):
            return already
        self._write_file(destination, paths, attributes)
        kind = "" if attributes["official"] else ", UNOFFICIAL"
        return f"{self.name}: prepared{kind}, {destination}"

    def _attributes(self, paths, allow_unofficial):
        """Check the published files, {name: path}, and return the attributes of the file made from them."""
        files = {file.name: file for form in self.forms for file in form}
        checksums = {
            name: self._checked(files[name], path, allow_unofficial) for name, path in paths.items()
        }
        attributes = {
            "name": self.name,
            "format_version": self.format_version,
            "official": self._is_official(checksums),
        }
        for kind in CHECKSUMS:
            found = {name: sums[kind] for name, sums in checksums.items() if kind in sums}
            if found:
                attributes[_ATTRIBUTES[kind]] = json.dumps(found)
        return attributes

    def _checked(self, file, path, allow_unofficial):
        """Return the checksums of a published file at `path`, which must be official unless others are allowed."""
        found = file.checksums(path)
        if not file.matches(found):
            # A wrong form says more than a wrong checksum, and nothing can allow it.
            self.check_source(file.name, path)
        if not file.matches(found) and not allow_unofficial:
            raise DataError(
                f"{path} is not the official {file.name}: wrong checksum (sha256 {found['sha256']}); "
                "replace or delete it, or pass --allow-unofficial to use it as it is"
            )
        return found

    def _write_file(self, destination, paths, attributes):
        """Make the prepared file at `destination` from the checked files `paths`, atomically."""
        lock = destination.with_name(f".{destination.name}.lock")
        with locked(lock, destination, "preparing"):
            try:
                remove_temporaries(destination)
                with replacing(destination) as temporary:
                    _require_space(destination.parent, self.prepared_bytes)
                    with new_hdf5(temporary) as h5:
                        self.write(h5, paths)
                        _seal(h5, attributes)
            finally:
                lock.unlink(missing_ok=True)


_ATTRIBUTES = {"sha256": "sources", "md5": "md5", "git_blob": "git_blob"}


def read_attributes(path):
    """Return the attributes of the HDF5 file at `path`, JSON-able."""
    with h5py.File(path, "r") as h5:
        return _attributes(h5)


def _attributes(h5):
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in h5.attrs.items()}


def compare_arrays(path):
    """Raise a ValueError unless the HDF5 file at `path` has arrays and each has the checksum recorded with it."""
    with h5py.File(path, "r") as h5:
        arrays = _arrays(h5)
        for array in arrays:
            if _sha256(array) != array.attrs["sha256"]:
                raise ValueError(f"the bytes of {array.name} have changed")
        if not arrays:
            raise ValueError("it holds no arrays")


def _recorded_checksums(attributes):
    """Return the checksums of the published files among a prepared file's attributes, {name: {kind: hexadecimal}}."""
    recorded = {}
    for kind, attribute in _ATTRIBUTES.items():
        for name, value in json.loads(attributes.get(attribute, "{}")).items():
            recorded.setdefault(name, {})[kind] = value
    return recorded


def _seal(h5, attributes):
    """Write the checksum of each array in the open file `h5`, then the file's own `attributes`."""
    for array in _arrays(h5):
        array.attrs["sha256"] = _sha256(array)
    for name, value in attributes.items():
        h5.attrs[name] = value


def _require_space(folder, needed):
    """Raise a FullDiskError if `folder` has less than `needed` bytes free."""
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
