"""CIFAR-10 on disk: its published archive and the HDF5 file made from it, which also has whitened pictures."""

from pathlib import Path

import numpy as np

from datasets.errors import DataError
from datasets.preprocessing import ZCA, global_contrast_normalize
from datasets.progress import Progress
from datasets.storage.archives import read_members
from datasets.storage.files import read_content
from datasets.storage.prepared import HDF5Source
from datasets.storage.source_files import SourceFile, files_on_disk

ARCHIVE = SourceFile(
    "cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    as_is=True,
)
# The files in the archive. Only their MD5 sums have been published.
BATCHES = tuple(
    SourceFile(name, None, md5=md5)
    for name, md5 in (
        ("data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"),
        ("data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"),
        ("data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"),
        ("data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"),
        ("data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"),
        ("test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d"),
    )
)
FOLDER = "cifar-10-batches-bin"
SETS = {"train": tuple(file.name for file in BATCHES[:5]), "test": (BATCHES[5].name,)}
LABEL_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
GCN_SCALE = 55.0  # the norm of each picture before it is whitened
ROWS_A_TIME = 2500


class CIFAR10Source(HDF5Source):
    """CIFAR-10 in ``cifar10/cifar10.h5``.

    =========================  ======================================================================
    ``{train,test}/X``, ``y``  pixels as channel planes, uint8 (n, 3072); labels, uint8 (n, 1)
    ``whitened/{train,test}``  the same pictures after GCN to norm 55 and ZCA, float32 (n, 3072)
    ``whitening/mean``         the mean that ZCA subtracts, float32 (3072,)
    ``whitening/P``, `inv_P`   the whitening matrix and its inverse, float32 (3072, 3072)
    =========================  ======================================================================

    ZCA is fitted to all 50,000 training pictures, as in pylearn2's script make_cifar10_gcn_whitened. The attributes
    of ``whitening`` record that.

    Parameters
    ----------
    archive : SourceFile
    batches : tuple of 6 SourceFile
        The five training files and the test file in the archive; they may be on disk instead of it.
    pictures_per_batch, side : int
        The number of pictures in a file, and their size in pixels.
    """

    name = "cifar10"
    description = "CIFAR-10: 50,000 + 10,000 colour photographs of 32 x 32 pixels, and whitened"
    location = "cifar10/cifar10.h5"
    format_version = 1
    prepared_bytes = 1_000_000_000

    def __init__(self, archive=ARCHIVE, batches=BATCHES, pictures_per_batch=10_000, side=32):
        self.files = (archive,)
        self.batches = batches
        self.pictures_per_batch = pictures_per_batch
        self.features = 3 * side * side

    @property
    def forms(self):
        return (self.files, self.batches)

    def find_sources(self, folder, from_path=None):
        place = folder if from_path is None else Path(from_path)
        batches = self._folder_of_batches(place)
        if batches is not None and (place.is_file() or self.files[0].find(place) is None):
            return files_on_disk(self.batches, batches)
        if from_path is not None and place.is_dir() and self.files[0].find(place) is None:
            names = ", ".join(file.name for file in self.batches)
            raise DataError(f"{place} lacks {self.files[0].name}, and {names}; put it or these there")
        return super().find_sources(folder, from_path)

    def _folder_of_batches(self, place):
        if place.is_file():
            return place.parent if any(file.name == place.name for file in self.batches) else None
        for folder in (place, place / FOLDER):
            if any(file.find(folder) for file in self.batches):
                return folder
        return None

    def check_source(self, name, path):
        is_archive = name == self.files[0].name
        contents = self._unpacked(path) if is_archive else {name: read_content(path)}
        for batch, content in contents.items():
            self._decoded(path, batch, content)

    def write(self, h5, paths):
        archive = paths.get(self.files[0].name)
        contents = self._unpacked(archive) if archive else {n: read_content(path) for n, path in paths.items()}
        data = {}
        for which_set, names in SETS.items():
            batches = [self._decoded(archive or paths[name], name, contents.pop(name)) for name in names]
            y, data[which_set] = (np.concatenate(parts) for parts in zip(*batches, strict=True))
            group = h5.create_group(which_set)
            group.create_dataset("X", data=data[which_set], chunks=_chunks(data[which_set]), fletcher32=True)
            group.create_dataset("y", data=y, fletcher32=True)
        _write_whitened(h5, data)

    def _record_bytes(self):
        size = self.pictures_per_batch * (1 + self.features)
        return {file.name: size for file in self.batches}

    def _unpacked(self, archive):
        return read_members(archive, self._record_bytes())

    def _decoded(self, path, name, content):
        """Return the labels, uint8 (n, 1), and pixels, uint8 (n, 3072), of a .bin file at or in `path`."""
        where = path if Path(path).name.startswith(name) else f"{name} in {path}"
        expected = self._record_bytes()[name]
        if len(content) != expected:
            raise DataError(f"{where} has {len(content)} bytes, expected {expected}; get CIFAR-10's file")
        records = np.frombuffer(content, np.uint8).reshape(self.pictures_per_batch, -1)
        if records[:, 0].max() >= len(LABEL_NAMES):
            raise DataError(
                f"{where} holds the label {records[:, 0].max()}, expected 0 to 9; get CIFAR-10's file"
            )
        return records[:, :1], records[:, 1:]


def _chunks(X):
    return min(len(X), 100), X.shape[1]


def _write_whitened(h5, data):
    zca = ZCA()
    with Progress("whitening", sum(map(len, data.values())), "pictures") as bar:
        zca.fit(global_contrast_normalize(data["train"], scale=GCN_SCALE))
        for which_set, pixels in data.items():
            whitened = h5.create_dataset(
                f"whitened/{which_set}",
                pixels.shape,
                np.float32,
                chunks=_chunks(pixels),
                fletcher32=True,
            )
            for start in range(0, len(pixels), ROWS_A_TIME):
                rows = pixels[start : start + ROWS_A_TIME]
                gcn = global_contrast_normalize(rows, scale=GCN_SCALE)
                whitened[start : start + len(rows)] = zca.transform(gcn)
                bar.update(len(rows))
    group = h5.create_group("whitening")
    for name, array in (("mean", zca.mean_), ("P", zca.P_), ("inv_P", zca.inv_P_)):
        group.create_dataset(name, data=array, fletcher32=True)
    group.attrs["fitted_on"] = f"train, all {len(data['train'])} pictures, after contrast normalization"
    group.attrs["gcn_scale"] = GCN_SCALE
    group.attrs["filter_bias"] = zca.filter_bias
