"""The published files of a data set: how they are recognized, and how they are found on disk or downloaded."""

from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DataError
from datasets.storage.download import download
from datasets.storage.files import checksums

CHECKSUMS = ("sha256", "md5", "git_blob")


@dataclass(frozen=True)
class SourceFile:
    """One published file.

    Attributes
    ----------
    name : str
        The file's name, uncompressed.
    sha256 : str or None
        SHA-256 of the uncompressed bytes, in hexadecimal; None if no official value is known.
    mirrors : tuple of str
        Addresses of the file, plain or gzipped, in the order in which they are tried.
    md5 : str or None
        MD5 of a file of which no official SHA-256 is known.
    git_blob : str or None
        The id that git gives the content of a file, if that is its only official identity.
    as_is : bool
        The checksums are of the file's own bytes even if it is gzipped, as an archive is.
    aliases : tuple of str
        Other names under which the same file circulates.
    """

    name: str
    sha256: str | None
    mirrors: tuple[str, ...] = ()
    md5: str | None = None
    git_blob: str | None = None
    as_is: bool = False
    aliases: tuple[str, ...] = ()

    def find(self, folder):
        """Return the path of this file in `folder`, plain or with the ending .gz, or None."""
        for name in (self.name, *self.aliases):
            for path in (folder / name, folder / f"{name}.gz"):
                if path.is_file():
                    return path
        return None

    def checksums(self, path):
        """Return the SHA-256 of the file at `path`, and each other checksum that is officially known."""
        kinds = [kind for kind in CHECKSUMS if kind == "sha256" or getattr(self, kind)]
        return checksums(path, kinds, self.as_is)

    def matches(self, found):
        """Return whether the checksums `found`, {kind: hexadecimal}, are the official ones."""
        return all(getattr(self, kind) in (None, found.get(kind)) for kind in CHECKSUMS)


def files_on_disk(files, from_path):
    """Return where each of `files` is on disk, as {name: path}.

    Parameters
    ----------
    files : sequence of SourceFile
    from_path : path
        The folder that holds them, or one of them beside the others. A data set of a single file may have that
        file under any name.

    Raises
    ------
    DataError
        One is missing.
    """
    from_path = Path(from_path)
    if not from_path.exists():
        raise DataError(f"{from_path} does not exist; --from wants a folder or file on disk")
    if len(files) == 1 and from_path.is_file():
        return {files[0].name: from_path}
    folder = from_path.parent if from_path.is_file() else from_path
    found = {file.name: file.find(folder) for file in files}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)} (plain or .gz); put them there")
    return found


def files_or_downloads(files, folder):
    """Return where each of `files` is in `folder`, as {name: path}, after downloading those that are missing."""
    found = {}
    for file in files:
        path = file.find(folder)
        if path is None:
            path = folder / file.mirrors[0].rsplit("/", 1)[-1]
            download(file.mirrors, path, lambda part, file=file: file.matches(file.checksums(part)))
        found[file.name] = path
    return found
