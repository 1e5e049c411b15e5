"""Draws text from a trained language model, one character after the other."""

import numpy as np
from aesara.tensor.type import TensorType

from datasets.text.loader import encode
from reproduce.errors import UserError
from reproduce.runs import best

ENCODINGS = ("utf-8", "latin-1")  # the first is preferred


def load(folder):
    """The best model of the run in `folder`, which must be of a language model.

    Raises
    ------
    UserError
        If the folder holds no run, the run is not of a language model, or it has no model with a vocabulary yet.
    """
    record = best.read_record(folder)
    if record.settings.get("network.kind") != "lstm":
        raise UserError(f"{folder} is a run of {record.experiment}; only language models have text to sample")
    return best.load(folder)


def encode_prompt(text, vocabulary):
    """Indices of the characters of `text`, int32; None stands for a line feed, or for the first character without one.

    Raises
    ------
    UserError
        If `text` is empty, since each character is drawn given the one before, or if the vocabulary lacks a character.
    """
    if text is None:
        return encode(b"\n" if b"\n" in vocabulary else vocabulary[:1], vocabulary)
    if not text:
        raise UserError("--prompt must have at least one character")
    unknown = {encoding: _unknown(text, encoding, vocabulary) for encoding in ENCODINGS}
    encoding = min(ENCODINGS, key=lambda encoding: len(unknown[encoding]))
    if unknown[encoding]:
        listed = " ".join(map(repr, unknown[encoding]))
        raise UserError(f"--prompt has characters that the model does not know, leave them out: {listed}")
    return encode(_bytes(text, encoding), vocabulary)


def _unknown(text, encoding, vocabulary):
    """The distinct characters of `text` that the vocabulary cannot spell in `encoding`."""
    known = set(vocabulary)
    characters = {character: _bytes(character, encoding) for character in text}
    return [character for character, content in characters.items() if not content or not set(content) <= known]


def _bytes(text, encoding):
    """`text` in `encoding`, with the undecodable bytes of a command line as they were; empty if that is impossible."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return b""


def decode(content):
    """Sampled bytes as text: UTF-8, or Latin-1 if most bytes beyond ASCII are not valid UTF-8.

    The encoding of a model's text is not known, and a model may draw bytes that form no character.

    Examples
    --------
    >>> decode("café".encode("utf-8")), decode("café".encode("latin-1"))
    ('café', 'café')
    """
    text = content.decode("utf-8", "replace")
    beyond_ascii, invalid = sum(character > "\x7f" for character in text), text.count("\ufffd")
    return text if invalid <= beyond_ascii - invalid else content.decode("latin-1")


def sample(model, backend, prompt, length, temperature, seed):
    """Draw `length` characters that continue `prompt`; the time is proportional to their number.

    Parameters
    ----------
    model : reproduce.runs.best.BestModel
    backend : reproduce.backends
        Compiles the network's step.
    prompt : int32 array, (characters,)
        Indices of at least one character.
    length : int
    temperature : float
        See `draw`.
    seed : int
        Seeds the draws; the same seed gives the same text.

    Returns
    -------
    bytes
        The prompt and the characters drawn.

    Notes
    -----
    The state starts at zero and is kept over the whole text. In training it returns to zero after ``network.steps``
    characters.
    """
    step, (cell, hidden) = _compile(model, backend)
    rng = np.random.RandomState(seed)
    indices = list(prompt)
    for index in range(len(prompt) + length - 1):
        scores, cell, hidden = step(np.array([indices[index]], "int32"), cell, hidden)
        if index + 1 == len(indices):
            indices.append(draw(scores[0], temperature, rng))
    return bytes(model.vocabulary[index] for index in indices)


def draw(scores, temperature, rng):
    """Draw an index with probabilities softmax(scores / temperature); temperature 0 gives the first highest score.

    Parameters
    ----------
    scores : ndarray, (vocabulary,)
    temperature : float
        At least 0; the lower it is, the more likely are the highest scores.
    rng : numpy.random.RandomState

    Examples
    --------
    >>> draw(np.float32([0, 2, 1]), 0, np.random.RandomState(1234))
    1
    """
    if temperature == 0:
        return int(np.argmax(scores))
    below = scores.astype("float64") - scores.max()
    with np.errstate(over="ignore"):
        weights = np.exp(below / temperature)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _compile(model, backend):
    """The step (character, cell, hidden) → (scores, cell, hidden) of one sequence, and its initial state."""
    output = model.network().output
    recurrent = output.input_layer
    character = TensorType("int32", shape=(1,))("character")
    state = [TensorType("float32", shape=(1, recurrent.num_units))(name) for name in ("cell", "hidden")]
    cell, hidden = recurrent.step(character, *state)
    step = backend.compile([character, *state], [output.get_output_for(hidden), cell, hidden])
    return step, [np.zeros((1, recurrent.num_units), "float32")] * 2
