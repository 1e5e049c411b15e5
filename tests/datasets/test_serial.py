"""pylearn2's serial.load: the whitened CIFAR-10 from HDF5, arrays from files, and no pickles."""

import pickle

import numpy as np
import pytest
import scipy.io

from datasets import serial
from datasets.cifar10 import WhitenedCIFAR10, whitening
from datasets.errors import DataError, NotPreparedError, UndefinedVariableError

WHITENED = "${PYLEARN2_DATA_PATH}/cifar10/pylearn2_gcn_whitened"


def test_the_whitened_cifar10_is_read_from_hdf5(cifar10_root, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(cifar10_root))
    for which_set in ("train", "test"):
        found = serial.load(f"{WHITENED}/{which_set}.pkl")
        expected = WhitenedCIFAR10(which_set, cifar10_root)
        np.testing.assert_array_equal(found.X, expected.X)
        np.testing.assert_array_equal(found.y, expected.y)
    np.testing.assert_array_equal(serial.load(f"{WHITENED}/preprocessor.pkl").P_, whitening(cifar10_root).P_)


def test_what_is_not_prepared_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    with pytest.raises(NotPreparedError, match="run: python -m reproduce data prepare cifar10"):
        serial.load(f"{WHITENED}/train.pkl")
    with pytest.raises(UndefinedVariableError, match="needs the environment variable NOWHERE_AT_ALL"):
        serial.load("${NOWHERE_AT_ALL}/x.pkl")


class Bomb:
    """What explodes where it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


@pytest.mark.parametrize("name", ["train.pkl", "model.pkl.gz", "data_batch_1"])
def test_pickles_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="a pickle may run any code; convert it") as raised:
        serial.load(path)
    assert "\n" not in str(raised.value)


def test_pickles_inside_numpy_files_are_refused(tmp_path):
    path = tmp_path / "objects.npy"
    np.save(path, np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"cannot read .*objects\.npy") as raised:
        serial.load(path)
    assert "\n" not in str(raised.value)


def test_arrays(tmp_path):
    array = np.arange(6.0).reshape(2, 3)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", a=array)
    scipy.io.savemat(tmp_path / "a.mat", {"a": array})
    np.savetxt(tmp_path / "a.txt", array)
    np.savetxt(tmp_path / "a.amat", array)
    for suffix in ("npy", "txt", "amat"):
        np.testing.assert_array_equal(serial.load(tmp_path / f"a.{suffix}"), array)
    for suffix in ("npz", "mat"):
        np.testing.assert_array_equal(serial.load(str(tmp_path / f"a.{suffix}"))["a"], array)


def test_damaged_and_missing_files_are_reported(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"words")
    for name in ("a.mat", "absent.npy"):
        with pytest.raises(DataError, match=f"cannot read .*{name}"):
            serial.load(tmp_path / name)
