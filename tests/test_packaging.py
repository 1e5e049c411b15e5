import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from setuptools import find_namespace_packages

ROOT = Path(__file__).resolve().parents[1]


ONEDNN = {"onednn-cpu-gomp", "onednn-devel-cpu-gomp"}
MARKER = 'sys_platform == "linux" and platform_machine == "x86_64"'


def requirements(name):
    """Triples (package, version, marker) of a file's lines; the version is empty where none is given."""
    for line in (ROOT / name).read_text().splitlines():
        requirement, _, marker = line.partition("#")[0].partition(";")
        package, _, version = requirement.strip().partition("==")
        if package:
            yield package, version, marker.strip()


def pins(name):
    """Package to version, of a file of ``package==version`` lines."""
    return {package: version for package, version, _ in requirements(name)}


def test_the_lock_pins_everything_the_project_asks_for():
    lock = {package.lower(): version for package, version in pins("requirements.lock").items()}
    for package, version, _ in requirements("requirements.in"):
        assert package.lower() in lock
        assert version in ("", lock[package.lower()])


@pytest.mark.parametrize("name", ["requirements.in", "requirements.lock"])
def test_onednn_is_asked_for_where_it_is_made_for(name):
    assert {package: marker for package, _, marker in requirements(name) if marker} == dict.fromkeys(ONEDNN, MARKER)


def test_the_gpu_lock_pins_the_same_packages_for_numpy_2():
    ours, other = pins("requirements.lock"), pins("requirements-gpu.lock")
    assert other.keys() == ours.keys() - ONEDNN, "only the c backend needs oneDNN"
    assert all(re.fullmatch(r"[\w.]+", version) for version in other.values())
    assert [ours[name] == other[name] for name in ("aesara", "Lasagne", "pytest")] == [True] * 3
    assert other["numpy"].startswith("2.") and other["jax"] == other["jaxlib"]


def test_the_sweep_lock_pins_the_group_beside_requirements_lock():
    ours, sweep = pins("requirements.lock"), pins("requirements-sweep.lock")
    assert ours.keys() & sweep.keys() == {"packaging"}  # Snakemake takes no version from 26 on
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [line.partition("==") for line in project["optional-dependencies"]["sweep"]]
    assert all(sweep[name].startswith(version.rstrip("*")) for name, _, version in asked)


def test_environment_yml_takes_its_pins_from_the_lock():
    text = (ROOT / "environment.yml").read_text()
    items = re.findall(r"^\s+- (.+)$", text, re.MULTILINE)
    assert items == ["conda-forge", "python=3.11", "pip", "cxx-compiler", "pip:", "-r requirements.lock"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"


def test_every_package_folder_is_packaged():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    packaged = set(find_namespace_packages(str(ROOT), include=patterns))
    for top in ("reproduce", "datasets"):
        for path in (ROOT / top).rglob("*.py"):
            assert str(path.parent.relative_to(ROOT)).replace("/", ".") in packaged
            assert (path.parent / "__init__.py").exists()
    assert "original_configs" in packaged
    assert not {name.partition(".")[0] for name in packaged} - {"reproduce", "datasets", "original_configs"}


def test_c_code_beside_the_modules_is_packaged():
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for path in (ROOT / "reproduce").rglob("*.h"):
        assert "*.h" in found[str(path.parent.relative_to(ROOT)).replace("/", ".")]


def test_ci_runs_the_readmes_test_command():
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"
    assert "make test" in (ROOT / "README.md").read_text()


def test_make_skips_the_tests_on_numpy_2_where_there_is_no_python_3_12():
    done = subprocess.run(["make", "-C", ROOT, "test-numpy2", "PYTHON312="], capture_output=True, text=True)
    assert done.returncode == 0
    assert "skipped: no Python 3.12 was found; say where it is with 'make test-numpy2 PYTHON312=" in done.stdout
