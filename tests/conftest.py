"""Fixtures that every test may use."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared():
    """The folder of reference material beside the checkout; tests that need it skip where it is missing."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference material at {folder}: golden numbers and real data are not part of the project")
    return folder
