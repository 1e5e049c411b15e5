"""SVHN's class: its sets from our file and from pylearn2's, in memory and on disk."""

import inspect

import h5py
import numpy as np
import pytest

from datasets.errors import BadArgumentError, DataError, NoDataPathError, NotPreparedError
from datasets.preprocessing import GlobalContrastNormalization, LeCunLCN, Pipeline
from datasets.storage.stored_rows import StoredRows
from datasets.svhn import SVHN
from datasets.svhn.source import preprocessed
from datasets.svhn.split import PARTS

SIZES = {"train": 90, "test": 40, "extra": 70, "train_all": 160, "valid": 60, "splitted_train": 100}


@pytest.fixture(scope="module")
def pixels(svhn_root):
    """Every set from the prepared file by HDF5 alone: {which_set: (X, y)}."""
    with h5py.File(svhn_root / "svhn" / "svhn.h5") as h5:
        rows = {which_set: h5[f"sets/{which_set}"][...] for which_set in PARTS}
        X, y = h5["pixels/X"][...].astype(np.float32), h5["pixels/y"][...]
    return {which_set: (X[chosen], y[chosen]) for which_set, chosen in rows.items()}


@pytest.fixture
def theirs(tmp_path, pixels):
    """A working folder with a file as pylearn2 lays it out, but for the compression."""
    (tmp_path / "h5").mkdir()
    with h5py.File(tmp_path / "h5" / "valid_32x32.h5", "w") as h5:
        X, y = pixels["valid"]
        h5.create_dataset("Data/X", data=X, chunks=(10, 3072))
        h5.create_dataset("Data/y", data=y, chunks=(60, 1))
    return tmp_path


def test_signature_is_pylearn2s_and_more():
    parameters = list(inspect.signature(SVHN).parameters.values())
    assert parameters[0].name == "which_set"
    assert [(p.name, p.default) for p in parameters[1:]] == [
        ("path", None),
        ("center", False),
        ("scale", False),
        ("start", None),
        ("stop", None),
        ("axes", ("b", 0, 1, "c")),
        ("preprocessor", None),
        ("data_path", None),
        ("lcn_channels", "red"),
    ]


@pytest.mark.parametrize("which_set", PARTS)
def test_pixels(svhn_root, pixels, which_set):
    data_set = SVHN(which_set, data_path=svhn_root)
    X, y = pixels[which_set]
    assert isinstance(data_set.X, StoredRows)
    assert (data_set.X.shape, data_set.X.dtype) == ((SIZES[which_set], 3072), np.float32)
    np.testing.assert_array_equal(np.asarray(data_set.X), X)
    assert (data_set.y.dtype, data_set.y.shape) == (np.int32, (SIZES[which_set], 1))
    np.testing.assert_array_equal(data_set.y, y)
    assert data_set.y_labels == 10
    assert data_set.get_num_examples() == SIZES[which_set]


@pytest.mark.parametrize("channels", ["red", "all"])
@pytest.mark.parametrize("which_set", ["splitted_train", "valid", "test"])
def test_preprocessed_pictures(svhn_root, pixels, monkeypatch, channels, which_set):
    monkeypatch.setenv("SVHN_LOCAL_PATH", str(svhn_root))
    data_set = SVHN(which_set, path="${SVHN_LOCAL_PATH}", axes=("b", "c", 0, 1), lcn_channels=channels)
    X, y = pixels[which_set]
    np.testing.assert_allclose(np.reshape(data_set.X, X.shape), preprocessed(X, channels), atol=1e-6)
    np.testing.assert_array_equal(data_set.y, y)
    rows = data_set.X[[3, 1]]
    assert data_set.get_topological_view(rows).shape == (2, 3, 32, 32)


def test_minibatches(svhn_root, pixels):
    X, y = pixels["valid"]
    data_set = SVHN("valid", data_path=svhn_root)
    batches = list(data_set.iterator("shuffled_sequential", 25, data_specs=("features", "targets")))
    assert [len(x) for x, _ in batches] == [25, 25, 10]
    order = np.arange(60)
    np.random.RandomState([17, 2, 946]).shuffle(order)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), X[order])
    np.testing.assert_array_equal(np.concatenate([t for _, t in batches]), y[order])


def test_pylearn2s_own_file(theirs, pixels):
    X, y = pixels["valid"]
    data_set = SVHN("valid", path=theirs)
    np.testing.assert_array_equal(np.asarray(data_set.X), X)
    np.testing.assert_array_equal(data_set.y, y)
    assert data_set.y.dtype == np.int32


@pytest.mark.parametrize(
    ("arguments", "change"),
    [
        ({"center": True}, lambda X: X - np.float32(127.5)),
        ({"center": True, "scale": True}, lambda X: (X - np.float32(127.5)) / np.float32(127.5)),
        ({"scale": True}, lambda X: X / np.float32(255)),
    ],
)
def test_scaling_and_slices_leave_the_file(theirs, pixels, arguments, change):
    before = (theirs / "h5" / "valid_32x32.h5").read_bytes()
    data_set = SVHN("valid", path=theirs, start=10, stop=30, **arguments)
    X, y = pixels["valid"]
    np.testing.assert_array_equal(np.asarray(data_set.X), change(X[10:30]))
    np.testing.assert_array_equal(data_set.y, y[10:30])
    assert SVHN("valid", path=theirs, start=50).X.shape == (10, 3072)
    assert SVHN("valid", path=theirs, stop=5).y.shape == (5, 1)
    assert (theirs / "h5" / "valid_32x32.h5").read_bytes() == before


def test_preprocessors_work_in_memory_and_keep_planes(svhn_root, pixels):
    pipeline = Pipeline([GlobalContrastNormalization(batch_size=5000), LeCunLCN((32, 32))])
    data_set = SVHN("test", data_path=svhn_root, preprocessor=pipeline)
    assert isinstance(data_set.X, np.ndarray)
    X = pixels["test"][0]
    np.testing.assert_allclose(data_set.X, preprocessed(X), atol=1e-6)


def test_blosc_compressed_files(tmp_path, pixels):
    hdf5plugin = pytest.importorskip("hdf5plugin", reason="hdf5plugin, which reads blosc, is not installed")
    X, y = pixels["valid"]
    (tmp_path / "h5").mkdir()
    blosc = hdf5plugin.Blosc(cname="blosclz", clevel=5, shuffle=hdf5plugin.Blosc.SHUFFLE)
    with h5py.File(tmp_path / "h5" / "valid_32x32.h5", "w") as h5:
        h5.create_dataset("Data/X", data=X, chunks=(10, 3072), compression=blosc)
        h5.create_dataset("Data/y", data=y, chunks=(60, 1), compression=blosc)
    data_set = SVHN("valid", path=tmp_path)
    np.testing.assert_array_equal(data_set.X[::-1], X[::-1])
    np.testing.assert_array_equal(data_set.y, y)


def test_without_hdf5plugin_its_name_is_reported(tmp_path, pixels, monkeypatch):
    """A chunked array whose filter number is blosc's needs the plugin even to be opened for reading."""
    monkeypatch.setitem(__import__("sys").modules, "hdf5plugin", None)
    monkeypatch.setattr("h5py.h5z.filter_avail", lambda number: False)
    (tmp_path / "h5").mkdir()
    with h5py.File(tmp_path / "h5" / "valid_32x32.h5", "w") as h5:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((10, 3072))
        properties.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 4, 122880, 5, 1, 0))
        group = h5.create_group("Data")
        space = h5py.h5s.create_simple((60, 3072))
        h5py.h5d.create(group.id, b"X", h5py.h5t.IEEE_F32LE, space, properties)
        group["y"] = pixels["valid"][1]
    with pytest.raises(DataError, match=r"valid_32x32\.h5 is compressed with blosc; .*hdf5plugin"):
        SVHN("valid", path=tmp_path)


@pytest.mark.parametrize("keep", [0, 100, -100_000])
def test_truncated_h5_files_are_refused(theirs, keep):
    path = theirs / "h5" / "valid_32x32.h5"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"valid_32x32\.h5 is damaged .*make it again") as raised:
        SVHN("valid", path=theirs)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"which_set": "all"}, "SVHN has no set 'all'; one of: train, test"),
        ({"which_set": "test", "center": True}, "start and stop need a path"),
        ({"which_set": "test", "start": 0, "stop": 2}, "start and stop need a path"),
        ({"which_set": "test", "lcn_channels": "green"}, "one of: red, all"),
    ],
)
def test_bad_arguments_are_reported(svhn_root, arguments, message):
    with pytest.raises(BadArgumentError, match=message):
        SVHN(data_path=svhn_root, **arguments)


def test_bad_working_folders_are_reported(svhn_root, theirs, tmp_path):
    with pytest.raises(BadArgumentError, match="extra is not preprocessed; one of: splitted_train"):
        SVHN("extra", path=svhn_root)
    with pytest.raises(BadArgumentError, match="0 <= start < stop <= 60"):
        SVHN("valid", path=theirs, start=10, stop=61)
    with pytest.raises(NotPreparedError, match="run: python -m reproduce data prepare svhn --data"):
        SVHN("test", path=tmp_path / "empty")
    with pytest.raises(NotPreparedError, match="data prepare svhn_lcn_all --data"):
        SVHN("test", data_path=tmp_path / "empty", lcn_channels="all")


def test_a_missing_root_is_reported(monkeypatch):
    monkeypatch.delenv("PYLEARN2_DATA_PATH", raising=False)
    with pytest.raises(NoDataPathError):
        SVHN("test")
