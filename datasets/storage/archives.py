"""Reading files out of a tar archive without unpacking it, so that nothing in it can reach the disk."""

import contextlib
import tarfile
import zlib
from pathlib import PurePosixPath

from datasets.errors import DataError, one_line


def read_members(path, sizes):
    """Return the contents of some files in an archive.

    Every member is looked at, so that an archive made to do harm is refused as a whole.

    Parameters
    ----------
    path : path of a tar archive, compressed or not
    sizes : dict
        The file names wanted, whatever folder of the archive they are in, with their sizes in bytes.

    Returns
    -------
    dict
        {name: bytes}

    Raises
    ------
    DataError
        The archive is damaged, lacks a file, or has one twice or of another size; or it holds a link, a
        device or a path that leads out of it.
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
