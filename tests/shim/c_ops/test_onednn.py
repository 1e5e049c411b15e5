"""Where oneDNN is found, and where it is not."""

from importlib import metadata

import pytest

from reproduce.shim.c_ops import onednn


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder of packages that stands for the installed ones; a function that installs oneDNN's there."""

    def install(package, *files):
        info = tmp_path / "site" / f"{package.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (info / "RECORD").write_text("".join(f"../{name},,\n" for name in files))
        for name in files:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    monkeypatch.setattr(onednn.metadata, "files", lambda name: _distribution(tmp_path, name).files)
    monkeypatch.setattr(onednn.metadata, "version", lambda name: _distribution(tmp_path, name).version)
    onednn.find.cache_clear()
    yield install
    onednn.find.cache_clear()


def _distribution(folder, name):
    for found in metadata.distributions(name=name, path=[str(folder / "site")]):
        return found
    raise metadata.PackageNotFoundError(name)


def test_the_library_and_its_headers_are_found(packages, tmp_path):
    packages(onednn.LIBRARY, "lib/libdnnl.so", "lib/libdnnl.so.3")
    packages(onednn.HEADERS, "include/dnnl.hpp", "include/oneapi/dnnl/dnnl.hpp")
    assert onednn.find() == onednn.OneDNN("1.2", str(tmp_path / "include"), str(tmp_path / "lib"))


@pytest.mark.parametrize("missing", [onednn.LIBRARY, onednn.HEADERS])
def test_one_without_the_other_is_none(packages, missing):
    files = {onednn.LIBRARY: "lib/libdnnl.so", onednn.HEADERS: "include/oneapi/dnnl/dnnl.hpp"}
    packages(*next(item for item in files.items() if item[0] != missing))
    assert onednn.find() is None
