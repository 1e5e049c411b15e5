"""The paper's two texts on disk: each a published file, and the HDF5 file made from it."""

from typing import ClassVar

import numpy as np

from datasets.errors import DataError
from datasets.storage.files import read_content
from datasets.storage.prepared import HDF5Source
from datasets.storage.source_files import SourceFile

MIRRORS = (
    "https://cs.stanford.edu/people/karpathy/char-rnn/",
    "http://cs.stanford.edu/people/karpathy/char-rnn/",
    # The paper's own repository. These two addresses have never been tried.
    "https://raw.githubusercontent.com/houlu369/Loss-aware-Binarization/master/RNN/data/",
)
WAR_AND_PEACE_SHA256 = "fb66ba999dafe24017cdd59e04c56d385a9c8466993d374fd4c6f08b2142985e"
CHUNK = 1 << 18  # bytes compressed together


def _published(name, sha256=None, git_blob=None):
    return SourceFile(name, sha256, tuple(mirror + name for mirror in MIRRORS), git_blob=git_blob)


class TextSource(HDF5Source):
    """A text in one HDF5 file: `text`, uint8 (characters,), the bytes of its published file.

    Attributes
    ----------
    characters, vocabulary_size : int
        The number of bytes and of different bytes. A file with other numbers is refused even if unofficial
        files are allowed.
    """

    characters: ClassVar[int]
    vocabulary_size: ClassVar[int]

    def check_source(self, name, path):
        text = read_content(path)
        size, kinds = len(text), len(set(text))
        if (size, kinds) != (self.characters, self.vocabulary_size):
            raise DataError(
                f"{path} has {size:,} bytes, {kinds} different ones; {name} has {self.characters:,} and "
                f"{self.vocabulary_size}; replace it, or use it as your own text with --set data.file=PATH"
            )

    def write(self, h5, paths):
        (path,) = paths.values()
        text = np.frombuffer(read_content(path), np.uint8)
        h5.create_dataset("text", data=text, chunks=(CHUNK,), compression="gzip", fletcher32=True)


class WarAndPeace(TextSource):
    """War and Peace in English, as char-rnn's author published it."""

    name = "war_and_peace"
    description = "War and Peace: 3,258,246 characters, 87 different ones"
    location = "war_and_peace/war_and_peace.h5"
    format_version = 1
    characters = 3_258_246
    vocabulary_size = 87
    prepared_bytes = 1_300_000
    files = (_published("warpeace_input.txt", sha256=WAR_AND_PEACE_SHA256),)


class LinuxKernel(TextSource):
    """Source files of the Linux kernel in one text, as char-rnn's author published it.

    Its official identity is the id of its content in the git repository of the paper's authors.
    """

    name = "linux_kernel"
    description = "Linux kernel source: 6,206,996 characters, 101 different ones"
    location = "linux_kernel/linux_kernel.h5"
    format_version = 2  # before, any text of this size and vocabulary counted as official
    characters = 6_206_996
    vocabulary_size = 101
    prepared_bytes = 2_000_000
    files = (_published("linux_input.txt", git_blob="6277447c2510ae2d0c4abb2a8dcc1fefaa40060b"),)
