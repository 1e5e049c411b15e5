"""Small and synthetic files in the official formats, the photographs that pylearn2's numbers are of, and real text."""

import functools
import gzip
import io
import tarfile

import numpy as np
import pytest
import scipy.io

from datasets.cifar10.source import BATCHES, CIFAR10Source
from datasets.mnist.source import NUM_EXAMPLES, MNISTSource
from datasets.preprocessing import ZCA, global_contrast_normalize
from datasets.svhn.source import SVHNSource
from datasets.text.source import WarAndPeace
from tests.idx_bytes import idx_bytes


@pytest.fixture(scope="session")
def mnist_arrays():
    """Synthetic images and labels of MNIST's sizes: no two images are alike."""
    rng = np.random.RandomState(0)
    arrays = {}
    for which_set, n in NUM_EXAMPLES.items():
        images = np.resize(rng.randint(256, size=(10, 28, 28)).astype(np.uint8), (n, 28, 28))
        images[:, 0, :4] = np.arange(n, dtype="<u4").view(np.uint8).reshape(n, 4)
        arrays[which_set] = images, (np.arange(n) * 7 % 10).astype(np.uint8)
    return arrays


@pytest.fixture(scope="session")
def mnist_idx(tmp_path_factory, mnist_arrays):
    """A folder with the synthetic MNIST as IDX files, some plain and some gzipped."""
    folder = tmp_path_factory.mktemp("mnist_idx")
    for prefix, which_set in (("train", "train"), ("t10k", "test")):
        images, labels = mnist_arrays[which_set]
        compressed = gzip.compress(idx_bytes(images), compresslevel=1)
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(compressed)
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


@pytest.fixture(scope="session")
def mnist_root(tmp_path_factory, mnist_idx):
    """A root folder with the synthetic MNIST prepared in it; tests only read it."""
    root = tmp_path_factory.mktemp("synthetic")
    MNISTSource().prepare(root, mnist_idx, allow_unofficial=True)
    return root


@pytest.fixture(scope="session")
def golden_arrays(golden_folder):
    """A function from the name of a file of golden numbers to its arrays, {name: array}."""

    @functools.cache
    def read(name):
        with np.load(golden_folder / f"{name}.npz") as arrays:
            return dict(arrays)

    return read


@pytest.fixture(scope="session")
def photographs(golden_arrays):
    """The photographs that pylearn2 preprocessed: {"train": uint8 (300, 3072), "test": uint8 (8, 3072)}.

    They are stored, to be small, as differences of neighbours, down and across, in the planes G, R - G and B - G.
    """
    found = {}
    for which_set, array in golden_arrays("photographs").items():
        green, red, blue = array.cumsum(2, dtype=np.uint8).cumsum(3, dtype=np.uint8).transpose(1, 0, 2, 3)
        found[which_set] = np.stack([red + green, green, blue + green], axis=1).reshape(len(array), -1)
    return found


@pytest.fixture(scope="session")
def golden_zca(golden_arrays):
    """What pylearn2 made of the photographs by contrast normalization and whitening."""
    return golden_arrays("pylearn2_zca")


@pytest.fixture(scope="session")
def golden_crops(golden_arrays):
    """What it made of `centre_crops`."""
    return golden_arrays("pylearn2_crops")


@pytest.fixture(scope="session")
def golden_lcn(golden_arrays):
    """What it made of the first 40 training photographs by local contrast normalization."""
    return golden_arrays("pylearn2_lcn")


@pytest.fixture(scope="session")
def projection():
    """A function from rows of D features to their products with sin(1), …, sin(D) in float64, which check every row."""
    return lambda X: np.asarray(X, np.float64) @ np.sin(np.arange(1, X.shape[1] + 1))


@pytest.fixture(scope="session")
def centre_crops(photographs):
    """Rows and columns 13 to 18 of each plane of the photographs, uint8 (n, 108)."""
    return {
        which_set: X.reshape(-1, 3, 32, 32)[:, :, 13:19, 13:19].reshape(-1, 108)
        for which_set, X in photographs.items()
    }


@pytest.fixture(scope="session")
def whitening(photographs):
    """The photographs after GCN, and the ZCA fitted to train's; tests only read them."""
    gcn = {
        which_set: global_contrast_normalize(X.astype(np.float32), scale=55.0)
        for which_set, X in photographs.items()
    }
    zca = ZCA()
    zca.fit(gcn["train"])
    return {"gcn": gcn, "zca": zca}


@pytest.fixture(scope="session")
def war_and_peace(prepared_root):
    """The bytes of the real text."""
    (text,) = WarAndPeace().read(prepared_root("war_and_peace"), "text")
    return text.tobytes()


SMALL_CIFAR10 = {"pictures_per_batch": 40, "side": 6}


@pytest.fixture(scope="session")
def cifar10_records():
    """Six files' worth of small pictures in CIFAR-10's layout: {name: uint8 (40, 1 + 108)}."""
    rng = np.random.RandomState(0)
    records = {}
    for file in BATCHES:
        pixels = rng.randint(256, size=(40, 108)).astype(np.uint8)
        labels = rng.randint(10, size=(40, 1)).astype(np.uint8)
        records[file.name] = np.hstack([labels, pixels])
    return records


@pytest.fixture(scope="session")
def cifar10_archive(tmp_path_factory, cifar10_records):
    """These as an archive."""
    path = tmp_path_factory.mktemp("cifar10") / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, records in cifar10_records.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = records.nbytes
            archive.addfile(info, io.BytesIO(records.tobytes()))
    return path


@pytest.fixture(scope="session")
def cifar10_root(tmp_path_factory, cifar10_archive):
    """A root folder with the small CIFAR-10 prepared in it; tests only read it."""
    root = tmp_path_factory.mktemp("small_cifar10")
    CIFAR10Source(**SMALL_CIFAR10).prepare(root, cifar10_archive, allow_unofficial=True)
    return root


SMALL_SVHN = {
    "num_examples": {"train": 90, "test": 40, "extra": 70},
    "valid_per_class": {"train": 4, "extra": 2},
}


@pytest.fixture(scope="session")
def svhn_arrays():
    """Synthetic pictures, uint8 (32, 32, 3, n), and labels, uint8 (n, 1), of SVHN's three parts."""
    rng = np.random.RandomState(0)
    arrays = {}
    for part, n in SMALL_SVHN["num_examples"].items():
        X = rng.randint(256, size=(32, 32, 3, n)).astype(np.uint8)
        labels = rng.permutation(np.arange(n) % 10 + 1).astype(np.uint8)
        arrays[part] = X, labels.reshape(-1, 1)
    return arrays


@pytest.fixture(scope="session")
def svhn_mats(tmp_path_factory, svhn_arrays):
    """A folder with these as MATLAB files."""
    folder = tmp_path_factory.mktemp("svhn_mats")
    for part, (X, y) in svhn_arrays.items():
        scipy.io.savemat(folder / f"{part}_32x32.mat", {"X": X, "y": y}, do_compression=True)
    return folder


@pytest.fixture(scope="session")
def svhn_root(tmp_path_factory, svhn_mats):
    """A root folder with the small SVHN prepared in it, in both variants; tests only read it."""
    root = tmp_path_factory.mktemp("small_svhn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.svhn.source.ROWS_A_TIME", 32)
        for channels in ("red", "all"):
            files = SVHNSource(channels, **SMALL_SVHN)
            patch.setattr(files, "prepared_bytes", 1_000_000)
            files.prepare(root, svhn_mats, allow_unofficial=True)
    return root
