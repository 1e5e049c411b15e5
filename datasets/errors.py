"""Errors about data. Each message is one line that says what is wrong and what to do."""

import contextlib
import difflib
import re
import shlex


class DataError(Exception):
    """The data, or a request for them, cannot be used."""


class CannotWriteError(DataError, OSError):
    """A file or folder cannot be written."""


class FullDiskError(CannotWriteError):
    """The disk is full, or the user's share of it; the request itself was sound."""


class EnvironmentVariableError(DataError):
    """An environment variable that a path needs is not set. The name is pylearn2's."""


class NoDataPathError(EnvironmentVariableError):
    """PYLEARN2_DATA_PATH is needed and not set. The name is pylearn2's."""


class UndefinedVariableError(EnvironmentVariableError, ValueError):
    """Another variable that a path needs is not set; pylearn2 raises a ValueError."""


class NotPreparedError(DataError, OSError):
    """The prepared file of a data set is missing; pylearn2 raises an IOError for missing files."""


class BadArgumentError(DataError, ValueError, AssertionError):
    """An argument has a value that makes no sense.

    pylearn2 raises a ValueError for some of these and fails an assertion for others, so this is both.
    """


def prepare_command(name, root):
    """Return the command line that prepares data set `name` under the folder `root`."""
    return f"python -m reproduce data prepare {name} --data {shlex.quote(str(root))}"


def nearest(name, known):
    """Return ``" (did you mean 'x'?)"`` with the `known` names most like `name`, or an empty string.

    Examples
    --------
    >>> nearest("minst", ["mnist", "svhn"])
    " (did you mean 'mnist'?)"
    """
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""


@contextlib.contextmanager
def reporting_damage(path, remedy):
    """Turn what h5py raises on a damaged file inside the ``with`` block into a DataError that ends in the remedy."""
    try:
        yield
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({one_line(error)}); {remedy}") from error


def one_line(error):
    """Return the message of an exception on one line.

    The file name of an OSError is left out. HDF5's messages contain line ends and memory addresses; only the
    operating system's own words in them are kept.
    """
    message = str(getattr(error, "strerror", None) or error)
    from_hdf5 = re.search(r"error message = '([^']*)'", message)
    return printable(from_hdf5[1] if from_hdf5 else message) or type(error).__name__


def printable(text):
    """Return `text`, which a foreign file may hold, on one line and without characters that steer a terminal.

    Examples
    --------
    >>> printable("two\\nlines, one \\x1b[31mred")
    'two lines, one \ufffd[31mred'
    """
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(str(text).split()))
