"""Products of packed bits beside products of ±1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.inference import kernels

COMPILED = kernels.compiled()
KINDS = [kernels.NumPyKernels(), *([COMPILED] if COMPILED else [])]

needs_compiler = pytest.mark.skipif(COMPILED is None, reason="no C compiler was found")


@pytest.fixture(params=KINDS, ids=lambda kind: type(kind).__name__)
def kind(request):
    return request.param


def signs(positive):
    return np.where(positive, 1, -1)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 300), st.integers(0, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_products_of_signs_are_right_bit_for_bit(length, rows, outputs, seed):
    rng = np.random.RandomState(seed)
    share = rng.choice([0, 0.1, 0.5, 1])
    x, w = rng.rand(rows, length) < share, rng.rand(outputs, length) < 0.5
    for kind in KINDS:
        found = kind.sign_products(kernels.pack(x), kernels.pack(w), length)
        assert found.dtype == np.int32 and found.tolist() == (signs(x) @ signs(w).T).tolist()


@pytest.mark.parametrize("length", [1, 7, 8, 63, 64, 65, 200])
def test_products_of_numbers_are_right_to_rounding(kind, length):
    rng = np.random.RandomState(length)
    w = rng.rand(6, length) < 0.5
    for rows in (1, kernels.FEW_ROWS, kernels.FEW_ROWS + 1):
        x = rng.randn(rows, length).astype("float32")
        found = kind.real_products(x, kernels.pack(w))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, x.astype("float64") @ signs(w).T, rtol=1e-5, atol=1e-5)


@needs_compiler
def test_additions_of_whole_numbers_are_exact():
    rng = np.random.RandomState(2)
    x, w = rng.randint(-99, 99, (20, 77)), rng.rand(9, 77) < 0.5
    assert (COMPILED.additions(x.astype("float32"), kernels.pack(w)) == x @ signs(w).T).all()


def test_packed_rows_expand_to_their_signs(kind):
    w = np.random.RandomState(3).rand(5, 70) < 0.5
    assert (kind.expanded(kernels.pack(w), 70) == signs(w)).all()


def test_a_part_of_packed_rows_multiplies_like_a_copy(kind):
    rng = np.random.RandomState(4)
    x, w = (kernels.pack(rng.rand(8, 200) < 0.5)[::2, :3] for _ in range(2))
    assert (kind.sign_products(x, w, 192) == kind.sign_products(x.copy(), w.copy(), 192)).all()


def test_numpy_counts_bits_by_a_table_below_version_2(monkeypatch):
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    words = np.random.RandomState(5).randint(0, 2**63, (4, 3)).astype("uint64")
    expected = [sum(bin(word).count("1") for word in row) for row in words.tolist()]
    assert kernels._set_bits(words).tolist() == expected


def test_without_a_compiler_numpy_multiplies(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError):
        kernels.load()
    monkeypatch.setattr(kernels, "compiled", kernels.compiled.__wrapped__)
    assert kernels.compiled() is None and type(kernels.best()) is kernels.NumPyKernels


def test_a_failing_compiler_or_cache_leaves_numpy(monkeypatch, tmp_path):
    compiler = tmp_path / "bin" / "cc"
    compiler.parent.mkdir()
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(compiler.parent), prepend=":")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kernels.compiled.__wrapped__() is None
    assert list((tmp_path / "lab-reproduce").iterdir()) == []
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kernels.compiled.__wrapped__() is None


@needs_compiler
def test_a_user_without_a_home_folder_has_numpy(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda uid: {}[uid])
    assert kernels.compiled.__wrapped__() is None


@needs_compiler
def test_the_kernels_are_compiled_once_and_anew_where_the_file_is_damaged(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "first"))
    kernels.load()
    (path,) = (tmp_path / "first" / "lab-reproduce").iterdir()
    made = path.stat().st_mtime_ns
    kernels.load()
    assert path.stat().st_mtime_ns == made
    damaged = tmp_path / "second" / "lab-reproduce" / path.name
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(path.read_bytes()[:100])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "second"))
    three = kernels.pack(np.ones((1, 3), bool))
    assert kernels.CKernels(kernels.load()).sign_products(three, three, 3) == 3
    assert damaged.stat().st_size == path.stat().st_size
