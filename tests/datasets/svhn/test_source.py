"""Preparing SVHN from small MATLAB files: what is in the file, and what interruptions and bad files leave."""

import json

import numpy as np
import pytest
import scipy.io

from datasets.errors import DataError
from datasets.storage.stored_rows import read_rows
from datasets.svhn.source import OFFICIAL_FILES, SVHNSource, preprocessed
from datasets.svhn.split import PARTS, file_order

SMALL = {
    "num_examples": {"train": 90, "test": 40, "extra": 70},
    "valid_per_class": {"train": 4, "extra": 2},
}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr("datasets.svhn.source.ROWS_A_TIME", 32)
    monkeypatch.setattr(SVHNSource, "prepared_bytes", 1_000_000)
    return SVHNSource(**SMALL)


@pytest.fixture
def sources(tmp_path, svhn_arrays):
    """A folder with the MATLAB files, to be spoilt."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for part, (X, y) in svhn_arrays.items():
        scipy.io.savemat(folder / f"{part}_32x32.mat", {"X": X, "y": y})
    return folder


def planes(X):
    return X.transpose(3, 2, 0, 1).reshape(X.shape[3], -1)


def expected_set(svhn_arrays, which_set):
    labels = {part: y for part, (X, y) in svhn_arrays.items()}
    part, place = file_order(which_set, labels, SMALL["valid_per_class"])
    names = [PARTS[which_set][i] for i in part]
    X = np.stack([planes(svhn_arrays[name][0])[i] for name, i in zip(names, place, strict=True)])
    y = np.stack([svhn_arrays[name][1][i] for name, i in zip(names, place, strict=True)])
    return X, y.astype(int) - 1


def test_preprocessed_is_what_pylearn2_leaves_in_the_file(golden_lcn, photographs, projection):
    X = photographs["train"][:40].astype(np.float32)
    result = preprocessed(X)
    red, others = golden_lcn["red"], golden_lcn["gcn"][:, 1024:]
    np.testing.assert_allclose(result[:2], np.hstack([red, others]), atol=1e-5, rtol=0)
    np.testing.assert_allclose(projection(result[:, :1024]), golden_lcn["red_proj"], atol=1e-4, rtol=0)
    every = preprocessed(X[:10], "all")
    np.testing.assert_allclose(every[:2], np.hstack([red, golden_lcn["green_blue"]]), atol=1e-5, rtol=0)
    np.testing.assert_allclose(projection(every), golden_lcn["each_proj"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("which_set", PARTS)
def test_sets_are_rows_of_the_pixels(svhn_root, svhn_arrays, small, which_set):
    X, y = expected_set(svhn_arrays, which_set)
    with small.open(svhn_root) as h5:
        rows = h5[f"sets/{which_set}"][...]
        np.testing.assert_array_equal(h5["pixels/X"][...][rows], X)
        np.testing.assert_array_equal(h5["pixels/y"][...][rows], y)


@pytest.mark.parametrize("channels", ["red", "all"])
@pytest.mark.parametrize("which_set", ["splitted_train", "valid", "test"])
def test_preprocessed_sets(svhn_root, svhn_arrays, channels, which_set):
    X, _ = expected_set(svhn_arrays, which_set)
    with SVHNSource(channels, **SMALL).open(svhn_root) as h5:
        found = h5[f"preprocessed/{which_set}"]
        assert found.dtype == np.float32
        np.testing.assert_allclose(found[...], preprocessed(X.astype(np.float32), channels), atol=1e-6)
        assert h5.attrs["lcn_channels"] == channels


def test_it_verifies_and_describes_itself(svhn_root, small):
    assert small.state(svhn_root) == "prepared, unofficial"
    assert "svhn: verified, UNOFFICIAL" in small.verify(svhn_root)
    assert sorted(small.provenance(svhn_root)["sha256"]) == [
        "extra_32x32.mat",
        "test_32x32.mat",
        "train_32x32.mat",
    ]
    assert SVHNSource("all").state(svhn_root) == "prepared, unofficial"
    assert sorted(path.name for path in (svhn_root / "svhn").glob("*.h5")) == ["svhn.h5", "svhn_lcn_all.h5"]
    assert sum(file.sha256 is None for file in OFFICIAL_FILES) == 0


@pytest.mark.parametrize("blocks", [0, 2, 6])
def test_an_interrupted_preparation_leaves_nothing_and_starts_over(
    tmp_path, svhn_root, svhn_mats, small, monkeypatch, blocks
):
    done = []

    def interrupted(array, rows):
        if len(done) == blocks:
            raise KeyboardInterrupt
        done.append(rows)
        return read_rows(array, rows)

    with monkeypatch.context() as patch:
        patch.setattr("datasets.svhn.source.read_rows", interrupted)
        with pytest.raises(KeyboardInterrupt):
            small.prepare(tmp_path, svhn_mats, allow_unofficial=True)
    assert not list((tmp_path / "svhn").iterdir())
    small.prepare(tmp_path, svhn_mats, allow_unofficial=True)
    prepared, expected = ((root / "svhn" / "svhn.h5").read_bytes() for root in (tmp_path, svhn_root))
    assert prepared == expected
    assert [path.name for path in (tmp_path / "svhn").iterdir()] == ["svhn.h5"]


def test_official_checksums_are_asked_for(tmp_path, svhn_mats, small):
    with pytest.raises(DataError, match=r"not the official train_32x32\.mat: .*--allow-unofficial"):
        small.prepare(tmp_path / "root", svhn_mats)
    assert not (tmp_path / "root").exists()


def test_files_of_other_sizes_are_refused(tmp_path, svhn_mats):
    with pytest.raises(DataError, match=r"expected \(32, 32, 3, 73257\)"):
        SVHNSource().prepare(tmp_path / "root", svhn_mats, allow_unofficial=True)
    assert not (tmp_path / "root").exists()


def test_a_bad_file_leaves_what_was_prepared(tmp_path, sources, small):
    small.prepare(tmp_path, sources, allow_unofficial=True)
    before = (tmp_path / "svhn" / "svhn.h5").read_bytes()
    mat = sources / "extra_32x32.mat"
    content = mat.read_bytes()
    X, y = (scipy.io.loadmat(mat)[name] for name in ("X", "y"))
    for spoil in (
        lambda: mat.write_bytes(content[:-1000]),
        lambda: mat.write_bytes(content[:1000]),
        lambda: scipy.io.savemat(mat, {"X": X, "y": y * 0}),
        lambda: scipy.io.savemat(mat, {"X": X.astype(float), "y": y}),
        lambda: scipy.io.savemat(mat, {"y": y}),
    ):
        spoil()
        with pytest.raises(DataError) as raised:
            small.prepare(tmp_path, sources, allow_unofficial=True)
        assert str(raised.value).startswith(str(mat))
        assert "\n" not in str(raised.value)
        assert (tmp_path / "svhn" / "svhn.h5").read_bytes() == before


def test_a_half_prepared_file_is_reported(tmp_path, svhn_mats, small, svhn_root):
    """What is complete but not sealed is not taken for prepared, even under the final name."""
    (tmp_path / "svhn").mkdir()
    copy = tmp_path / "svhn" / "svhn.h5"
    copy.write_bytes((svhn_root / "svhn" / "svhn.h5").read_bytes()[:-5000])
    with pytest.raises(DataError, match=r"svhn\.h5 is damaged .*; delete it, then run: python -m reproduce"):
        small.verify(tmp_path)
    assert small.state(tmp_path).startswith("unusable")
    small.prepare(tmp_path, svhn_mats, allow_unofficial=True)
    assert small.state(tmp_path) == "prepared, unofficial"


def test_too_little_space_is_reported(tmp_path, svhn_mats, small, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 10}))
    with pytest.raises(DataError, match="has 10 bytes free"):
        small.prepare(tmp_path, svhn_mats, allow_unofficial=True)


def test_the_sources_are_recorded(svhn_root, small):
    with small.open(svhn_root) as h5:
        assert set(json.loads(h5.attrs["sources"])) == {file.name for file in OFFICIAL_FILES}
