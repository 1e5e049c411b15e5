"""What every data set of the catalog can do, whether it is built in or kept on disk."""

from abc import ABC, abstractmethod
from typing import ClassVar

from datasets.storage.source_files import SourceFile


class DataSet(ABC):
    """A data set by name: how it gets on disk and what it is then; the loaders read it.

    Attributes
    ----------
    name : str
    description : str
        One line.
    download_bytes, prepared_bytes : int
        About how much is fetched, and how much the prepared file takes.
    files : tuple of SourceFile
        What it is made from; empty for one that is built in.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    download_bytes: ClassVar[int]
    prepared_bytes: ClassVar[int]
    files: tuple[SourceFile, ...] = ()

    @abstractmethod
    def prepare(self, root, source=None, allow_unofficial=False):
        """Make the data set ready under the folder `root` and return one line that says what was done.

        Parameters
        ----------
        root : path
            The folder of prepared data.
        source : path or None
            A folder or file on disk, plain or .gz; None: what lies in the data set's folder under `root`, the
            rest downloaded.
        allow_unofficial : bool
            Accept files on disk whose checksum is not the official one; that is recorded. (What is
            downloaded must always be official.)

        Raises
        ------
        DataError
            A file is missing, damaged or not the official one, or cannot be written. What was prepared
            before stays as it was.
        """

    @abstractmethod
    def verify(self, root):
        """Check what is prepared under `root`, all its bytes, and return one line that says what it is.

        Raises
        ------
        DataError
            It is missing or damaged.
        """

    @abstractmethod
    def state(self, root):
        """Return in a few words what `root` holds of this data set, without reading it all; never raises."""

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
            It is missing or damaged.
        """
