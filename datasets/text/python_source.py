"""The source of Python's standard library as a corpus of code that needs no download."""

import platform
import sys
import sysconfig
from pathlib import Path

from datasets.errors import DataError
from datasets.text.loader import CharacterCorpus, unofficial

NAME = "python_source"
CHARACTERS = 3_000_000


def corpus(vocabulary_order="sorted"):
    """Return the single-file modules of the standard library, one after the other, as a corpus.

    The modules are those of ``sys.stdlib_module_names`` that have a readable ``NAME.py``, in the order of their
    names. The text ends after `CHARACTERS` bytes. It is the same wherever the same release of Python is installed
    unchanged, and it is never official; its provenance records the release as ``python``.

    Parameters
    ----------
    vocabulary_order : str
        See `CharacterCorpus`; only 'sorted' is known.

    Returns
    -------
    CharacterCorpus

    Raises
    ------
    DataError
        This Python is installed without the source of its library.

    Examples
    --------
    >>> corpus().indices.shape
    (3000000,)
    """
    folder = Path(sysconfig.get_path("stdlib"))
    text = _joined(folder / f"{name}.py" for name in sorted(sys.stdlib_module_names))
    if not text:
        raise DataError(f"{folder} has no source of Python's standard library; give a text of your own")
    provenance = {**unofficial(NAME, text), "python": platform.python_version()}
    return CharacterCorpus(text, provenance, vocabulary_order)


def _joined(paths):
    text = bytearray()
    for path in paths:
        try:
            text += path.read_bytes()
        except OSError:  # the module has no such file, or it cannot be read
            continue
        if len(text) >= CHARACTERS:
            break
    return bytes(text[:CHARACTERS])
