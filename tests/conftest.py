"""Fixtures and rules that all tests share."""

from pathlib import Path

import pytest

import reproduce  # noqa: F401  before Aesara or Lasagne, which it configures

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared():
    """The folder of reference material beside the checkout; tests that need it skip where it is missing."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference material at {folder}: golden numbers and real data are not part of the project")
    return folder


def pytest_collection_modifyitems(items):
    """Where Aesara cannot compile C code, skip what is marked `compiler` or has a parameter of value "c"."""
    from reproduce import backends

    if backends.has_compiler():
        return
    skip = pytest.mark.skip(reason=f"{backends.c_obstacle()[0]}: the c backend cannot be tested")
    for item in items:
        parameters = getattr(item, "callspec", None) and item.callspec.params
        if item.get_closest_marker("compiler") or (parameters and "c" in map(str, parameters.values())):
            item.add_marker(skip)
