"""HDF5 checkpoints, written atomically; nothing is pickled."""

import json

import h5py
import numpy as np

from datasets.errors import one_line
from datasets.storage.files import replacing
from datasets.storage.hdf5 import new_hdf5
from reproduce.errors import UserError


def save(path, arrays, header):
    """Write `arrays` (name to ndarray) and `header` (JSON-able dict) to `path`."""
    with replacing(path) as temporary, new_hdf5(temporary) as file:
        file["header"] = json.dumps(header)
        group = file.create_group("arrays")
        for name, array in arrays.items():
            group[name] = array


def load(path):
    """What `save` wrote: (arrays, header).

    Raises
    ------
    UserError
        Where the file is not a whole checkpoint.
    """
    try:
        with h5py.File(path, "r") as file:
            header = json.loads(file["header"].asstr()[()])
            return {name: np.asarray(dataset) for name, dataset in file["arrays"].items()}, header
    except (OSError, KeyError, ValueError) as error:
        reason = one_line(error)
        raise UserError(f"{path} is not a readable checkpoint ({reason}); start the run anew with --restart") from None


def pack_generator(rng):
    """State of a `numpy.random.RandomState` as JSON-able values."""
    kind, keys, position, has_gauss, gauss = rng.get_state()
    return [kind, keys.tolist(), position, has_gauss, gauss]


def unpack_generator(rng, packed):
    """Set the state that `pack_generator` took."""
    kind, keys, position, has_gauss, gauss = packed
    rng.set_state((kind, np.array(keys, dtype="uint32"), position, has_gauss, gauss))
