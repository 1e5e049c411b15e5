"""Reading files from a tar archive without unpacking it, so that nothing in it reaches the disk."""

import contextlib
import gzip
import tarfile
import zlib
from pathlib import PurePosixPath

from datasets.errors import DataError, one_line
from datasets.storage.files import open_content

LONGEST_HEADER = 1 << 20  # bytes


def read_members(path, sizes):
    """Return the contents of some files in an archive.

    Every member is checked, so that a malicious archive is refused as a whole.

    Parameters
    ----------
    path : path of a tar archive, plain or gzipped
    sizes : dict
        {name: bytes}, the files to read and their sizes. A file may be in any folder of the archive.

    Returns
    -------
    dict
        {name: bytes}

    Raises
    ------
    DataError
        The archive is damaged, or a file is missing, there twice, or of another size; or the archive holds a
        link, a device or a path that leads out of it.
    """
    contents = {}
    with _opened(path, max(LONGEST_HEADER, *sizes.values())) as archive:
        for member in archive:
            _refuse_harm(path, member)
            name = PurePosixPath(member.name).name
            if not member.isfile() or name not in sizes:
                continue
            if name in contents:
                raise DataError(f"{path} holds {name} twice; get it again")
            if member.size != sizes[name]:
                raise DataError(
                    f"{path} holds {name} with {member.size} bytes, expected {sizes[name]}; get it again"
                )
            contents[name] = archive.extractfile(member).read()
    missing = [name for name in sizes if name not in contents]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; get it again")
    return contents


class _Bounded:
    """A file of which nobody reads more than `most` bytes at a time; Python would first reserve memory for them."""

    def __init__(self, content, most):
        self._content, self._most = content, most
        self.seek, self.tell = content.seek, content.tell

    def read(self, size):
        if size > self._most:
            raise ValueError(f"a header of {size:,} bytes")
        return self._content.read(size)


@contextlib.contextmanager
def _opened(path, longest_read):
    with open_content(path) as content:
        try:
            with tarfile.open(fileobj=_Bounded(content, longest_read), mode="r:") as archive:
                yield archive
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError) as error:
            raise DataError(
                f"{path} is a truncated or damaged archive ({one_line(error)}); get it again"
            ) from error
        except OSError as error:
            raise DataError(f"cannot read {path}: {one_line(error)}") from error


def _refuse_harm(path, member):
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise DataError(f"{path} holds the path {member.name!r}, which leads out of it; get another archive")
    if not (member.isfile() or member.isdir()):
        raise DataError(f"{path} holds {member.name!r}, a link or device; get another archive")
