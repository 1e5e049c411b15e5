"""CIFAR10 and its whitened form on small pictures; the steps and their order."""

import inspect

import numpy as np
import pytest

from datasets.cifar10 import CIFAR10, WhitenedCIFAR10, whitening
from datasets.errors import BadArgumentError, NoDataPathError, NotPreparedError
from datasets.preprocessing import global_contrast_normalize


@pytest.fixture
def pixels(cifar10_records):
    batches = list(cifar10_records.values())
    return {"train": np.concatenate(batches[:5])[:, 1:].astype(np.float32), "test": batches[5][:, 1:]}


def test_signature_is_pylearn2s_plus_the_root_folder():
    parameters = list(inspect.signature(CIFAR10).parameters.values())
    assert parameters[0].name == "which_set"
    assert [(p.name, p.default) for p in parameters[1:]] == [
        ("center", False),
        ("rescale", False),
        ("gcn", None),
        ("start", None),
        ("stop", None),
        ("axes", ("b", 0, 1, "c")),
        ("toronto_prepro", False),
        ("preprocessor", None),
        ("data_path", None),
    ]


def test_pixels_are_planes_in_file_order(cifar10_root, cifar10_records, pixels):
    train = CIFAR10("train", data_path=cifar10_root)
    assert (train.X.dtype, train.X.shape) == (np.float32, (200, 108))
    np.testing.assert_array_equal(train.X, pixels["train"])
    assert (train.y.dtype, train.y.shape, train.y_labels) == (np.uint8, (200, 1), 10)
    np.testing.assert_array_equal(train.y[:40], cifar10_records["data_batch_1.bin"][:, :1])
    picture = train.get_topological_view(train.X[:1])
    assert picture.shape == (1, 6, 6, 3)
    assert picture[0, 2, 5, 1] == train.X[0, 36 + 2 * 6 + 5]
    assert train.label_names[9] == "truck"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"center": True}, lambda X, train: X - np.float32(127.5)),
        ({"rescale": True}, lambda X, train: X / np.float32(127.5)),
        ({"center": True, "rescale": True}, lambda X, train: (X - np.float32(127.5)) / np.float32(127.5)),
        ({"gcn": 55.0}, lambda X, train: global_contrast_normalize(X, scale=55.0)),
        ({"center": True, "gcn": 2.0}, lambda X, train: global_contrast_normalize(X - 127.5, scale=2.0)),
        ({"toronto_prepro": True}, lambda X, train: X / 255 - train.mean(axis=0) / 255),
    ],
)
@pytest.mark.parametrize("which_set", ["train", "test"])
def test_steps(cifar10_root, pixels, which_set, arguments, expected):
    X = CIFAR10(which_set, data_path=cifar10_root, **arguments).X
    assert X.dtype == np.float32
    wanted = expected(pixels[which_set].astype(np.float32), pixels["train"])
    np.testing.assert_allclose(X, wanted, rtol=1e-5, atol=1e-5)


def test_slices_and_the_test_set(cifar10_root, pixels):
    valid = CIFAR10("train", center=True, start=150, stop=200, data_path=cifar10_root)
    np.testing.assert_array_equal(valid.X, pixels["train"][150:] - np.float32(127.5))
    assert len(valid.y) == 50
    test = valid.get_test_set()
    np.testing.assert_array_equal(test.X, pixels["test"] - np.float32(127.5))
    assert CIFAR10("test", stop=5, data_path=cifar10_root).X.shape == (40, 108)


def test_a_preprocessor_comes_last_and_may_not_fit(cifar10_root):
    class Recorder:
        def apply(self, dataset, can_fit):
            self.seen = dataset.X.shape, can_fit

    recorder = Recorder()
    CIFAR10("train", start=1, stop=4, preprocessor=recorder, data_path=cifar10_root)
    assert recorder.seen == ((3, 108), False)


def test_whitened_pictures_and_their_way_back(cifar10_root, pixels):
    train, zca = WhitenedCIFAR10("train", cifar10_root), whitening(cifar10_root)
    gcn = global_contrast_normalize(pixels["train"], scale=55.0)
    assert (train.X.dtype, train.X.shape) == (np.float32, (200, 108))
    assert (train.y.dtype, train.y.shape, train.y_labels) == (np.uint8, (200, 1), 10)
    np.testing.assert_allclose(train.X, zca.transform(gcn), atol=1e-4)
    np.testing.assert_allclose(zca.inverse(train.X), gcn, atol=1e-3)
    test = train.get_test_set()
    gcn = global_contrast_normalize(pixels["test"], scale=55.0)
    np.testing.assert_allclose(test.X, zca.transform(gcn), atol=1e-4)
    assert np.abs(train.adjust_for_viewer(train.X)).max(axis=1) == pytest.approx(1)


def test_for_the_viewer(cifar10_root):
    expected = CIFAR10("test", data_path=cifar10_root, center=True, rescale=True).X
    for arguments in ({}, {"center": True}, {"center": True, "rescale": True}):
        data_set = CIFAR10("test", data_path=cifar10_root, **arguments)
        np.testing.assert_allclose(data_set.adjust_for_viewer(data_set.X), expected, atol=1e-6)
    gcn = CIFAR10("test", gcn=55.0, data_path=cifar10_root)
    assert np.abs(gcn.adjust_for_viewer(gcn.X)).max(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("which_set", "arguments", "message"),
    [
        ("valid", {}, "slice it from 'train': start=45000, stop=50000"),
        ("extra", {}, "no set 'extra'; one of: train, test"),
        ("test", {"start": 0, "stop": 10}, "test set cannot be sliced"),
        ("train", {"start": 5, "stop": 201}, "0 <= start < stop <= 200"),
        ("train", {"start": 5}, "stop None"),
        ("train", {"toronto_prepro": True, "center": True}, "excludes center and gcn"),
        ("train", {"toronto_prepro": True, "gcn": 1.0}, "excludes center and gcn"),
    ],
)
def test_bad_arguments_are_reported(cifar10_root, which_set, arguments, message):
    with pytest.raises(BadArgumentError, match=message):
        CIFAR10(which_set, data_path=cifar10_root, **arguments)


def test_missing_data_are_reported(tmp_path, monkeypatch):
    with pytest.raises(NotPreparedError, match="run: python -m reproduce data prepare cifar10"):
        CIFAR10("train", data_path=tmp_path)
    monkeypatch.delenv("PYLEARN2_DATA_PATH", raising=False)
    with pytest.raises(NoDataPathError):
        WhitenedCIFAR10("train")
