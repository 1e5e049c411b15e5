"""The interpreter's own standard library as a corpus of code that needs no download."""

import platform
import sys
import sysconfig
from pathlib import Path

from datasets.errors import DataError
from datasets.text.loader import CharacterCorpus, unofficial

NAME = "python_source"
CHARACTERS = 3_000_000


def corpus(vocabulary_order="sorted"):
    """Return the standard library's single-file modules, one after the other, as a corpus.

    The modules are those of ``sys.stdlib_module_names`` in the order of their names, as far as there is a
    readable ``NAME.py``; the text ends after `CHARACTERS` bytes. So it is the same wherever the same release
    of Python is installed unchanged, and never official; its provenance has the release in ``python``.

    Parameters
    ----------
    vocabulary_order : str
        See `CharacterCorpus`; only 'sorted' is possible.

    Returns
    -------
    CharacterCorpus

    Raises
    ------
    DataError
        This Python comes without the source of its library.
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
        except OSError:  # not a file of this Python, or not a readable one
            continue
        if len(text) >= CHARACTERS:
            break
    return bytes(text[:CHARACTERS])
