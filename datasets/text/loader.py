"""Character corpora: texts as indices into their vocabulary, cut into sequences as in the released scripts."""

import hashlib
import math
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets.errors import BadArgumentError, DataError
from datasets.storage.files import read_content
from datasets.text.source import WAR_AND_PEACE_SHA256

VOCABULARY_ORDERS = ("sorted", "released")

RELEASED_ORDER = (
    b" (,048\xbb\xbf\xc3DHLPTXdhl\xefptx\xa0\xa4'/37;?CGKOSWcgkosw\n"
    b'"\xa9*.26:BFJNRVZbfjnrvz\r!)\xaa-159=AEIMQUYaeimquy'
)
"""War and Peace's 87 bytes in the released script's order, in which Python 2 lists the set of them."""


class Sequences(NamedTuple):
    """Consecutive sequences of a text without overlap, and the character that follows each character.

    Attributes
    ----------
    inputs, targets : ndarray, int32 (sequences, steps), read-only
        Indices into the vocabulary. `targets` is the text shifted by one character.
    """

    inputs: np.ndarray
    targets: np.ndarray

    @property
    def length(self):
        """The number of characters used, including the one target past the end of the inputs."""
        return self.inputs.size + 1


class Split(NamedTuple):
    """The training, validation and test parts of a corpus, in this order in the text."""

    train: Sequences
    valid: Sequences
    test: Sequences


class CharacterCorpus:
    """A text as indices into its vocabulary. Each byte is a character; the vocabulary has those that occur.

    Parameters
    ----------
    text : bytes
    provenance : dict
        What a run's record says of the text: ``{"name": str, "official": bool, "sha256": {name: hexadecimal}}``.
    vocabulary_order : {'sorted', 'released'}
        By byte value, or the released script's order, which is known only for War and Peace.

    Attributes
    ----------
    name : str
    vocabulary : bytes
        The characters in the order of their indices.
    indices : ndarray, int32 (characters,), read-only
        The whole text.
    provenance : dict

    Raises
    ------
    DataError
        The text is empty or repeats a single character.
    BadArgumentError
        There is no such order, or it is not known for this text.

    Examples
    --------
    >>> text = b"to be or not to be, "
    >>> corpus = CharacterCorpus(text, unofficial("example", text))
    >>> corpus.vocabulary, corpus.indices.shape
    (b' ,benort', (20,))
    >>> train, valid, test = corpus.split(steps=3, batch_size=1, train_share=0.5, valid_share=0.25)
    >>> train.inputs.shape, valid.inputs.shape, test.inputs.shape
    ((3, 3), (1, 3), (2, 3))
    >>> train.inputs[0].tolist(), train.targets[0].tolist()
    ([7, 5, 0], [5, 0, 2])
    """

    def __init__(self, text, provenance, vocabulary_order="sorted"):
        self.name, self.provenance = provenance["name"], provenance
        if not text:
            raise DataError(f"{self.name} is empty; give a text with some characters")
        self.vocabulary = _vocabulary(self.name, text, vocabulary_order)
        self.indices = encode(text, self.vocabulary)
        self.indices.flags.writeable = False  # inputs and targets share it

    @classmethod
    def prepared(cls, source, root, vocabulary_order="sorted"):
        """Return the corpus of a prepared text.

        Parameters
        ----------
        source : datasets.text.source.TextSource
        root : path
            The folder of prepared data.
        vocabulary_order : {'sorted', 'released'}

        Raises
        ------
        NotPreparedError
            The text is not prepared.
        DataError
            The prepared file is damaged, or the text has no such vocabulary order.
        """
        (text,) = source.read(root, "text")
        return cls(text.tobytes(), source.provenance(root), vocabulary_order)

    @classmethod
    def from_file(cls, path, vocabulary_order="sorted"):
        """Return the corpus of any text file, plain or gzipped. It has the file's name and is never official."""
        text = read_content(path)
        name = Path(path).name
        return cls(text, unofficial(name, text), vocabulary_order)

    def split(self, steps, batch_size, train_share, valid_share):
        """Cut the text into sequences for training, validation and test, as in the released scripts.

        The text makes N = floor(characters / batch_size / steps) minibatches. The first floor(train_share * N) are
        for training, the next floor(valid_share * N) for validation and the others for test. The rest of the text
        is unused. Shares are taken as the decimal numbers that they print as, so that the floor is exact. The
        scripts use floating point; for their 0.8, 0.1, 0.9 and 0.05 the result is the same, because the nearest
        double lies above each of these.

        If the minibatches reached the last character of the text, the last target would lie past the end. Such a
        text counts as one character shorter, which costs a minibatch. (The paper's minibatches have 100 sequences
        and no corpus has a multiple of 100 characters, so this does not occur.)

        Parameters
        ----------
        steps : int
            The number of characters in a sequence.
        batch_size : int
            The number of sequences in a minibatch.
        train_share, valid_share : float
            The share of the minibatches for training and for validation.

        Returns
        -------
        Split

        Raises
        ------
        BadArgumentError
            A parameter makes no sense, or nothing is left to train or validate on.
        """
        counts = self._minibatches(steps, batch_size, train_share, valid_share)
        parts, start = [], 0
        for count in counts:
            stop = start + count * batch_size * steps
            parts.append(Sequences(*(self.indices[start + i : stop + i].reshape(-1, steps) for i in (0, 1))))
            start = stop
        return Split(*parts)

    def _minibatches(self, steps, batch_size, train_share, valid_share):
        if steps < 1 or batch_size < 1:
            raise BadArgumentError(f"steps {steps} and batch_size {batch_size} must be at least 1")
        shares = {"train": Fraction(str(train_share)), "validate": Fraction(str(valid_share))}
        if min(shares.values()) <= 0 or sum(shares.values()) >= 1:
            raise BadArgumentError(
                f"the shares {train_share} to train and {valid_share} to validate on must be above 0, "
                "their sum below 1"
            )
        characters = len(self.indices) - 1  # those that have a target
        total = characters // (batch_size * steps)
        counts = {purpose: int(share * total) for purpose, share in shares.items()}
        lacking = [purpose for purpose, count in counts.items() if count == 0]
        if lacking:
            needed = math.ceil(1 / min(shares.values()))
            most = characters // (batch_size * needed)
            remedy = f"steps can be at most {most}" if most else "take smaller minibatches or a longer text"
            problem = f"leave nothing to {' and '.join(lacking)} on" if total else "do not make one minibatch"
            raise BadArgumentError(
                f"the {len(self.indices):,} characters of {self.name}, in minibatches of {batch_size} "
                f"sequences of {steps} steps, {problem}; {remedy}"
            )
        return [*counts.values(), total - sum(counts.values())]


def encode(text, vocabulary):
    """Return the indices in a vocabulary of the characters of a text.

    Parameters
    ----------
    text, vocabulary : bytes

    Returns
    -------
    ndarray, int32 (characters,)

    Raises
    ------
    DataError
        A character is not in the vocabulary.

    Examples
    --------
    >>> encode(b"cab", vocabulary=b"abc").tolist()
    [2, 0, 1]
    """
    index = np.full(256, -1, np.int32)
    index[list(vocabulary)] = np.arange(len(vocabulary))
    indices = index[np.frombuffer(text, np.uint8)]
    if len(indices) and indices.min() < 0:
        unknown = bytes(sorted(set(text) - set(vocabulary)))
        raise DataError(f"the vocabulary lacks {unknown!r}; leave these characters out")
    return indices


def unofficial(name, text):
    """Return the provenance of a text that is not a published corpus."""
    return {"name": name, "official": False, "sha256": {name: hashlib.sha256(text).hexdigest()}}


def _vocabulary(name, text, order):
    if order not in VOCABULARY_ORDERS:
        raise BadArgumentError(f"unknown vocabulary order {order!r}; one of: {', '.join(VOCABULARY_ORDERS)}")
    if order == "released":
        if hashlib.sha256(text).hexdigest() != WAR_AND_PEACE_SHA256:
            raise BadArgumentError(
                "the released vocabulary order is known for the official War and Peace only, "
                f"not for {name}; use the sorted one"
            )
        return RELEASED_ORDER
    vocabulary = bytes(sorted(set(text)))
    if len(vocabulary) == 1:
        raise DataError(f"{name} repeats a single character, {vocabulary!r}; give a text with at least two")
    return vocabulary
