"""Scripts of Theano's era, run in this process in either mode, or by the command in one of their own."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import aesara
import lasagne
import numpy as np
import pytest
from aesara.compile.mode import Mode

from reproduce import cli
from reproduce.shim.script import Script
from tests.idx_bytes import idx_bytes

SCRIPTS = Path(__file__).parent / "scripts"
REPOSITORY = Path(__file__).parents[2]


@contextlib.contextmanager
def python_mode():
    """Ops' own Python, compiled by nothing."""
    with aesara.config.change_flags(cxx="", floatX="float64"):
        yield Mode(linker="vm", optimizer="fast_compile")


@contextlib.contextmanager
def jax_mode():
    import jax

    from reproduce.shim import jax_ops

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        with aesara.config.change_flags(cxx="", floatX="float64"):
            yield jax_ops.mode()
    finally:
        jax.config.update("jax_enable_x64", before)


@contextlib.contextmanager
def c_mode():
    with aesara.config.change_flags(floatX="float64"):
        yield Mode(linker="cvm", optimizer="fast_run")


MODES = {"python": python_mode, "jax": jax_mode, "c": c_mode}


@pytest.fixture
def run(monkeypatch, capsys):
    """A function from a script's name and a mode's to the lines that it prints, with float64 as Theano has it."""
    for name in ("argv", "meta_path", "path"):
        monkeypatch.setattr(sys, name, list(getattr(sys, name)))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    generator = lasagne.random.get_rng()

    def lines(name, mode, *arguments):
        with MODES[mode]() as chosen:
            monkeypatch.setattr(aesara.config, "mode", chosen)
            assert Script(str(SCRIPTS / f"{name}.py")).run(list(arguments)) == 0, capsys.readouterr().err
        return capsys.readouterr().out.splitlines()

    yield lines
    lasagne.random.set_rng(generator)


@pytest.fixture
def command(tmp_path):
    """Run ``python -m reproduce theano`` in an empty folder."""

    def run(*arguments, **environ):
        # Of the flags of this process only where Aesara compiles; no Theano's.
        folder = f"base_compiledir={aesara.config.base_compiledir}"
        clean = {"AESARA_FLAGS": folder, "THEANO_FLAGS": "", "THEANORC": os.devnull, "PYTHONPATH": str(REPOSITORY)}
        environ = os.environ | clean | environ
        return subprocess.run(
            [sys.executable, "-m", "reproduce", "theano", *map(str, arguments)],
            env=environ, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def mnist_folder(tmp_path_factory):
    """A folder of prepared data with digits that are bars: class c has rows 2c to 2c + 3 bright."""
    files, root = tmp_path_factory.mktemp("idx"), tmp_path_factory.mktemp("mnist")
    for prefix, n in (("train", 60000), ("t10k", 10000)):
        labels = (np.arange(n) * 7 % 10).astype(np.uint8)
        bars = np.zeros((10, 28, 28), np.uint8)
        for label in range(10):
            bars[label, 2 * label : 2 * label + 4] = 255
        for kind, array in (("images-idx3", bars[labels]), ("labels-idx1", labels)):
            (files / f"{prefix}-{kind}-ubyte").write_bytes(idx_bytes(array))
    assert not cli.main(["data", "prepare", "mnist", "--data", str(root), "--from", str(files), "--allow-unofficial"])
    return root
