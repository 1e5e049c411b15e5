"""Reading source files, plain or gzipped, and writing files atomically."""

import contextlib
import errno
import gzip
import hashlib
import os
import secrets
import zlib
from pathlib import Path

from datasets.errors import CannotWriteError, DataError, FullDiskError, one_line

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TEMPORARY = ".tmp"


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
def replacing(path):
    """Yield the path of an empty temporary file that replaces `path` if the block ends without an error.

    Whoever reads `path` sees the old file or the whole new one, whatever happens. The folder is made where it
    is missing, and the user's umask decides who may read the file.

    Raises
    ------
    FullDiskError
        There is no room for the file; also where the block itself fails for that.
    CannotWriteError
        The file cannot be written for another reason, such as permissions.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
    try:
        with _telling_a_full_disk(path):
            yield temporary
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write `text` to `path` as UTF-8; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def publish(temporary, path):
    """Give a completely written file its final name, durably."""
    with writing(path):
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)


@contextlib.contextmanager
def writing(path):
    """Turn an error of the file system inside the ``with`` block into a CannotWriteError about `path`."""
    try:
        with _telling_a_full_disk(path):
            yield
    except DataError:
        raise
    except OSError as error:
        raise CannotWriteError(f"cannot write {path}: {one_line(error)}; choose another place for it") from error


@contextlib.contextmanager
def _telling_a_full_disk(path):
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        message = f"cannot write {path}: {one_line(error)}; free space there or choose another folder"
        raise FullDiskError(message) from error
