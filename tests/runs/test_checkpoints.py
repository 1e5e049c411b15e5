import json
import resource

import numpy as np
import pytest

from datasets.errors import FullDiskError
from reproduce.errors import UserError
from reproduce.runs import checkpoints


def test_arrays_and_header_come_back_bit_for_bit(tmp_path):
    arrays = {"w": np.arange(6, dtype="float32").reshape(2, 3) / 7, "t": np.float32(3), "nan": np.array([np.nan])}
    header = {"epoch": 3, "error": 1.13, "text": "α"}
    checkpoints.save(tmp_path / "c.h5", arrays, header)
    loaded, loaded_header = checkpoints.load(tmp_path / "c.h5")
    assert loaded_header == header
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype and loaded[name].tobytes() == array.tobytes()
        assert loaded[name].shape == np.shape(array)


def test_a_long_log_fits(tmp_path):
    header = {"rows": [{"epoch": n, "loss": n / 7} for n in range(10_000)]}
    checkpoints.save(tmp_path / "c.h5", {}, header)
    assert checkpoints.load(tmp_path / "c.h5")[1] == header


@pytest.mark.parametrize("content", [b"", b"not hdf5", None])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    path = tmp_path / "c.h5"
    checkpoints.save(path, {"w": np.ones(1000)}, {})
    path.write_bytes(path.read_bytes()[:700] if content is None else content)
    with pytest.raises(UserError, match="not a readable checkpoint"):
        checkpoints.load(path)


def test_a_full_disk_is_one_line_and_keeps_the_checkpoint_before(tmp_path, capfd):
    path = tmp_path / "c.h5"
    checkpoints.save(path, {"w": np.ones(3)}, {"epoch": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(FullDiskError) as raised:
            checkpoints.save(path, {"w": np.ones(100_000)}, {"epoch": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(raised.value) == f"cannot write {path}: File too large; free space there or choose another folder"
    assert capfd.readouterr() == ("", "")
    assert checkpoints.load(path)[1] == {"epoch": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.h5"]


def test_the_generator_goes_on_where_it_stopped():
    rng = np.random.RandomState(5)
    rng.randn(3)
    packed = json.loads(json.dumps(checkpoints.pack_generator(rng)))
    expected = rng.randn(4), rng.permutation(100)
    other = np.random.RandomState(0)
    checkpoints.unpack_generator(other, packed)
    np.testing.assert_array_equal(other.randn(4), expected[0])
    np.testing.assert_array_equal(other.permutation(100), expected[1])
