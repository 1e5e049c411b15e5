"""The paper's two corpora on disk: each a published text file, and the HDF5 file made from it."""

from typing import ClassVar

import numpy as np

from datasets.errors import DataError
from datasets.storage.files import read_content
from datasets.storage.prepared import HDF5DataSet
from datasets.storage.source_files import SourceFile
from datasets.text.loader import WAR_AND_PEACE_SHA256, CharacterCorpus

MIRRORS = (
    "https://cs.stanford.edu/people/karpathy/char-rnn/",
    "http://cs.stanford.edu/people/karpathy/char-rnn/",
)
CHUNK = 1 << 18


def _published(name, sha256):
    return SourceFile(name, sha256, tuple(mirror + name for mirror in MIRRORS))


class TextFile(HDF5DataSet):
    """A corpus in one HDF5 file: `text`, uint8 (characters,), the bytes of its source file.

    Attributes
    ----------
    characters, vocabulary_size : int
        What the source file must have: a file of another size, or of another number of different bytes, is
        refused even if unofficial files are allowed.
    """

    format_version = 1
    characters: ClassVar[int]
    vocabulary_size: ClassVar[int]

    def corpus(self, root, vocabulary_order="sorted"):
        """Return the prepared text under `root` as a CharacterCorpus.

        Raises
        ------
        NotPreparedError
            It is not prepared.
        DataError
            It is damaged, or the vocabulary has no such order.
        """
        with self.open(root) as h5:
            text = h5["text"][...].tobytes()
            provenance = self._provenance(h5)
        return CharacterCorpus(text, provenance, vocabulary_order)

    def check_source(self, name, path):
        text = read_content(path)
        found = len(text), len(set(text))
        if found != (self.characters, self.vocabulary_size):
            raise DataError(
                f"{path} has {found[0]:,} bytes of {found[1]} kinds, {name} has {self.characters:,} of "
                f"{self.vocabulary_size}; replace it, or use it as your own text with --set data.file=PATH"
            )

    def write(self, h5, paths):
        (path,) = paths.values()
        text = np.frombuffer(read_content(path), np.uint8)
        h5.create_dataset("text", data=text, chunks=(CHUNK,), compression="gzip", fletcher32=True)


class WarAndPeace(TextFile):
    """War and Peace in English, as char-rnn's author published it."""

    name = "war_and_peace"
    description = "War and Peace: 3,258,246 characters, 87 different ones"
    location = "war_and_peace/war_and_peace.h5"
    characters = 3_258_246
    vocabulary_size = 87
    download_bytes = characters
    prepared_bytes = 1_300_000
    files = (_published("warpeace_input.txt", WAR_AND_PEACE_SHA256),)


class LinuxKernel(TextFile):
    """Source files of the Linux kernel in one text, as char-rnn's author published it.

    No SHA-256 of it is known to us: a file of the right size and number of different bytes is the official
    one, and its provenance says that in ``recognized_by``.
    """

    name = "linux_kernel"
    description = "Linux kernel source: 6,206,996 characters, 101 different ones (recognized by that)"
    location = "linux_kernel/linux_kernel.h5"
    characters = 6_206_996
    vocabulary_size = 101
    download_bytes = characters
    prepared_bytes = 2_000_000
    files = (_published("linux_input.txt", None),)

    def _provenance(self, h5):
        return {**super()._provenance(h5), "recognized_by": "size and vocabulary"}
