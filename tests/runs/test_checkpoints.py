import json

import numpy as np
import pytest

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


def test_the_generator_goes_on_where_it_stopped():
    rng = np.random.RandomState(5)
    rng.randn(3)
    packed = json.loads(json.dumps(checkpoints.pack_generator(rng)))
    expected = rng.randn(4), rng.permutation(100)
    other = np.random.RandomState(0)
    checkpoints.unpack_generator(other, packed)
    np.testing.assert_array_equal(other.randn(4), expected[0])
    np.testing.assert_array_equal(other.permutation(100), expected[1])
