"""Text from a trained language model, one character after the other."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from aesara.tensor.type import TensorType

from datasets.text.loader import encode
from reproduce import experiments
from reproduce.errors import UserError
from reproduce.model import networks
from reproduce.runs import checkpoints
from reproduce.runs import record as records

ENCODINGS = ("utf-8", "latin-1")  # of texts, the first wherever both will do


class LanguageModel(NamedTuple):
    """The model of a run's best epoch: its `experiment`, `vocabulary` (bytes), `variables` by name, and `epoch`."""

    experiment: experiments.Experiment
    vocabulary: bytes
    variables: dict
    epoch: int


def load(folder):
    """The best model of the run in `folder`, from its record.json and best.h5 alone.

    Raises
    ------
    UserError
        Where there is no such run, it is no language model's, or it has no model yet or none with a vocabulary.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name that of a run, as 'run' prints it")
    record = records.read(folder)
    if record is None:
        raise UserError(f"there is no record.json in {folder}; name the folder of a run, as 'run' prints it")
    if record.settings.get("network.kind") != "lstm":
        raise UserError(f"{folder} is a run of {record.experiment}; only language models have text to sample")
    path = folder / "best.h5"
    if not path.exists():
        raise UserError(f"there is no model in {folder}: {_why_none(record)}")
    experiment = experiments.resolve(record.experiment, record.method, record.settings)
    header, groups = checkpoints.load(path)
    if "vocabulary" not in header:
        raise UserError(f"{path} is of an earlier version, which kept no vocabulary; train anew with --restart")
    return LanguageModel(experiment, bytes(header["vocabulary"]), groups["arrays"], header["epoch"])


def _why_none(record):
    if record.best_epoch:
        return "best.h5, which a run keeps beside its record, is gone; run it anew with --restart"
    if record.complete:
        return "it diverged, its validation loss was never finite; take another seed or a lower learning rate"
    return "no epoch with a finite validation loss was saved yet; let it go on"


def encode_prompt(text, vocabulary):
    """Indices of the characters of `text`, int32; of None, those of a line feed or else the first character.

    Raises
    ------
    UserError
        Where it is empty, as a first character is drawn from what another foretells, or the vocabulary lacks some.
    """
    if text is None:
        return encode(b"\n" if b"\n" in vocabulary else vocabulary[:1], vocabulary)
    if not text:
        raise UserError("--prompt must have at least one character")
    unknown = {encoding: _unknown(text, encoding, vocabulary) for encoding in ENCODINGS}
    encoding = min(ENCODINGS, key=lambda encoding: len(unknown[encoding]))
    if unknown[encoding]:
        listed = " ".join(map(repr, unknown[encoding]))
        raise UserError(f"--prompt has characters that the model's text lacks, leave them out: {listed}")
    return encode(_bytes(text, encoding), vocabulary)


def _unknown(text, encoding, vocabulary):
    """The different characters of `text` that the vocabulary cannot spell in an encoding."""
    known = set(vocabulary)
    characters = {character: _bytes(character, encoding) for character in text}
    return [character for character, content in characters.items() if not content or not set(content) <= known]


def _bytes(text, encoding):
    """`text` in an encoding, and a command line's undecodable bytes as they were; empty where it has none."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return b""


def decode(content):
    """The text of sampled bytes: as UTF-8, or as Latin-1 where most bytes beyond ASCII are no UTF-8.

    A model's text does not say its encoding, and a model may draw bytes that make no character.
    """
    text = content.decode("utf-8", "replace")
    beyond_ascii, invalid = sum(character > "\x7f" for character in text), text.count("\ufffd")
    return text if invalid <= beyond_ascii - invalid else content.decode("latin-1")


def sample(model, backend, prompt, length, temperature, seed):
    """Draw `length` characters that go on from `prompt`; time grows with their number.

    Parameters
    ----------
    model : LanguageModel
    backend : reproduce.backends
        Compiles the network's step.
    prompt : int32 array, (characters,)
        Indices of at least one character.
    length : int
    temperature : float
        See `draw`.
    seed : int
        Seeds the draws: the same text comes again.

    Returns
    -------
    bytes
        The prompt and what was drawn.

    Notes
    -----
    The state starts at zero, as in training, and is carried on over any length; in training it starts anew after
    ``network.steps`` characters.
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
    """Index drawn with probabilities softmax(scores / temperature), and at 0 the first of the highest scores.

    Parameters
    ----------
    scores : ndarray, (vocabulary,)
    temperature : float
        At least 0; as it falls to 0, so does the share of all but the highest scores.
    rng : numpy.random.RandomState
    """
    if temperature == 0:
        return int(np.argmax(scores))
    below = scores.astype("float64") - scores.max()
    with np.errstate(over="ignore"):
        weights = np.exp(below / temperature)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _compile(model, backend):
    """The step (character, cell, hidden) → (scores, cell, hidden) of one sequence, and the state it starts from."""
    network = networks.build(model.experiment, np.random.RandomState(0), len(model.vocabulary))
    if {variable.name for variable in network.variables} != model.variables.keys():
        raise UserError("best.h5 does not fit this program; train anew with --restart")
    for variable in network.variables:
        variable.set_value(model.variables[variable.name])
    output = network.output
    recurrent = output.input_layer
    character = TensorType("int32", shape=(1,))("character")
    state = [TensorType("float32", shape=(1, recurrent.num_units))(name) for name in ("cell", "hidden")]
    cell, hidden = recurrent.step(character, *state)
    step = backend.compile([character, *state], [output.get_output_for(hidden), cell, hidden])
    return step, [np.zeros((1, recurrent.num_units), "float32")] * 2
