"""The data sets by name."""

from datasets.cifar10.source import CIFAR10Source
from datasets.digits import DigitsSource
from datasets.errors import DataError, nearest
from datasets.mnist.source import MNISTSource
from datasets.svhn.source import SVHNSource
from datasets.text.source import LinuxKernel, WarAndPeace

DATA_SETS = {
    data_set.name: data_set
    for data_set in (
        DigitsSource(),
        MNISTSource(),
        CIFAR10Source(),
        SVHNSource(),
        SVHNSource(lcn_channels="all"),
        WarAndPeace(),
        LinuxKernel(),
    )
}


def get(name):
    """Return the data set of that name.

    Returns
    -------
    datasets.storage.data_set.DataSet

    Raises
    ------
    DataError
        There is none; the message suggests the nearest names.
    """
    if name in DATA_SETS:
        return DATA_SETS[name]
    raise DataError(f"unknown data set '{name}'{nearest(name, DATA_SETS)}; data sets are {', '.join(DATA_SETS)}")


def provenance(name, root):
    """Return what a run's record says of the data set `name` under `root`: see `DataSet.provenance`."""
    return get(name).provenance(root)
