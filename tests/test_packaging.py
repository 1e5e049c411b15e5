import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from rattler import MatchSpec
from setuptools import find_namespace_packages

ROOT = Path(__file__).resolve().parents[1]
PACKAGED = ("reproduce", "datasets", "original_configs")


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


def conda_environment(name):
    """(specs of conda, requirements of pip) of an environment file."""
    text = (ROOT / name).read_text().partition("\ndependencies:\n")[2]
    return (re.findall(rf"^ {{{indent}}}- (.*[^:\n])$", text, re.MULTILINE) for indent in (2, 6))


@pytest.mark.parametrize("name", ["environment.yml", "environment-gpu.yml"])
def test_conda_brings_the_python_of_the_lock_and_a_compiler(name):
    specs = {spec.name.normalized: spec for spec in map(MatchSpec, next(conda_environment(name)))}
    assert specs.keys() == {"python", "pip", "cxx-compiler"}
    assert str(specs["python"].version) == "3.11.*"
    assert re.search(r"^channels:\n  - conda-forge\n\w", (ROOT / name).read_text(), re.MULTILINE)


def test_pip_brings_the_packages_of_the_lock_to_conda():
    assert list(conda_environment("environment.yml"))[1] == ["-r requirements.lock"]
    _, (lock, jax) = conda_environment("environment-gpu.yml")
    assert (lock, jax) == ("-r requirements.lock", f"jax[cuda12]=={pins('requirements.lock')['jax']}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The content of a wheel that is built from a copy of the checkout, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    for top in PACKAGED:
        shutil.copytree(ROOT / top, folder / "source" / top, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "requirements.in", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=folder / "source", check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as file:
        file.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_a_wheel_holds_every_file_of_the_packages(wheel):
    for top in PACKAGED:
        ours, built = (
            {path.relative_to(folder) for path in (folder / top).rglob("*") if is_content(path)}
            for folder in (ROOT, wheel)
        )
        assert built == ours


def is_content(path):
    return path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"


def test_what_a_wheel_holds_works_in_an_empty_folder(wheel, tmp_path):
    command = [sys.executable, "-m", "reproduce", "report", "--runs", ".", "--out", "report", "--json"]
    environment = os.environ | {"PYTHONPATH": str(wheel)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["cells"]) == 67 and (tmp_path / "report" / "index.html").is_file()


def test_pip_installs_the_script_of_the_command_line(wheel):
    (entry_points,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "reproduce = reproduce.__main__:end" in entry_points.read_text()


def test_every_package_folder_is_packaged():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    packaged = set(find_namespace_packages(str(ROOT), include=patterns))
    for top in PACKAGED[:2]:
        for path in (ROOT / top).rglob("*.py"):
            assert str(path.parent.relative_to(ROOT)).replace("/", ".") in packaged
            assert (path.parent / "__init__.py").exists()
    assert "original_configs" in packaged
    assert not {name.partition(".")[0] for name in packaged} - set(PACKAGED)


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
