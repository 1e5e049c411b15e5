"""The files that a data set is made from: what they are, and getting them from a disk or a mirror."""

from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DataError
from datasets.storage.download import download


@dataclass(frozen=True)
class SourceFile:
    """One published file.

    Attributes
    ----------
    name : str
        The file's name, uncompressed.
    sha256 : str or None
        Of the uncompressed bytes, in hexadecimal; None where no official value is known, so that the data
        set has to recognize the file by what is in it.
    mirrors : tuple of str
        Addresses of the file, plain or gzipped; the first ones are tried first.
    md5 : str or None
        The same by MD5, for a file of which no official SHA-256 is known.
    as_is : bool
        The checksum is of the file's own bytes, even where they are gzipped (an archive).
    """

    name: str
    sha256: str | None
    mirrors: tuple[str, ...] = ()
    md5: str | None = None
    as_is: bool = False

    def find(self, folder):
        """Return the path of this file in `folder`, plain or with the ending .gz, or None."""
        for name in (self.name, self.name + ".gz"):
            if (folder / name).is_file():
                return folder / name
        return None

    def matches(self, sha256, md5=None):
        """Return whether checksums are the official ones, as far as these are known."""
        return self.sha256 in (None, sha256) and self.md5 in (None, md5)


def files_on_disk(files, source):
    """Return where each of `files` is under `source`, as {name: path}.

    Parameters
    ----------
    files : sequence of SourceFile
    source : path
        The folder that holds them; or a file: a single file whatever its name is, or one of several, with the
        others beside it.

    Raises
    ------
    DataError
        One is missing.
    """
    source = Path(source)
    if not source.exists():
        raise DataError(f"{source} does not exist; --from wants a folder or file on disk")
    if len(files) == 1 and source.is_file():
        return {files[0].name: source}
    folder = source.parent if source.is_file() else source
    found = {file.name: file.find(folder) for file in files}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)} (plain or .gz); put them there")
    return found


def files_or_downloads(files, folder):
    """Return where each of `files` is in `folder`, as {name: path}, downloading those that are not there."""
    found = {}
    for file in files:
        path = file.find(folder)
        if path is None:
            path = folder / file.mirrors[0].rsplit("/", 1)[-1]
            download(file.mirrors, path, file.sha256, as_is=file.as_is)
        found[file.name] = path
    return found
