"""Checkpoints and models: HDF5 files that carry a checksum of their own bytes; nothing is pickled.

Files from before there were checksums are first read through in a child process, as libhdf5 may crash or hang on them.
"""

import io
import json
import os
from pathlib import Path

import h5py
import numpy as np

from datasets.errors import one_line
from datasets.storage.checksum import USER_BLOCK, checksum_holds, write_checksum
from datasets.storage.files import replacing
from datasets.storage.limits import call_limited
from reproduce.errors import UserError


class DamagedError(UserError):
    """A file is not what was written."""


def save(path, header, previous=None, **groups):
    """Write a file.

    Parameters
    ----------
    path : Path
        Replaced atomically.
    previous : Path, optional
        Where to move the file that is at `path` now.
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
        write_checksum(temporary)
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
        There is no file.
    DamagedError
        Its bytes are not those that were written.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedError(f"{path} cannot be read ({one_line(error)})") from None
    try:
        sealed = checksum_holds(io.BytesIO(data))
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from None
    try:
        if not sealed:
            call_limited(read_through, str(path), size=len(data))
        return _content(io.BytesIO(data))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise DamagedError(f"{path} is damaged ({one_line(error)})") from None


def read_through(path):
    """Read all of a file that `save` wrote; raises an error of some kind where that is not possible."""
    _content(path)


def _content(file):
    with h5py.File(file, "r") as h5:
        header = json.loads(h5["header"].asstr()[()])
        groups = {name: group for name, group in h5.items() if isinstance(group, h5py.Group)}
        return header, {
            name: {key: np.asarray(array) for key, array in group.items()} for name, group in groups.items()
        }


def load_last(path, previous):
    """The last intact checkpoint.

    If the one at `path` is damaged or missing and the previous one is intact, the previous one takes its place.

    Returns
    -------
    header, groups
        See `load`; (None, None) if there is no checkpoint.
    damage : str or None
        What is wrong with the last one, if the previous one is used.

    Raises
    ------
    DamagedError
        There are checkpoints and none is intact.
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
            raise DamagedError(f"{damage}, and there is no earlier one; start the run anew with --restart") from None
    try:
        found = load(previous)
    except DamagedError as error:
        raise DamagedError(f"{damage or f'{path} is gone'}; {error}; start the run anew with --restart") from None
    os.replace(previous, path)
    return *found, damage and f"{damage}; continues from the previous one"


def pack_generator(rng):
    """State of a `numpy.random.RandomState` as JSON-able values."""
    kind, keys, position, has_gauss, gauss = rng.get_state()
    return [kind, keys.tolist(), position, has_gauss, gauss]


def unpack_generator(rng, packed):
    """Set the state that `pack_generator` took."""
    kind, keys, position, has_gauss, gauss = packed
    rng.set_state((kind, np.array(keys, dtype="uint32"), position, has_gauss, gauss))
