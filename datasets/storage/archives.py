"""Reading files from a tar archive without unpacking it, so that nothing in it reaches the disk."""

import contextlib
import tarfile
import zlib
from pathlib import PurePosixPath

from datasets.errors import DataError, one_line


def read_members(path, sizes):
    """Return the contents of some files in an archive.

    Every member is checked, so that a malicious archive is refused as a whole.

    Parameters
    ----------
    path : path of a tar archive, compressed or not
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
    with _opened(path) as archive:
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


@contextlib.contextmanager
def _opened(path):
    try:
        with tarfile.open(path) as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error) as error:
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
