import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pins(name):
    """Package to version, of a file of ``package==version`` lines."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return dict(line.split("==") for line in lines if line)


def test_the_lock_pins_everything_the_project_asks_for():
    lock = {package.lower(): version for package, version in pins("requirements.lock").items()}
    for line in (ROOT / "requirements.in").read_text().splitlines():
        package, _, version = line.partition("#")[0].strip().partition("==")
        if package:
            assert package.lower() in lock
            assert version in ("", lock[package.lower()])


def test_environment_yml_takes_its_pins_from_the_lock():
    text = (ROOT / "environment.yml").read_text()
    items = re.findall(r"^\s+- (.+)$", text, re.MULTILINE)
    assert items == ["conda-forge", "python=3.11", "pip", "cxx-compiler", "pip:", "-r requirements.lock"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"


def test_every_package_folder_is_packaged():
    declared = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        str(path.parent.relative_to(ROOT)).replace("/", ".")
        for top in ("reproduce", "datasets")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert declared == found | {"original_configs"}


def test_ci_runs_the_readmes_test_command():
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"
    assert "make test" in (ROOT / "README.md").read_text()
