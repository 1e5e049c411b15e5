"""What every source of the catalog can do, whether its data set is built in or kept on disk."""

from abc import ABC, abstractmethod
from typing import ClassVar

from datasets.storage.source_files import SourceFile


class Source(ABC):
    """Where a data set comes from: how it gets onto the disk, and what lies there.

    Attributes
    ----------
    name : str
    description : str
        One line.
    prepared_bytes : int
        The approximate size of the prepared file.
    files : tuple of SourceFile
        The published files; empty if the data set is built in.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    prepared_bytes: ClassVar[int]
    files: tuple[SourceFile, ...] = ()

    @abstractmethod
    def prepare(self, root, from_path=None, allow_unofficial=False):
        """Prepare the data set under the folder `root` and return one line that says what was done.

        Parameters
        ----------
        root : path
            The folder of prepared data.
        from_path : path or None
            A folder or file on disk that holds the published files, plain or gzipped. None takes those that lie
            in the data set's folder under `root` and downloads the rest.
        allow_unofficial : bool
            Accept files on disk whose checksum is not the official one, and record that. A download must
            always be official.

        Raises
        ------
        DataError
            A file is missing, damaged or not official, or the prepared file cannot be written. Data that were
            prepared before stay as they were.
        """

    @abstractmethod
    def verify(self, root):
        """Check every byte of what is prepared under `root` and return one line that says what it is.

        Whatever reads a prepared file does this first, unless the file has not changed since it was last done.

        Raises
        ------
        DataError
            The data set is not prepared, or is damaged.
        """

    @abstractmethod
    def state(self, root):
        """Return in a few words what `root` holds of this data set, without reading all of it; never raises."""

    @abstractmethod
    def provenance(self, root):
        """Return what a run's record says of this data set.

        Returns
        -------
        dict
            ``{"name": str, "official": bool, "sha256": {file or array: hexadecimal}}``

        Raises
        ------
        DataError
            The data set is not prepared, or is damaged.
        """
