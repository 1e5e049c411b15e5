"""Reading source files, plain or gzipped, and writing files atomically."""

import contextlib
import errno
import gzip
import hashlib
import os
import zlib
from pathlib import Path

from datasets.errors import DataError, FullDiskError, one_line

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def _open_file(path):
    try:
        with open(path, "rb") as file:
            yield file
    except OSError as error:
        raise DataError(f"cannot read {path}: {one_line(error)}") from error


@contextlib.contextmanager
def open_content(path):
    """Open a file for reading its uncompressed bytes; gzip is recognized by its first bytes, not the name.

    Raises
    ------
    DataError
        The file cannot be read, or its compressed stream is damaged; also inside the ``with`` block.
    """
    with _open_file(path) as file:
        if file.read(2) != GZIP_MAGIC:
            file.seek(0)
            yield file
            return
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) as content:
                yield content
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{path} is a truncated or damaged gzip file; get it again") from error


def read_content(path):
    """Return the uncompressed bytes of a file, plain or gzipped."""
    with open_content(path) as content:
        return content.read()


def checksums(path, as_is=False):
    """Return ``{"sha256": …, "md5": …}``, in hexadecimal, of the bytes of a file.

    Parameters
    ----------
    path : path of the file, plain or gzipped
    as_is : bool
        Take a gzipped file's own bytes, not the uncompressed ones.
    """
    digests = [hashlib.sha256(), hashlib.md5(usedforsecurity=False)]
    with _open_file(path) if as_is else open_content(path) as content:
        while block := content.read(BLOCK):
            for digest in digests:
                digest.update(block)
    return {digest.name: digest.hexdigest() for digest in digests}


@contextlib.contextmanager
def written_atomically(destination):
    """Yield a path in the same folder to write to; on success it becomes `destination`, else it is removed.

    The folder is made where it is missing.

    Raises
    ------
    FullDiskError
        There is no room.
    DataError
        Nothing can be written there for another reason, such as permissions.
    """
    destination = Path(destination)
    with writing(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.tmp")
    try:
        with writing(destination):
            yield temporary
            publish(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary, destination):
    """Give a completely written file its final name, durably."""
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, destination)


@contextlib.contextmanager
def writing(path):
    """Turn an error of the file system inside the ``with`` block into a DataError about writing `path`."""
    try:
        yield
    except DataError:
        raise
    # HDF5 reports a full disk as RuntimeError when it notices on closing.
    except (OSError, RuntimeError) as error:
        kind = FullDiskError if getattr(error, "errno", None) in NO_ROOM else DataError
        raise kind(f"cannot write {path}: {one_line(error)}; free space there or choose another folder") from error
