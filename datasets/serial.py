"""pylearn2's module `serial`, which loads files. Unlike pylearn2's, it never unpickles."""

from pathlib import Path

import numpy as np
import scipy.io

from datasets.cifar10 import WhitenedCIFAR10, whitening
from datasets.errors import DataError, one_line
from datasets.paths import expand_variables

WHITENED_FOLDER = ("cifar10", "pylearn2_gcn_whitened")
# The objects in the files of pylearn2's script make_cifar10_gcn_whitened, as functions of the root folder.
WHITENED = {
    "train.pkl": lambda root: WhitenedCIFAR10("train", root),
    "test.pkl": lambda root: WhitenedCIFAR10("test", root),
    "preprocessor.pkl": whitening,
}
READERS = {
    ".npy": lambda path: np.load(path, allow_pickle=False),
    ".npz": lambda path: np.load(path, allow_pickle=False),
    ".mat": scipy.io.loadmat,
    ".txt": np.loadtxt,
    ".amat": np.loadtxt,
}


def load(filepath):
    """Return what pylearn2's ``serial.load`` returns for a path.

    Parameters
    ----------
    filepath : path
        Each ``${NAME}`` in it is replaced by that environment variable. The path is one of

        * ``<root>/cifar10/pylearn2_gcn_whitened/{train,test,preprocessor}.pkl``: the whitened CIFAR-10 and
          its ZCA, which are read from ``<root>/cifar10/cifar10.h5``; the .pkl files need not exist;
        * a file of arrays: .npy, .npz, .mat, .txt or .amat.

    Raises
    ------
    NotPreparedError
        The path is one of the whitened CIFAR-10's and that is not prepared; also an OSError.
    DataError
        The file cannot be read, or is of another kind, such as a pickle.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".npy") as file:
    ...     np.save(file.name, np.eye(3))
    ...     load(file.name).shape
    (3, 3)
    """
    path = Path(expand_variables(filepath))
    if path.name in WHITENED and path.parts[-3:-1] == WHITENED_FOLDER:
        return WHITENED[path.name](path.parents[2])
    if path.suffix not in READERS:
        raise DataError(
            f"{path} is not loaded: a pickle may run any code; convert it to one of {', '.join(READERS)}"
        )
    try:
        return READERS[path.suffix](path)
    except Exception as error:  # SciPy's parsers raise anything on foreign bytes
        raise DataError(f"cannot read {path}: {one_line(error)}; get it again") from error
