"""Checkpoints and models: HDF5 files that carry a checksum of their own bytes; nothing is pickled.

The checksum is the first line of the file's user block, 512 bytes that HDF5 leaves to others, and covers all that comes
after them. It is compared before libhdf5 sees a byte. Files from before there were checksums have no user block and are
read as they are.
"""

import hashlib
import io
import json
import os
from pathlib import Path

import h5py
import numpy as np

from datasets.errors import one_line
from datasets.storage.files import BLOCK, replacing
from reproduce.errors import UserError

USER_BLOCK = 512
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
MARK = b"sha256 of the bytes from 512 on: "


class DamagedError(UserError):
    """A file is not what was written."""


def save(path, header, previous=None, **groups):
    """Write a file.

    Parameters
    ----------
    path : Path
        Is replaced atomically.
    previous : Path, optional
        What was at `path` is kept there.
    header : dict
        JSON-able.
    **groups : dict of str to ndarray
        Named arrays.
    """
    with replacing(path) as temporary:
        with h5py.File(temporary, "w", userblock_size=USER_BLOCK) as file:
            file["header"] = json.dumps(header)
            for name, arrays in groups.items():
                group = file.create_group(name)
                for key, array in arrays.items():
                    group[key] = array
        with open(temporary, "r+b") as file:
            line = MARK + _checksum(file).encode() + b"\n"
            file.seek(0)
            file.write(line.ljust(USER_BLOCK, b"\0"))
            file.flush()
            os.fsync(file.fileno())  # before what is there moves away
        if previous is not None and path.exists():
            os.replace(path, previous)


def load(path):
    """What `save` wrote.

    Returns
    -------
    header : dict
    groups : dict of str to dict of str to ndarray

    Raises
    ------
    FileNotFoundError
        Where there is none.
    DamagedError
        Where its bytes are not those that were written.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedError(f"{path} cannot be read ({one_line(error)})") from None
    if data.startswith(MARK):
        stated, found = data[len(MARK) :][:64].decode("ascii", "replace"), _checksum(io.BytesIO(data))
        if stated != found:
            raise DamagedError(f"{path} is damaged: its checksum does not hold")
    elif not data.startswith(HDF5_SIGNATURE):
        raise DamagedError(f"{path} is damaged: it does not begin as it was written")
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            header = json.loads(file["header"].asstr()[()])
            groups = {name: group for name, group in file.items() if isinstance(group, h5py.Group)}
            return header, {
                name: {key: np.asarray(array) for key, array in group.items()} for name, group in groups.items()
            }
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise DamagedError(f"{path} is damaged ({one_line(error)})") from None


def load_last(path, previous):
    """The last checkpoint that is whole.

    Where the one at `path` is damaged or missing and the one before is not, the latter takes its place.

    Returns
    -------
    header, groups
        See `load`; (None, None) where there is no checkpoint.
    damage : str or None
        What is wrong with the last one, where the one before is used.

    Raises
    ------
    DamagedError
        Where there are checkpoints and none is whole.
    """
    damage = None
    try:
        return *load(path), None
    except FileNotFoundError:
        if not previous.exists():
            return None, None, None
    except DamagedError as error:
        damage = str(error)
        if not previous.exists():
            raise DamagedError(f"{damage}, and there is none before it; start the run anew with --restart") from None
    try:
        found = load(previous)
    except DamagedError as error:
        raise DamagedError(f"{damage or f'{path} is gone'}; {error}; start the run anew with --restart") from None
    os.replace(previous, path)
    return *found, damage and f"{damage}; goes on from the one before"


def _checksum(file):
    digest = hashlib.sha256()
    file.seek(USER_BLOCK)
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def pack_generator(rng):
    """State of a `numpy.random.RandomState` as JSON-able values."""
    kind, keys, position, has_gauss, gauss = rng.get_state()
    return [kind, keys.tolist(), position, has_gauss, gauss]


def unpack_generator(rng, packed):
    """Set the state that `pack_generator` took."""
    kind, keys, position, has_gauss, gauss = packed
    rng.set_state((kind, np.array(keys, dtype="uint32"), position, has_gauss, gauss))
