"""Which flags Aesara starts with, and who wins where several set one."""

import logging
import os

import pytest

from reproduce.errors import UserError
from reproduce.shim import blas, flags


@pytest.fixture
def environ(tmp_path):
    """An environment with empty configuration files of Aesara and Theano."""
    for name in ("aesararc", "theanorc"):
        (tmp_path / name).write_text("")
    return {"AESARARC": str(tmp_path / "aesararc"), "THEANORC": str(tmp_path / "theanorc")}


def exported(environ):
    flags.export(environ)
    return flags.parse(environ["AESARA_FLAGS"])


def test_defaults_are_float32_and_a_blas(environ):
    assert exported(environ) == flags.defaults() and flags.defaults()["floatX"] == "float32"


def test_order_of_precedence(environ, tmp_path):
    (tmp_path / "aesararc").write_text("[global]\nfloatX = float16\n[blas]\nldflags = -lmine\n")
    assert not {"floatX", "blas__ldflags"} & exported(environ | {}).keys()
    environ["THEANO_FLAGS"] = "floatX=float64,optimizer=fast_compile,blas.ldflags=-lopenblas -L/opt"
    environ["AESARA_FLAGS"] = "optimizer=None"
    assert exported(environ) == {
        "floatX": "float64",
        "optimizer": "None",
        "blas__ldflags": "-lopenblas -L/opt",
    } | {k: v for k, v in flags.defaults().items() if k in ("cxx", "gcc__cxxflags", "compile__timeout")}


def test_theanorc_comes_after_all_else(environ, tmp_path):
    (tmp_path / "theanorc").write_text(
        "[global]\nfloatX = float64  ; a comment\nopenmp = True\noptimizer: fast_compile\n[gcc]\ncxxflags = -O1 -g\n"
        "[dnn.conv]\nalgo_fwd = small\n[DebugMode]\ncheck_py = False\n"
    )
    (tmp_path / "aesararc").write_text("[global]\nopenmp = False\n")
    environ["THEANO_FLAGS"] = "optimizer=None"
    found = exported(environ)
    assert found["floatX"] == "float64" and found["gcc__cxxflags"] == "-O1 -g" and found["optimizer"] == "None"
    assert found["DebugMode__check_py"] == "False" and not {"openmp", "dnn__conv__algo_fwd"} & found.keys()


def test_a_later_theanorc_wins_over_an_earlier_one(environ, tmp_path):
    (tmp_path / "theanorc").write_text("[global]\nfloatX = float64\n")
    (tmp_path / "second").write_text("[global]\nfloatx = float16\n")
    environ["THEANORC"] = f"{tmp_path / 'theanorc'}{os.pathsep}{tmp_path / 'second'}{os.pathsep}/no/such"
    assert exported(environ)["floatX"] == "float16"


def test_a_theanorc_that_cannot_be_read_is_named(environ, tmp_path):
    (tmp_path / "theanorc").write_text("floatX = float32\n")
    with pytest.raises(UserError, match="theanorc cannot be read"):
        exported(environ)


def test_export_again_changes_nothing(environ):
    environ["THEANO_FLAGS"] = "blas.ldflags='-Wl,-rpath,/opt/lib -lblas',floatX=float64"
    once = exported(environ)
    assert exported(environ) == once and once["blas__ldflags"] == "-Wl,-rpath,/opt/lib -lblas"


@pytest.mark.parametrize("flag", ["device=gpu", "device=cuda0", "lib.cnmem=0.8", "nvcc.fastmath=True", "cuda.root=/c"])
def test_gpu_flags_are_dropped_with_one_line(flag, caplog):
    with caplog.at_level(logging.WARNING):
        assert flags.without_gpu(flags.parse(f"floatX=float32,{flag}")) == {"floatX": "float32"}
    (record,) = caplog.records
    assert "JAX backend" in record.getMessage() and "\n" not in record.getMessage()


def test_the_cpu_is_no_gpu(caplog):
    assert flags.without_gpu({"device": "cpu"}) == {"device": "cpu"} and not caplog.records


def test_pairs_without_a_value_and_blanks_are_left_out():
    assert flags.parse(" a=1 , b, ,c.d=x=y,e=") == {"a": "1", "c__d": "x=y", "e": ""}


def test_without_a_compiler_nothing_is_linked(monkeypatch):
    monkeypatch.setattr(flags.shutil, "which", lambda name: None)
    assert flags.defaults() == {"floatX": "float32", "cxx": "", "blas__ldflags": ""}


@pytest.mark.compiler
def test_a_compiler_of_the_users_own_gets_a_blas():
    assert flags.defaults(cxx="/opt/g++") == {
        "floatX": "float32",
        "blas__ldflags": blas.ldflags(),
        "gcc__cxxflags": "-g0",
        "compile__timeout": flags.FOREVER,
    }
