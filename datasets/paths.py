"""The root folder of prepared data, and environment variables in paths."""

import os
import re
from pathlib import Path

from datasets.errors import NoDataPathError, UndefinedVariableError

ROOT_VARIABLE = "PYLEARN2_DATA_PATH"


def expand_variables(path):
    """Replace each ``${NAME}`` in a path by the environment variable of that name, as pylearn2 does.

    Parameters
    ----------
    path : str or Path
        A `~` in it is not expanded.

    Returns
    -------
    str

    Raises
    ------
    NoDataPathError
        ``${PYLEARN2_DATA_PATH}`` is in the path and not set.
    UndefinedVariableError
        Another variable is not set; also a ValueError.

    Examples
    --------
    >>> os.environ["SCRATCH"] = "/scratch"
    >>> expand_variables("${SCRATCH}/mnist")
    '/scratch/mnist'
    """

    def value(match):
        name = match.group(1)
        if os.environ.get(name):
            return os.environ[name]
        if name == ROOT_VARIABLE:
            raise NoDataPathError(f"{ROOT_VARIABLE} is not set; set it to the folder of your data")
        raise UndefinedVariableError(f"{path} needs the environment variable {name}; set it")

    return re.sub(r"\$\{([^}]*)\}", value, str(path))


def data_root(data_path=None):
    """Return the root folder of prepared data, a Path: `data_path` if given, else ``$PYLEARN2_DATA_PATH``."""
    return Path(expand_variables("${" + ROOT_VARIABLE + "}" if data_path is None else data_path))
