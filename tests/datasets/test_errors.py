"""How errors are worded: the nearest names, and one line."""

import pytest

from datasets.errors import DataError, nearest, one_line

FROM_HDF5 = (
    "Can't synchronously write data (file write failed: time = Thu Nov 26 00:37:45 2026\n, filename = 'x.h5', "
    "file descriptor = 3, errno = 28, error message = 'No space left on device', buf = 0x558231ad80a0)"
)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("minst", " (did you mean 'mnist'?)"),
        ("svhn_lcn", " (did you mean 'svhn_lcn_all' or 'svhn'?)"),
        ("imagenet", ""),
    ],
)
def test_the_nearest_names_are_suggested(name, hint):
    assert nearest(name, ["mnist", "svhn", "svhn_lcn_all"]) == hint


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("one\n  two"), "one two"),
        (ValueError(), "ValueError"),
        (OSError(13, "Permission denied", "some file"), "Permission denied"),
        (OSError(28, FROM_HDF5), "No space left on device"),
        (RuntimeError(FROM_HDF5), "No space left on device"),
        (OSError("Unable to open file (file signature not found)"), "Unable to open file (file signature not found)"),
    ],
)
def test_an_error_is_one_line(error, line):
    assert one_line(error) == line
