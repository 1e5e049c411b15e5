"""The examples that an experiment trains, validates and tests on, from `datasets`."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from datasets import catalog
from datasets.digits import Digits
from datasets.mnist import MNIST
from reproduce import networks
from reproduce.errors import UserError


class Examples(NamedTuple):
    """Examples `x`, float32 (n, …), and their class indices `y`, int32 (n,)."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Arrays:
    """Training, validation and test examples, and where they are from (a record's ``data``)."""

    train: Examples
    valid: Examples
    test: Examples
    provenance: dict


SYNTHETIC_EXAMPLES = 500


def load(experiment, root, allow_unofficial=False):
    """The examples of `experiment`.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    root : path
        Folder of prepared data.
    allow_unofficial : bool
        Whether files that claim to be official ones but are not will do.

    Returns
    -------
    Arrays

    Raises
    ------
    UserError, datasets.DataError
        Where the data are missing, damaged or not the official ones.
    """
    settings = experiment.settings
    if settings.get("data.source") == "synthetic":
        return _synthetic(networks.input_shape(experiment), settings["network.classes"])
    name = settings["data.name"]
    origin = catalog.provenance(name, root)
    if not origin["official"] and not allow_unofficial:
        raise UserError(f"the {name} files under {root} are not the official ones; --allow-unofficial accepts them")
    center = settings["data.center"]
    train, valid = (_loader(name, root)("train", center, *settings[f"data.{part}"]) for part in ("train", "valid"))
    return Arrays(_examples(train), _examples(valid), _examples(_loader(name, root)("test", center)), origin)


def _loader(name, root):
    """(which_set, center, start, stop) → the pylearn2-compatible data set `name`."""
    if name == "digits":
        return lambda which, center, start=None, stop=None: Digits(which, center=center, start=start, stop=stop)
    return lambda which, center, start=None, stop=None: MNIST(
        which, center=center, start=start, stop=stop, data_path=root
    )


def _examples(data_set):
    return Examples(data_set.X, data_set.y.reshape(-1).astype("int32"))


def _synthetic(shape, classes):
    """500 random pictures, the same for training, validation and test; they stand in for any picture data."""
    rng = np.random.RandomState(0)
    x = rng.randn(SYNTHETIC_EXAMPLES, *shape).astype("float32")
    y = rng.randint(0, classes, SYNTHETIC_EXAMPLES).astype("int32")
    sha256 = {name: hashlib.sha256(array).hexdigest() for name, array in (("x", x), ("y", y))}
    examples = Examples(x, y)
    return Arrays(examples, examples, examples, {"name": "synthetic", "official": False, "sha256": sha256})
