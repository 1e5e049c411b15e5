"""Writing HDF5 files on a disk that may be full."""

import resource

import h5py
import numpy as np
import pytest

from datasets.storage.hdf5 import new_hdf5


def test_what_is_written_is_there(tmp_path):
    array = np.random.RandomState(0).randint(256, size=(5000, 300)).astype(np.uint8)
    with new_hdf5(tmp_path / "new.h5") as h5:
        h5.create_dataset("packed", data=array, chunks=(1000, 300), compression="gzip", fletcher32=True)
        h5["plain"] = array
        h5.attrs["note"] = "ä" * 1000
    with h5py.File(tmp_path / "new.h5") as h5:
        np.testing.assert_array_equal(h5["packed"][...], array)
        np.testing.assert_array_equal(h5["plain"][...], array)
        assert h5.attrs["note"] == "ä" * 1000


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("limit", [0, 100, 1000, 5000, 100_000])
def test_a_full_disk_is_the_file_systems_own_error_and_nothing_else(tmp_path, capfd, limit):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"), new_hdf5(tmp_path / "new.h5") as h5:
            for i in range(10):
                array = np.random.RandomState(i).randint(256, size=(100, 300)).astype(np.uint8)
                h5.create_dataset(f"array{i}", data=array, chunks=(10, 300), fletcher32=True)
                h5[f"array{i}"].attrs["sum"] = h5[f"array{i}"][...].sum()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capfd.readouterr() == ("", "")


def test_another_error_passes_through(tmp_path):
    with pytest.raises(ZeroDivisionError), new_hdf5(tmp_path / "new.h5") as h5:
        h5["zero"] = 1 // 0
