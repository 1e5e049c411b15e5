"""Which flags Aesara starts with, and who wins where several set one."""

import logging

import pytest

from reproduce.shim import blas, flags


@pytest.fixture
def environ(tmp_path):
    """An environment with an empty Aesara configuration file."""
    (tmp_path / "aesararc").write_text("")
    return {"AESARARC": str(tmp_path / "aesararc")}


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
    } | {k: v for k, v in flags.defaults().items() if k == "cxx"}


def test_export_again_changes_nothing(environ):
    environ["THEANO_FLAGS"] = "blas.ldflags='-Wl,-rpath,/opt/lib -lblas',floatX=float64"
    once = exported(environ)
    assert exported(environ) == once and once["blas__ldflags"] == "-Wl,-rpath,/opt/lib -lblas"


@pytest.mark.parametrize("flag", ["device=gpu", "device=cuda0", "lib.cnmem=0.8", "nvcc.fastmath=True"])
def test_gpu_flags_are_dropped_with_one_line(flag, caplog):
    with caplog.at_level(logging.WARNING):
        assert flags.theano_flags(f"floatX=float32,{flag}") == {"floatX": "float32"}
    (record,) = caplog.records
    assert "JAX backend" in record.getMessage() and "\n" not in record.getMessage()


def test_the_cpu_is_no_gpu(caplog):
    assert flags.theano_flags("device=cpu") == {"device": "cpu"} and not caplog.records


def test_pairs_without_a_value_and_blanks_are_left_out():
    assert flags.parse(" a=1 , b, ,c.d=x=y,e=") == {"a": "1", "c__d": "x=y", "e": ""}


def test_without_a_compiler_nothing_is_linked(monkeypatch):
    monkeypatch.setattr(flags.shutil, "which", lambda name: None)
    assert flags.defaults() == {"floatX": "float32", "cxx": "", "blas__ldflags": ""}


@pytest.mark.compiler
def test_a_compiler_of_the_users_own_gets_a_blas():
    assert flags.defaults(cxx="/opt/g++") == {"floatX": "float32", "blas__ldflags": blas.ldflags()}
