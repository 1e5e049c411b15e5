"""Without a compiler Aesara folds constants in Python, which for small ones is a matter of milliseconds."""

import aesara
import pytest


@pytest.fixture
def without_compiler():
    with aesara.config.change_flags(cxx=""):
        yield
