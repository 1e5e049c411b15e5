"""A model as it was exported, and its scores."""

import math

import numpy as np

from reproduce.inference import kernels as products
from reproduce.inference import layers, network, packed

LARGEST_BATCH = {1: 1000, 3: 100}
"""Examples evaluated at a time, by the number of axes of an input."""


def load(path, kernels=None):
    """The model in the file that ``python -m reproduce export`` wrote.

    Parameters
    ----------
    path : path
    kernels : reproduce.inference.kernels.NumPyKernels, optional
        What multiplies; by default the C kernels where there is a compiler.

    Returns
    -------
    Model

    Raises
    ------
    UserError
        If the file is none, damaged, of a newer format, or holds shapes that do not fit each other.
    """
    tensors, described = packed.read(path)
    try:
        return Model(tensors, described, kernels or products.best())
    except (KeyError, TypeError, ValueError) as error:
        raise packed.damaged(path, f"it lacks {error}" if isinstance(error, KeyError) else error) from None


class Model:
    """A network with the weights of a run's best epoch.

    Attributes
    ----------
    record : dict
        The run's record.json, as `reproduce.runs.record.Record` describes it.
    vocabulary : bytes or None
        The characters of a language model, in the order of their indices.
    shape : tuple of int
        Of an input: of a picture, or the vocabulary's size.
    outputs : int
        Scores of a picture or a character.
    """

    def __init__(self, tensors, described, kernels):
        self.record, vocabulary = described["record"], described["vocabulary"]
        if not isinstance(vocabulary, list | None):
            raise ValueError("a vocabulary that is no list")
        self.vocabulary = None if vocabulary is None else bytes(vocabulary)
        self._network = network.build(described["network"], tensors, kernels)
        self.shape, self.outputs = tuple(described["network"]["shape"]), self._network.outputs
        if self.vocabulary is not None and self.shape != (len(self.vocabulary),):
            raise ValueError(f"a vocabulary of {len(self.vocabulary)} for inputs of {self.shape[0]}")
        if isinstance(self._network.layers[0], layers.LSTM) != (self.vocabulary is not None):
            raise ValueError("an LSTM without a vocabulary, or a vocabulary without an LSTM")

    def scores(self, x):
        """The network's scores.

        Parameters
        ----------
        x : float32 array, (pictures, features) or (pictures, *shape); for a language model int, (sequences, steps)
            Pictures as the experiment's data set gives them, or indices of characters.

        Returns
        -------
        float32 array, (pictures, classes), or (sequences·steps, vocabulary)

        Raises
        ------
        ValueError
            If the network takes no such array.
        """
        x = self._checked(np.asarray(x))
        size = LARGEST_BATCH[len(self.shape)]
        return np.concatenate([self._network(x[start : start + size]) for start in range(0, len(x), size)])

    def predict(self, x):
        """The class of the highest score, or the index of the most probable next character; see `scores`."""
        return self.scores(x).argmax(axis=1)

    def _checked(self, x):
        if self.vocabulary is not None:
            if not x.size or x.ndim != 2 or x.dtype.kind not in "iu":
                raise ValueError(f"a language model takes integers (sequences, steps), got {x.dtype} {x.shape}")
            if not 0 <= x.min() <= x.max() < len(self.vocabulary):
                raise ValueError(f"indices of characters are from 0 to {len(self.vocabulary) - 1}")
            return x
        features = math.prod(self.shape)
        if x.ndim < 2 or not len(x) or math.prod(x.shape[1:]) != features:
            raise ValueError(f"the network takes pictures of {features} numbers, got an array of shape {x.shape}")
        x = x.astype("float32", copy=False).reshape(len(x), *self.shape)
        return x.transpose(0, 2, 3, 1) if len(self.shape) == 3 else x
