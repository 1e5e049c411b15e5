"""The source of each data set, by name."""

from datasets.cifar10.source import CIFAR10Source
from datasets.digits import DigitsSource
from datasets.errors import DataError, nearest
from datasets.mnist.source import MNISTSource
from datasets.svhn.source import SVHNSource
from datasets.text.source import LinuxKernel, WarAndPeace

DATA_SETS = {
    source.name: source
    for source in (
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
    """Return the source of the data set `name`.

    Returns
    -------
    datasets.storage.source.Source

    Raises
    ------
    DataError
        There is no such data set; the message suggests the nearest names.

    Examples
    --------
    >>> get("digits").description
    "scikit-learn's 1,797 handwritten digits of 8 x 8 grey pixels, built in"
    >>> get("minst")
    Traceback (most recent call last):
    datasets.errors.DataError: unknown data set 'minst' (did you mean 'mnist'?); data sets are digits, mnist, ...
    """
    if name in DATA_SETS:
        return DATA_SETS[name]
    raise DataError(f"unknown data set '{name}'{nearest(name, DATA_SETS)}; data sets are {', '.join(DATA_SETS)}")


def provenance(name, root):
    """Return what a run's record says of the data set `name` under `root`; see `Source.provenance`."""
    return get(name).provenance(root)
