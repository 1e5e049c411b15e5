"""The data sets by name."""

import difflib

from datasets.cifar10.source import CIFAR10Files
from datasets.digits import BuiltInDigits
from datasets.errors import DataError
from datasets.mnist.source import MNISTFiles
from datasets.svhn.source import SVHNFiles
from datasets.text.source import LinuxKernel, WarAndPeace

DATA_SETS = {
    data_set.name: data_set
    for data_set in (
        BuiltInDigits(),
        MNISTFiles(),
        CIFAR10Files(),
        SVHNFiles(),
        SVHNFiles(lcn_channels="all"),
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
        There is none; the message has the nearest names.
    """
    if name in DATA_SETS:
        return DATA_SETS[name]
    near = difflib.get_close_matches(name, DATA_SETS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"one of: {', '.join(DATA_SETS)}"
    raise DataError(f"there is no data set named {name!r}; {hint}")


def provenance(name, root):
    """Return what a run's record says of the data set `name` under `root`: see `DataSet.provenance`."""
    return get(name).provenance(root)
