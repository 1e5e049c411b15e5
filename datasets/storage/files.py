"""Reading files, plain or gzipped, and writing files atomically."""

import contextlib
import errno
import fcntl
import glob
import gzip
import hashlib
import os
import secrets
import zlib
from pathlib import Path

from datasets.errors import CannotWriteError, DataError, FullDiskError, one_line

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
# What a gzipped file may hold: so many bytes, or so many times its own size where that is more. Texts expand tenfold.
SMALL, EXPANSION = 64 << 20, 100
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
    """Open a file to read its uncompressed bytes. gzip is recognized by the first bytes, not by the name.

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
    """Return the uncompressed bytes of a file, plain or gzipped.

    Raises
    ------
    DataError
        The file cannot be read, is damaged, or holds far more bytes than any published file of its size.
    """
    with open_content(path) as content:
        if not isinstance(content, gzip.GzipFile):
            return content.read()
        most = max(SMALL, EXPANSION * os.path.getsize(path))
        blocks, size = [], 0
        while block := content.read(BLOCK):
            blocks.append(block)
            size += len(block)
            if size > most:
                raise DataError(f"{path} unpacks to more than {most:,} bytes, which no such file does; get it again")
        return b"".join(blocks)


def checksums(path, kinds=("sha256",), as_is=False):
    """Return checksums of the bytes of a file, {kind: hexadecimal}.

    Parameters
    ----------
    path : path of the file, plain or gzipped
    kinds : sequence of {'sha256', 'md5', 'git_blob'}
        'git_blob' is the id that git gives a content: SHA-1 of ``blob <size>``, a zero byte and the content.
    as_is : bool
        Take a gzipped file's own bytes instead of the uncompressed ones.
    """
    opened = _open_file if as_is else open_content
    digests = {}
    for kind in kinds:
        if kind == "git_blob":
            with opened(path) as content:
                size = content.seek(0, os.SEEK_END)
            digests[kind] = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        else:
            digests[kind] = hashlib.new(kind, usedforsecurity=False)
    with opened(path) as content:
        while block := content.read(BLOCK):
            for digest in digests.values():
                digest.update(block)
    return {kind: digest.hexdigest() for kind, digest in digests.items()}


@contextlib.contextmanager
def locked(path, destination, action):
    """Lock the file at `path` against other processes for the ``with`` block and yield it, open to read and append.

    The file and its folder are made if they are missing.

    Parameters
    ----------
    path, destination : Path
        The file to lock, and the file that its owner is about to write.
    action : str
        What the owner of the lock is doing, such as "downloading".

    Raises
    ------
    CannotWriteError
        The file cannot be opened.
    DataError
        Another process has it locked.
    """
    while True:
        with writing(destination):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, "ab+")  # noqa: SIM115  closed below
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataError(f"another process is {action} {destination}; wait until it has ended") from error
            # The earlier owner may have renamed or removed the file between the opening and the locking.
            if _is_at(file, path):
                yield file
                return


def _is_at(file, path):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def replacing(path):
    """Yield the path of an empty temporary file that replaces `path` if the block ends without an error.

    A reader of `path` sees the old file or the whole new one, whatever happens. The folder is made if it is missing.
    The user's umask decides who may read the file.

    Raises
    ------
    FullDiskError
        The disk is full, here or inside the block.
    CannotWriteError
        The file cannot be written for another reason, such as permissions. Any other error inside the block passes
        as it is.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "runs" / "record.json"
    ...     with replacing(path) as temporary:
    ...         size = temporary.write_text("{}")
    ...         before = path.exists()
    ...     before, path.read_text()
    (False, '{}')
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
    try:
        with _reporting_full_disk(path):
            yield temporary
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_temporaries(path):
    """Remove the temporary files of `path` that killed processes left. No process may be writing `path` now."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*{TEMPORARY}"):
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write `text` to `path` as UTF-8; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def publish(temporary, path):
    """Give a complete file its final name, after its content has reached the disk."""
    with writing(path):
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name, too, is on the disk
        finally:
            os.close(folder)


@contextlib.contextmanager
def writing(path):
    """Turn an error of the file system inside the ``with`` block into a CannotWriteError about `path`."""
    try:
        with _reporting_full_disk(path):
            yield
    except DataError:
        raise
    except OSError as error:
        raise CannotWriteError(f"cannot write {path}: {one_line(error)}; choose another place for it") from error


@contextlib.contextmanager
def _reporting_full_disk(path):
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        message = f"cannot write {path}: {one_line(error)}; free space there or choose another folder"
        raise FullDiskError(message) from error
