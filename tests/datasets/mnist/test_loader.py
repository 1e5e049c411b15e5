"""MNIST: order of the steps on synthetic images, numbers of pylearn2 on the real ones."""

import hashlib
import inspect

import h5py
import numpy as np
import pytest

from datasets.errors import DataError, NoDataPathError, NotPreparedError
from datasets.mnist import MNIST
from datasets.storage.checksum import write_checksum


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


def projection(X):
    return X.astype(np.float64) @ np.sin(np.arange(1, X.shape[1] + 1))


def shuffled(rows):
    """Swap each row in turn with one drawn from all, by single draws."""
    rng = np.random.RandomState([1, 2, 3])
    rows = rows.copy()
    for i in range(len(rows)):
        j = rng.randint(len(rows))
        rows[[i, j]] = rows[[j, i]]
    return rows


def scaled(images):
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def test_signature_is_pylearn2s_plus_the_root_folder():
    parameters = list(inspect.signature(MNIST).parameters.values())
    assert [(p.name, p.default) for p in parameters[1:]] == [
        ("center", False),
        ("shuffle", False),
        ("binarize", False),
        ("start", None),
        ("stop", None),
        ("axes", ("b", 0, 1, "c")),
        ("preprocessor", None),
        ("fit_preprocessor", False),
        ("fit_test_preprocessor", False),
        ("data_path", None),
    ]
    assert parameters[0].name == "which_set"


def test_pixels_are_divided_in_float32(mnist_root, mnist_arrays):
    mnist = MNIST("test", data_path=mnist_root)
    images, labels = mnist_arrays["test"]
    assert (mnist.X.dtype, mnist.X.shape, mnist.X.flags.c_contiguous) == (np.float32, (10000, 784), True)
    np.testing.assert_array_equal(mnist.X, scaled(images))
    assert (mnist.y.dtype, mnist.y.shape, mnist.y_labels) == (np.uint8, (10000, 1), 10)
    np.testing.assert_array_equal(mnist.y[:, 0], labels)


def test_topological_view_has_the_axes_asked_for(mnist_root, mnist_arrays):
    mnist = MNIST("test", axes=["c", 0, 1, "b"], data_path=mnist_root)
    expected = scaled(mnist_arrays["test"][0]).reshape(-1, 28, 28)
    np.testing.assert_array_equal(mnist.get_topological_view()[0].transpose(2, 0, 1), expected)


def test_each_set_is_centred_by_its_own_whole_mean_before_slicing(mnist_root, mnist_arrays):
    for which_set in ("train", "test"):
        X = scaled(mnist_arrays[which_set][0])
        part = MNIST(which_set, center=True, start=100, stop=5000, data_path=mnist_root)
        np.testing.assert_array_equal(part.X, (X - X.mean(axis=0))[100:5000])


def test_shuffle_swaps_each_with_any_before_slicing(mnist_root, mnist_arrays):
    images, labels = mnist_arrays["test"]
    order = shuffled(np.arange(10000))
    mnist = MNIST("test", shuffle=True, start=7, stop=9000, data_path=mnist_root)
    np.testing.assert_array_equal(mnist.X, scaled(images)[order[7:9000]])
    np.testing.assert_array_equal(mnist.y[:, 0], labels[order[7:9000]])


def test_binarize_comes_before_center(mnist_root, mnist_arrays):
    ones = (mnist_arrays["test"][0].reshape(10000, -1) >= 128).astype(np.float32)
    np.testing.assert_array_equal(MNIST("test", binarize=True, data_path=mnist_root).X, ones)
    both = MNIST("test", binarize=True, center=True, data_path=mnist_root)
    np.testing.assert_array_equal(both.X, ones - ones.mean(axis=0))


def test_stop_without_start_is_ignored(mnist_root):
    assert len(MNIST("test", stop=5, data_path=mnist_root).X) == 10000


@pytest.mark.parametrize(
    ("start", "stop", "error"),
    [
        (0, 10001, ValueError),
        (5, None, AssertionError),
        (5, 5, AssertionError),
        (6, 5, AssertionError),
        (-1, 5, AssertionError),
    ],
)
def test_a_slice_that_is_not_there(mnist_root, start, stop, error):
    with pytest.raises(error, match="0 <= start < stop <= 10000") as raised:
        MNIST("test", start=start, stop=stop, data_path=mnist_root)
    assert isinstance(raised.value, DataError)


def test_valid_is_a_slice_of_train_and_other_names_are_unknown():
    with pytest.raises(ValueError, match="slice it from 'train': start=50000, stop=60000"):
        MNIST("valid")
    with pytest.raises(ValueError, match="no set 'training'; one of: train, test"):
        MNIST("training")


class Recorder:
    def __init__(self):
        self.calls = []

    def apply(self, dataset, can_fit):
        self.calls.append((dataset.which_set, dataset.X.shape, can_fit))


def test_the_preprocessor_comes_last_and_the_test_set_is_made_alike(mnist_root):
    recorder = Recorder()
    train = MNIST(
        "train",
        center=True,
        binarize=True,
        start=3,
        stop=9,
        axes=("c", 0, 1, "b"),
        preprocessor=recorder,
        fit_preprocessor=True,
        data_path=mnist_root,
    )
    test = train.get_test_set()
    assert recorder.calls == [("train", (6, 784), True), ("test", (10000, 784), False)]
    expected = MNIST("test", center=True, binarize=True, data_path=mnist_root)
    np.testing.assert_array_equal(test.X, expected.X)
    assert test.view_converter.axes == ("c", 0, 1, "b")


def test_the_test_sets_two_fit_flags_must_agree(mnist_root):
    with pytest.raises(AssertionError, match="make them equal"):
        MNIST("test", fit_preprocessor=True, data_path=mnist_root)
    for fit_test_preprocessor in (True, None):
        recorder = Recorder()
        MNIST(
            "test",
            preprocessor=recorder,
            fit_preprocessor=True,
            fit_test_preprocessor=fit_test_preprocessor,
            data_path=mnist_root,
        )
        assert recorder.calls == [("test", (10000, 784), True)]


def test_adjust_for_viewer(mnist_root):
    mnist = MNIST("test", data_path=mnist_root)
    np.testing.assert_array_equal(mnist.adjust_for_viewer(np.array([0.0, 0.25, 2.0])), [-1.0, -0.5, 1.0])


def test_the_root_comes_from_the_environment(mnist_root, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(mnist_root))
    assert len(MNIST("test").X) == 10000
    monkeypatch.delenv("PYLEARN2_DATA_PATH")
    with pytest.raises(NoDataPathError):
        MNIST("test")


def test_a_missing_file_names_the_command(tmp_path):
    with pytest.raises(NotPreparedError, match=r"python -m reproduce data prepare mnist") as raised:
        MNIST("train", data_path=tmp_path)
    assert isinstance(raised.value, OSError)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b"not HDF5"), "it does not begin as it was written"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1000]), "its checksum does not hold"),
        (lambda path: _edit(path, lambda h5: h5.attrs.__delitem__("official")), "official"),
        (lambda path: _edit(path, lambda h5: h5.__delitem__("test/X")), "object 'X' doesn't exist"),
        (lambda path: _edit(path, lambda h5: h5["test"].move("y", "labels")), "object 'y' doesn't exist"),
        (lambda path: _replace(path, "test/X", np.zeros((10, 784), np.uint8)), r"test has shapes \(10, 784\) and"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(mnist_root, tmp_path, spoil, reason):
    path = tmp_path / "mnist" / "mnist.h5"
    path.parent.mkdir()
    path.write_bytes((mnist_root / "mnist" / "mnist.h5").read_bytes())
    spoil(path)
    with pytest.raises(DataError, match=rf"mnist\.h5 is damaged \(.*{reason}.*\); delete it, then run: ") as raised:
        MNIST("test", data_path=tmp_path)
    assert "\n" not in str(raised.value)


def _edit(path, change):
    """Change the content; the file's checksum is the new one's, so that what reads the content must notice."""
    with h5py.File(path, "r+") as h5:
        change(h5)
    write_checksum(path)


def _replace(path, name, array):
    def replace(h5):
        del h5[name]
        h5[name] = array

    _edit(path, replace)


# Below: numbers that pylearn2 itself computed (Python 2.7, NumPy 1.14.6) from the real files. They are compared
# bitwise, because NumPy still adds the rows of a C-contiguous float32 array in the same order.


@pytest.fixture(scope="module")
def golden(golden_arrays):
    return golden_arrays("pylearn2_mnist")


@pytest.fixture(scope="module")
def official_root(prepared_root):
    return prepared_root("mnist")


@pytest.mark.parametrize("which_set", ["train", "test"])
def test_whole_sets_equal_pylearn2s(golden, official_root, which_set):
    raw = MNIST(which_set, data_path=official_root)
    centred = MNIST(which_set, center=True, data_path=official_root)
    rows = golden[f"rows_{which_set}"]
    mean = golden[f"mean_{which_set}"]
    assert sha256(raw.X) == golden[f"sha_X_{which_set}_raw"]
    assert sha256(raw.y) == golden[f"sha_y_{which_set}"]
    assert sha256(centred.X) == golden[f"sha_X_{which_set}_center"]
    np.testing.assert_array_equal(raw.X[rows], golden[f"X_{which_set}_raw"])
    np.testing.assert_array_equal(centred.X[rows], golden[f"X_{which_set}_center"])
    np.testing.assert_array_equal(raw.y[rows], golden[f"y_{which_set}"])
    np.testing.assert_array_equal(raw.X.mean(axis=0), mean)
    np.testing.assert_array_equal(np.bincount(raw.y[:, 0]), golden[f"counts_{which_set}"])
    sumsq = np.einsum("ij,ij->", centred.X, centred.X, dtype=np.float64)
    np.testing.assert_allclose(sumsq, golden[f"sumsq64_{which_set}_center"], rtol=1e-5)
    np.testing.assert_allclose(raw.X.sum(dtype="f8"), golden[f"sum64_{which_set}_raw"], rtol=1e-5)


@pytest.mark.parametrize("i", [0, 1, 2])
def test_the_papers_slices_equal_pylearn2s(golden, official_root, i):
    start, stop = golden[f"slice{i}_bounds"].tolist()
    which_set = str(golden[f"slice{i}_set"])
    part = MNIST(which_set, center=True, start=start, stop=stop, data_path=official_root)
    assert part.X.shape == tuple(golden[f"slice{i}_shape"])
    assert sha256(part.X) == golden[f"slice{i}_sha_X"]
    assert sha256(part.y) == golden[f"slice{i}_sha_y"]
    np.testing.assert_array_equal(part.y[:50], golden[f"slice{i}_y_head"])
    np.testing.assert_array_equal(np.bincount(part.y[:, 0], minlength=10), golden[f"slice{i}_counts"])
    np.testing.assert_allclose(projection(part.X[:50]), golden[f"slice{i}_proj_head"], atol=1e-10)
    np.testing.assert_allclose(part.X.sum(dtype="f8"), golden[f"slice{i}_sum64"], rtol=1e-5)


def test_shuffle_and_binarize_equal_pylearn2s(golden, official_root):
    shuffle = MNIST("train", shuffle=True, data_path=official_root)
    assert sha256(shuffle.X) == golden["shuffle_sha_X"]
    assert sha256(shuffle.y) == golden["shuffle_sha_y"]
    np.testing.assert_array_equal(shuffle.y[:100], golden["shuffle_y_head"])
    np.testing.assert_allclose(projection(shuffle.X[:50]), golden["shuffle_proj_head"], atol=1e-10)
    binarized = MNIST("train", binarize=True, data_path=official_root)
    assert binarized.X.sum(dtype="f8") == golden["binarize_sum"]
    assert sha256(binarized.X) == golden["binarize_sha_X"]


def test_all_steps_together_equal_pylearn2s(golden, official_root):
    arguments = {"binarize": True, "center": True, "shuffle": True, "start": 3, "stop": 9}
    combination = MNIST("train", **arguments, data_path=official_root)
    np.testing.assert_allclose(combination.X, golden["combo_X"], atol=3e-5)
    np.testing.assert_array_equal(combination.y, golden["combo_y"])
