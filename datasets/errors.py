"""What can go wrong with data. Each error's message is one line that says what is wrong and what to do."""

import difflib
import re
import shlex


class DataError(Exception):
    """Data or a request for data that cannot be used; the message is one line, with the remedy."""


class CannotWriteError(DataError, OSError):
    """A file or folder cannot be written."""


class FullDiskError(CannotWriteError):
    """The disk is full, or the user's share of it; the request itself was sound."""


class EnvironmentVariableError(DataError):
    """An environment variable that a path needs is not set (pylearn2's name)."""


class NoDataPathError(EnvironmentVariableError):
    """PYLEARN2_DATA_PATH is needed and not set (pylearn2's name)."""


class UndefinedVariableError(EnvironmentVariableError, ValueError):
    """Another ``${NAME}`` in a path is not set; pylearn2 raises ValueError."""


class NotPreparedError(DataError, OSError):
    """The prepared file of a data set is missing; pylearn2 raises IOError for its missing files."""


class BadArgumentError(DataError, ValueError, AssertionError):
    """An argument of a loader that makes no sense.

    pylearn2 answers some of these by ValueError and some by a failed assertion, so this is both.
    """


def prepare_command(name, root):
    """Return the command line that prepares data set `name` under the folder `root`."""
    return f"python -m reproduce data prepare {name} --data {shlex.quote(str(root))}"


def nearest(name, known):
    """Return ``" (did you mean 'x'?)"`` with the `known` names most like `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""


def one_line(error):
    """Return an exception's message on one line, without the file name of an OSError.

    HDF5's messages have line ends and memory addresses; of those only the system's own words stay.
    """
    message = str(getattr(error, "strerror", None) or error)
    from_hdf5 = re.search(r"error message = '([^']*)'", message)
    return " ".join((from_hdf5[1] if from_hdf5 else message).split()) or type(error).__name__
