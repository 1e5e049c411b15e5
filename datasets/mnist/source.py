"""MNIST on disk: its four published files and the HDF5 file made from them."""

import numpy as np

from datasets.errors import DataError
from datasets.mnist.idx import IMAGES, LABELS, read_idx
from datasets.storage.prepared import HDF5Source
from datasets.storage.source_files import SourceFile

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
PREFIXES = {"train": "train", "test": "t10k"}
NUM_EXAMPLES = {"train": 60_000, "test": 10_000}
SIDE = 28
NUM_CLASSES = 10


def _official(name, sha256):
    # Some programs unpack train-images-idx3-ubyte.gz as train-images.idx3-ubyte.
    aliases = (name.replace("-idx", ".idx"),)
    return SourceFile(name, sha256, tuple(f"{mirror}{name}.gz" for mirror in MIRRORS), aliases=aliases)


OFFICIAL_FILES = (
    _official("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    _official("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    _official("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    _official("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)


class MNISTSource(HDF5Source):
    """MNIST in ``mnist/mnist.h5``, whose groups `train` and `test` have `X`, uint8 (n, 784), and `y`, uint8 (n, 1).

    Parameters
    ----------
    files : tuple of SourceFile
        The four published files, by default with the official checksums and mirrors.
    """

    name = "mnist"
    description = "MNIST: 60,000 + 10,000 handwritten digits of 28 x 28 grey pixels"
    location = "mnist/mnist.h5"
    format_version = 1
    prepared_bytes = 12_000_000

    def __init__(self, files=OFFICIAL_FILES):
        self.files = files

    def check_source(self, name, path):
        which_set = next(which for which, prefix in PREFIXES.items() if name.startswith(prefix))
        if "images" in name:
            _read_images(path, which_set)
        else:
            _read_labels(path, which_set)

    def write(self, h5, paths):
        for which_set, prefix in PREFIXES.items():
            group = h5.create_group(which_set)
            X = _read_images(paths[f"{prefix}-images-idx3-ubyte"], which_set).reshape(-1, SIDE * SIDE)
            y = _read_labels(paths[f"{prefix}-labels-idx1-ubyte"], which_set).reshape(-1, 1)
            group.create_dataset("X", data=X, chunks=(1000, SIDE * SIDE), compression="gzip", fletcher32=True)
            group.create_dataset("y", data=y, fletcher32=True)


def _read_images(path, which_set):
    images = read_idx(path, IMAGES)
    expected = (NUM_EXAMPLES[which_set], SIDE, SIDE)
    if images.shape != expected:
        raise DataError(f"{path} holds images of shape {images.shape}, expected {expected}; get MNIST's file")
    return images


def _read_labels(path, which_set):
    labels = read_idx(path, LABELS)
    expected = NUM_EXAMPLES[which_set]
    if len(labels) != expected:
        raise DataError(f"{path} holds {len(labels)} labels, expected {expected}; get MNIST's file")
    if np.max(labels) >= NUM_CLASSES:
        raise DataError(f"{path} holds the label {np.max(labels)}, expected 0 to 9; get MNIST's file")
    return labels
