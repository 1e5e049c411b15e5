"""SVHN on disk: its three published files and the HDF5 file made from them."""

import numpy as np

from datasets.design_matrix import DenseDesignMatrix
from datasets.preprocessing import GlobalContrastNormalization, LeCunLCN, Pipeline
from datasets.progress import Progress
from datasets.storage.prepared import HDF5Source
from datasets.storage.source_files import SourceFile
from datasets.storage.stored_rows import read_rows
from datasets.svhn.mat import SIDE, check_mat, read_labels, read_pictures
from datasets.svhn.split import PARTS, VALID_PER_CLASS, file_order

URL = "http://ufldl.stanford.edu/housenumbers/"
NUM_EXAMPLES = {"train": 73_257, "test": 26_032, "extra": 531_131}
OFFICIAL_FILES = tuple(
    SourceFile(f"{part}_32x32.mat", sha256, (f"{URL}{part}_32x32.mat",))
    for part, sha256 in (
        ("train", "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
        ("test", "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
        ("extra", "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
    )
)
FEATURES = 3 * SIDE * SIDE
PREPROCESSED = ("splitted_train", "valid", "test")
ROWS_A_TIME = 5000


class SVHNSource(HDF5Source):
    """SVHN in ``svhn/svhn.h5`` or ``svhn/svhn_lcn_all.h5``.

    ============================  =====================================================================
    ``pixels/X``                  the pictures of the .mat files train, test and extra, in this order, as
                                  channel planes, uint8 (n, 3072)
    ``pixels/y``                  their classes, int32 (n, 1): digits 1 to 9 are 0 to 8, digit 0 is 9
    ``sets/<which_set>``          each of pylearn2's six sets as row numbers of `pixels`, int32 (n,)
    ``preprocessed/<which_set>``  splitted_train, valid and test after global (to norm 1) and local
                                  (LeCun's) contrast normalization, float32 (n, 3072)
    ============================  =====================================================================

    Parameters
    ----------
    lcn_channels : {'red', 'all'}
        The planes that are normalized locally. pylearn2 normalizes only the red one, by mistake, and published
        results most likely have that mistake in them. 'all' is what pylearn2 says that it does.
    files : tuple of 3 SourceFile
        train, test and extra, by default with the official checksums and mirrors.
    num_examples : dict
        The number of pictures in each of them.
    valid_per_class : dict
        The number of validation pictures per class from train and from extra.
    """

    location = "svhn/svhn.h5"
    format_version = 1
    prepared_bytes = 9_710_000_000

    def __init__(
        self,
        lcn_channels="red",
        files=OFFICIAL_FILES,
        num_examples=NUM_EXAMPLES,
        valid_per_class=VALID_PER_CLASS,
    ):
        self.lcn_channels = lcn_channels
        every = lcn_channels == "all"
        self.name = "svhn_lcn_all" if every else "svhn"
        self.location = f"svhn/{self.name}.h5"
        planes = "all three planes" if every else "the red plane"
        self.description = f"SVHN: 630,420 house-number digits of 32 x 32 pixels, LCN on {planes}"
        self.files = files
        self.num_examples = num_examples
        self.valid_per_class = valid_per_class

    def check_source(self, name, path):
        part = _part(name)
        check_mat(path, self.num_examples[part])
        read_labels(path, self.num_examples[part])

    def write(self, h5, paths):
        mats = {_part(name): path for name, path in paths.items()}
        labels = {part: read_labels(mats[part], count) for part, count in self.num_examples.items()}
        sets = self._sets(labels)
        total = sum(self.num_examples.values()) + sum(len(sets[which_set]) for which_set in PREPROCESSED)
        with Progress(self.name, total, "rows") as bar:
            pixels = self._write_pixels(h5, mats, bar)
            h5["pixels/y"] = np.concatenate(list(labels.values())) - np.int32(1)
            for which_set, rows in sets.items():
                h5[f"sets/{which_set}"] = rows
            for which_set in PREPROCESSED:
                self._write_preprocessed(h5, pixels, which_set, sets[which_set], bar)
        h5.attrs["lcn_channels"] = self.lcn_channels

    def _sets(self, labels):
        """Return each set as row numbers of ``pixels``."""
        ends = np.cumsum([self.num_examples[part] for part in self.num_examples])
        first = dict(zip(self.num_examples, [0, *ends[:-1]], strict=True))
        sets = {}
        for which_set, names in PARTS.items():
            part, place = file_order(which_set, labels, self.valid_per_class)
            sets[which_set] = (np.array([first[name] for name in names])[part] + place).astype(np.int32)
        return sets

    def _write_pixels(self, h5, mats, bar):
        """Write the pictures of all parts, one part after the other, and return the array."""
        pixels = h5.create_dataset("pixels/X", (sum(self.num_examples.values()), FEATURES), np.uint8)
        first = 0
        for part, count in self.num_examples.items():
            pictures = read_pictures(mats[part], count)
            for start in range(0, count, ROWS_A_TIME):
                block = pictures(slice(start, start + ROWS_A_TIME))
                pixels[first + start : first + start + len(block)] = block
                bar.update(len(block))
            first += count
        return pixels

    def _write_preprocessed(self, h5, pixels, which_set, rows, bar):
        """Write a set of the pictures whose numbers are `rows`, preprocessed."""
        array = h5.create_dataset(f"preprocessed/{which_set}", (len(rows), FEATURES), np.float32)
        for start in range(0, len(rows), ROWS_A_TIME):
            block = read_rows(pixels, rows[start : start + ROWS_A_TIME]).astype(np.float32)
            array[start : start + len(block)] = preprocessed(block, self.lcn_channels)
            bar.update(len(block))


def preprocessed(pixels, lcn_channels="red"):
    """Return pictures as the released experiments preprocess them.

    The steps are global contrast normalization to norm 1 and LeCun's local contrast normalization.

    Parameters
    ----------
    pixels : array of shape (pictures, 3072)
        Rows of channel planes, in 0 to 255.
    lcn_channels : {'red', 'all'}

    Returns
    -------
    float32 array of the same shape

    Examples
    --------
    >>> preprocessed(np.arange(2 * FEATURES).reshape(2, FEATURES) % 256).shape
    (2, 3072)
    """
    pictures = DenseDesignMatrix(X=pixels)
    # A batch of all pictures keeps pylearn2's preprocessor from interleaving the planes.
    lcn = LeCunLCN((SIDE, SIDE), batch_size=len(pixels), every_channel=lcn_channels == "all")
    Pipeline([GlobalContrastNormalization(), lcn]).apply(pictures)
    return pictures.X


def _part(name):
    return name.partition("_")[0]
