"""Which JAX is refused, which one is only reported, and how to get it for CUDA."""

import os
import re
import subprocess
import sys
from importlib.metadata import metadata, version

import pytest

from reproduce import backends
from reproduce.backends import versions
from reproduce.errors import UserError


def install(folder, package, release, **files):
    """Put a distribution with nothing but a version, and modules, into `folder`."""
    information = folder / f"{package}-{release}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {release}\n")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


@pytest.mark.parametrize("release", ["0.4.34", "0.4.9", "0.3.25"])
def test_a_jax_that_is_too_old_is_a_users_mistake(release, tmp_path, monkeypatch):
    install(tmp_path, "jax", release)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=rf"JAX {release} is too old, 0\.4\.35 is the oldest that works; ") as error:
        backends.create("jax", "cpu")
    assert "\n" not in str(error.value)


def test_the_oldest_that_works_is_let_through(tmp_path, monkeypatch):
    install(tmp_path, "jax", versions.OLDEST_JAX)
    monkeypatch.syspath_prepend(tmp_path)
    assert version("jax") == versions.OLDEST_JAX
    versions.check_jax()


def test_a_jax_that_lacks_what_is_needed_is_one_line_and_exit_code_2(tmp_path):
    install(tmp_path, "jax", "99.0", jax="")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "reproduce", "trace", "digits", "--method", "lab", "--backend", "jax"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert done.returncode == 2 and done.stdout == ""
    assert re.fullmatch(r"error: JAX 99\.0 does not work here \(.*jax.*\); install one from .*\n", done.stderr)


@pytest.mark.parametrize(
    ("package", "release", "word"),
    [
        ("jax", "0.6.1", "older"), ("jax", "0.6.2", None), ("jax", "0.12.0.1", None), ("jax", "0.12.1.dev3", "newer"),
        ("numpy", "1.25.2", "older"), ("numpy", "1.26.4", None), ("numpy", "2.5.5", None), ("numpy", "2.6.0", "newer"),
        ("python", "3.12.9", None), ("python", "3.13.0", "newer"), ("jax", None, None),
    ],
)  # fmt: skip
def test_versions_beyond_the_tested_ones_are_reported(package, release, word):
    problem = versions.untested(package, release)
    assert problem is None if word is None else f"{package} {release} is {word} than" in problem


def test_this_environment_is_a_tested_one():
    assert not any(versions.untested(package, version(package)) for package in ("numpy", "jax"))


def test_the_cuda_line_names_an_extra_of_the_installed_jax():
    extra, release = re.fullmatch(r"pip install 'jax\[(cuda\d+)\]==(.*)'", versions.cuda_pip_line()).groups()
    assert release == version("jax")
    assert extra == max(name for name in metadata("jax").get_all("Provides-Extra") if re.fullmatch(r"cuda\d\d", name))
