import json
import resource
import struct

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.errors import FullDiskError
from datasets.storage import limits
from reproduce.errors import UserError
from reproduce.runs import checkpoints


def test_arrays_and_header_come_back_bit_for_bit(tmp_path):
    arrays = {"w": np.arange(6, dtype="float32").reshape(2, 3) / 7, "t": np.float32(3), "nan": np.array([np.nan])}
    header = {"epoch": 3, "error": 1.13, "text": "α"}
    checkpoints.save(tmp_path / "c.h5", header, arrays=arrays, best={})
    loaded_header, groups = checkpoints.load(tmp_path / "c.h5")
    loaded = groups["arrays"]
    assert groups["best"] == {}
    assert loaded_header == header
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype and loaded[name].tobytes() == array.tobytes()
        assert loaded[name].shape == np.shape(array)


def test_a_long_log_fits(tmp_path):
    header = {"rows": [{"epoch": n, "loss": n / 7} for n in range(10_000)]}
    checkpoints.save(tmp_path / "c.h5", header)
    assert checkpoints.load(tmp_path / "c.h5") == (header, {})


@pytest.mark.parametrize("content", [b"", b"not hdf5", None])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    path = tmp_path / "c.h5"
    checkpoints.save(path, {}, arrays={"w": np.ones(1000)})
    path.write_bytes(path.read_bytes()[:700] if content is None else content)
    with pytest.raises(UserError, match="is damaged"):
        checkpoints.load(path)


def test_a_full_disk_is_one_line_and_keeps_the_checkpoint_before(tmp_path, capfd):
    path = tmp_path / "c.h5"
    checkpoints.save(path, {"epoch": 1}, arrays={"w": np.ones(3)})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(FullDiskError) as raised:
            checkpoints.save(path, {"epoch": 2}, arrays={"w": np.ones(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(raised.value) == f"cannot write {path}: File too large; free space there or choose another folder"
    assert capfd.readouterr() == ("", "")
    assert checkpoints.load(path)[0] == {"epoch": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.h5"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a checkpoint."""
    path = tmp_path_factory.mktemp("whole") / "c.h5"
    checkpoints.save(path, {"epoch": 1}, arrays={"w": np.random.RandomState(0).randn(50, 40).astype("float32")})
    return path.read_bytes()


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path, whole, place, change):
    data = bytearray(whole)
    data[int(place * len(data))] ^= change
    path = tmp_path / "c.h5"
    path.write_bytes(data)
    with pytest.raises(checkpoints.DamagedError, match=r"c\.h5"):
        checkpoints.load(path)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_noticed(tmp_path, whole, share):
    path = tmp_path / "c.h5"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(checkpoints.DamagedError):
        checkpoints.load(path)


def test_a_file_from_before_checksums_is_read(tmp_path):
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["header"] = json.dumps({"epoch": 1})
        file["arrays/w"] = np.ones(3, "float32")
    header, groups = checkpoints.load(tmp_path / "c.h5")
    assert header == {"epoch": 1} and groups["arrays"]["w"].tolist() == [1, 1, 1]


def test_the_last_two_are_kept_and_the_one_before_stands_in(tmp_path):
    last, previous = tmp_path / "c.h5", tmp_path / "p.h5"
    assert checkpoints.load_last(last, previous) == (None, None, None)
    for epoch in (1, 2, 3):
        checkpoints.save(last, {"epoch": epoch}, previous)
    assert checkpoints.load(last)[0] == {"epoch": 3} and checkpoints.load(previous)[0] == {"epoch": 2}
    assert checkpoints.load_last(last, previous) == ({"epoch": 3}, {}, None)

    last.write_bytes(last.read_bytes()[:-1])
    header, _, damage = checkpoints.load_last(last, previous)
    assert (
        header == {"epoch": 2}
        and damage == f"{last} is damaged: its checksum does not hold; continues from the previous one"
    )
    assert checkpoints.load_last(last, previous) == ({"epoch": 2}, {}, None)  # it has taken its place
    last.rename(previous)  # a kill while the next one was put in place
    assert checkpoints.load_last(last, previous) == ({"epoch": 2}, {}, None)
    last.write_bytes(b"")
    with pytest.raises(UserError, match=r"c\.h5 is damaged.*there is no earlier one; start .* --restart"):
        checkpoints.load_last(last, previous)
    previous.write_bytes(b"")
    with pytest.raises(UserError, match=r"c\.h5 is damaged.*p\.h5 is damaged.*; start the run anew with --restart"):
        checkpoints.load_last(last, previous)


def test_the_generator_goes_on_where_it_stopped():
    rng = np.random.RandomState(5)
    rng.randn(3)
    packed = json.loads(json.dumps(checkpoints.pack_generator(rng)))
    expected = rng.randn(4), rng.permutation(100)
    other = np.random.RandomState(0)
    checkpoints.unpack_generator(other, packed)
    np.testing.assert_array_equal(other.randn(4), expected[0])
    np.testing.assert_array_equal(other.permutation(100), expected[1])


def test_an_old_file_on_which_libhdf5_hangs_is_damaged(tmp_path, monkeypatch):
    """The first local heap's list of free blocks leads back to its beginning."""
    monkeypatch.setattr(limits, "SECONDS", 1)
    path = tmp_path / "c.h5"
    with h5py.File(path, "w") as file:
        file["header"] = json.dumps({"epoch": 1})
        file["arrays/w"] = np.ones(3, "float32")
    content = bytearray(path.read_bytes())
    free, segment = struct.unpack_from("<QQ", content, content.index(b"HEAP") + 16)
    struct.pack_into("<Q", content, segment + free, free)
    path.write_bytes(content)
    with pytest.raises(checkpoints.DamagedError, match=rf"{path} is damaged \(reading it takes more than 1 s"):
        checkpoints.load(path)
