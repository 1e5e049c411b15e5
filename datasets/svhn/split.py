"""Which pictures of SVHN belong to each of pylearn2's six sets, and their order."""

import numpy as np

from datasets.svhn.python2_set import set_order

SEED = 322
CLASSES = range(1, 11)  # as the .mat files number them: 10 is the digit 0
VALID_PER_CLASS = {"train": 400, "extra": 200}
PARTS = {
    "train": ("train",),
    "test": ("test",),
    "extra": ("extra",),
    "train_all": ("extra", "train"),
    "valid": ("train", "extra"),
    "splitted_train": ("train", "extra"),
}


def file_order(which_set, labels, valid_per_class=None):
    """Return where the pictures of a set come from, in the order of pylearn2's file of that set.

    `train`, `test` and `extra` are one .mat file each, and `train_all` is extra followed by train. `valid` has 400
    pictures per class from train and 200 from extra; `splitted_train` has the rest of both. Each set is shuffled
    once. All random numbers of a set come from one ``RandomState(322)``.

    Parameters
    ----------
    which_set : str
        One of `PARTS`.
    labels : dict of arrays
        The labels 1 to 10 of each .mat file that the set needs.
    valid_per_class : dict of int or None
        The number of validation pictures per class from train and from extra; `VALID_PER_CLASS` by default.

    Returns
    -------
    part, place : int arrays of shape (pictures,)
        The .mat file of each picture, as an index into ``PARTS[which_set]``, and its place there, from 0.
    """
    rng = np.random.RandomState(SEED)
    names = PARTS[which_set]
    if which_set in ("valid", "splitted_train"):
        places = _divided(which_set, labels, valid_per_class or VALID_PER_CLASS, rng)
    else:
        places = [np.arange(len(labels[name])) for name in names]
    part = np.repeat(np.arange(len(names)), [len(place) for place in places])
    place = np.concatenate(places)
    order = np.arange(len(place))
    rng.shuffle(order)
    return part[order], place[order]


def _divided(which_set, labels, valid_per_class, rng):
    places = []
    for name in PARTS[which_set]:
        valid = _drawn(labels[name], valid_per_class[name], rng)
        if which_set == "valid":
            # pylearn2 collects them in a set and takes the order of that.
            places.append(np.array(set_order(valid)))
        else:
            places.append(np.setdiff1d(np.arange(len(labels[name])), valid))
    return places


def _drawn(labels, per_class, rng):
    """Return the places of `per_class` random pictures of each class, class after class."""
    drawn = []
    for label in CLASSES:
        places = np.flatnonzero(np.ravel(labels) == label)
        rng.shuffle(places)
        drawn.extend(places[:per_class])
    return drawn
