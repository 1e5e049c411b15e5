"""What can go wrong with data: each error's message is one line that says what is wrong and what to do."""

import shlex


class DataError(Exception):
    """Data or a request for data that cannot be used; the message is one line, with the remedy."""


class FullDiskError(DataError):
    """There is no room to write, which is no mistake of what was asked for."""


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


def one_line(error):
    """Return an exception's message on one line; HDF5 puts line ends into its messages."""
    if isinstance(error, OSError) and error.strerror:
        error = error.strerror
    return " ".join(str(error).split()) or type(error).__name__
