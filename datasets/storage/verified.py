"""Which files have been verified, so that one that has not changed since is not read through again.

A note beside the file, ``.<name>.verified``, holds its path, size, time of change and inode. Where it cannot be
written, the file is verified once in each process. What goes bad on the disk and leaves these as they are is found
by ``data verify``, which always reads everything.
"""

import contextlib
import json
import os

from datasets.errors import DataError
from datasets.storage.files import write_text

_in_this_process = set()


def is_verified(path):
    """Return whether the file at `path` was verified and has not changed since."""
    identity = _identity(path)
    return identity in _in_this_process or _noted(path) == identity


@contextlib.contextmanager
def verifying(path):
    """Note that the file at `path` is verified if the ``with`` block ends without an error, else that it is not."""
    identity = _identity(path)  # before it is read: a change meanwhile shows
    try:
        yield
    except BaseException:
        _in_this_process.discard(identity)
        with contextlib.suppress(OSError):
            _note(path).unlink(missing_ok=True)
        raise
    _in_this_process.add(identity)
    if _noted(path) != identity:
        with contextlib.suppress(DataError):
            write_text(_note(path), identity)


def _identity(path):
    status = os.stat(path)
    found = {"path": str(path.resolve()), "size": status.st_size}
    return json.dumps(found | {"mtime_ns": status.st_mtime_ns, "inode": status.st_ino})


def _noted(path):
    with contextlib.suppress(OSError, ValueError):
        return _note(path).read_text(encoding="utf-8")
    return None


def _note(path):
    return path.with_name(f".{path.name}.verified")
