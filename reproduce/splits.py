"""Loads the examples that an experiment trains, validates and tests on."""

import copy
import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets import catalog
from datasets.cifar10 import WhitenedCIFAR10, whitening
from datasets.design_matrix import ZCA_Dataset
from datasets.digits import Digits
from datasets.mnist import MNIST
from datasets.storage.stored_rows import StoredRows
from datasets.svhn import SVHN
from datasets.svhn.h5 import h5_path
from datasets.text import CharacterCorpus, python_source
from reproduce.errors import UserError


class Split(NamedTuple):
    """Inputs and targets of one part of the data.

    For pictures, `x` holds the pixels, float32 (n, features), in memory or read by row from disk, and `y` the class
    indices, int32 (n,). For texts, `x` holds the indices of characters, int32 (n, steps), and `y` the index of the
    character that follows each, int32 (n, steps).
    """

    x: np.ndarray | StoredRows
    y: np.ndarray

    def in_minibatches(self, size):
        """Examples in whole minibatches of `size`; a last partial one is dropped (released lab.py, train)."""
        return len(self.x) // size * size


@dataclass(frozen=True)
class Splits:
    """Training, validation and test examples, their `provenance` (``data`` in a record), and a text's `vocabulary`."""

    train: Split
    valid: Split
    test: Split
    provenance: dict
    vocabulary: bytes | None = None


SYNTHETIC_EXAMPLES = 500


def load(experiment, root, allow_unofficial=False):
    """The examples of `experiment`.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    root : path
        Folder of prepared data.
    allow_unofficial : bool
        Whether to accept files that claim to be the official ones but are not.

    Returns
    -------
    Splits

    Raises
    ------
    UserError, datasets.DataError
        If the data are missing, damaged or not the official ones.

    Examples
    --------
    >>> from reproduce import experiments
    >>> digits = load(experiments.resolve("digits", "lab"), root="data")
    >>> digits.train.x.shape, digits.valid.x.shape, digits.test.x.shape, digits.test.y.shape
    ((1200, 64), (297, 64), (300, 64), (300,))
    """
    settings = experiment.settings
    if settings["network.kind"] == "lstm":
        return _text(settings, root, allow_unofficial)
    if settings.get("data.source") == "synthetic":
        return _synthetic(settings["data.shape"], settings["network.classes"])
    name = settings["data.name"]
    origin = catalog.provenance(_catalog_name(settings), root)
    _refuse_unofficial(origin, root, allow_unofficial)
    train, valid, test = LOADERS[name](settings, root)
    return Splits(_examples(train), _examples(valid), _examples(test), origin)


def _refuse_unofficial(origin, root, allowed):
    if not origin["official"] and not allowed:
        name = origin["name"]
        raise UserError(f"the {name} files under {root} are not the official ones; --allow-unofficial accepts them")


def _text(settings, root, allow_unofficial):
    """A corpus cut into sequences. The user's own text and the stand-in do not claim to be official, so any will do."""
    order = settings["data.vocabulary_order"]
    if settings["data.file"]:
        corpus = CharacterCorpus.from_file(settings["data.file"], order)
    elif settings.get("data.source") == "python_source":
        corpus = python_source.corpus(order)
    else:
        corpus = CharacterCorpus.prepared(catalog.get(settings["data.name"]), root, order)
        _refuse_unofficial(corpus.provenance, root, allow_unofficial)
    shares = settings["data.train_share"], settings["data.valid_share"]
    parts = corpus.split(settings["network.steps"], settings["training.batch_size"], *shares)
    train, valid, test = (Split(part.inputs, part.targets) for part in (parts.train, parts.valid, parts.test))
    return Splits(train, valid, test, corpus.provenance, corpus.vocabulary)


def _digits(settings, root):
    return _centred(Digits, settings)


def _mnist(settings, root):
    return _centred(functools.partial(MNIST, data_path=root), settings)


def _centred(kind, settings):
    center = settings["data.center"]
    train = kind("train", center=center)
    valid = copy.copy(train)  # a shallow copy: both parts are views of the same arrays
    train.restrict(*settings["data.train"])
    valid.restrict(*settings["data.valid"])
    return train, valid, kind("test", center=center)


def _cifar10(settings, root):
    whole, preprocessor = WhitenedCIFAR10("train", root), whitening(root)
    train, valid = (ZCA_Dataset(whole, preprocessor, *settings[key]) for key in ("data.train", "data.valid"))
    return train, valid, whole.get_test_set()


def _svhn(settings, root):
    options = {"path": root, "lcn_channels": settings["data.lcn_channels"]}
    parts = ("splitted_train", "valid", "test")
    for path in (h5_path(Path(root), part) for part in parts):
        if path.exists():
            # `SVHN` prefers pylearn2's own file, which the provenance does not describe.
            raise UserError(f"{path} stands in the way of the prepared data; move it out of {root}")
    return tuple(SVHN(part, **options) for part in parts)


LOADERS = {"digits": _digits, "mnist": _mnist, "cifar10": _cifar10, "svhn": _svhn}


def _catalog_name(settings):
    """The prepared file that the settings need; SVHN normalised in all channels has its own."""
    suffix = "_lcn_all" if settings.get("data.lcn_channels") == "all" else ""
    return settings["data.name"] + suffix


def _examples(data_set):
    return Split(data_set.X, np.asarray(data_set.y).reshape(-1).astype("int32"))


def _synthetic(shape, classes):
    """500 random pictures, the same for training, validation and test, in place of any picture data."""
    rng = np.random.RandomState(0)
    x = rng.randn(SYNTHETIC_EXAMPLES, math.prod(shape)).astype("float32")
    y = rng.randint(0, classes, SYNTHETIC_EXAMPLES).astype("int32")
    sha256 = {name: hashlib.sha256(array).hexdigest() for name, array in (("x", x), ("y", y))}
    examples = Split(x, y)
    return Splits(examples, examples, examples, {"name": "synthetic", "official": False, "sha256": sha256})
