"""Writes random pictures in the form and size of SVHN's three files, to try what depends on their size.

    python benchmarks/svhn_stand_in.py FOLDER
    python -m reproduce data prepare svhn --from FOLDER --allow-unofficial

The classes are as frequent as in SVHN. A picture is a coarse random pattern with noise, which compresses about as well
as the photographs do. The files are written in blocks, because one of them holds 1.6 GB.
"""

import argparse
import struct
import zlib
from pathlib import Path

import numpy as np

from datasets.progress import Progress

COUNTS = {  # of the labels 1 to 10, where 10 is the digit 0
    "train": (13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659, 4948),
    "test": (5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595, 1744),
    "extra": (90560, 74740, 60765, 50633, 53490, 41582, 43997, 35358, 34456, 45550),
}
BLOCK = 2000
# Of MATLAB's file format, version 5: types of elements, and the class of an array of bytes.
INT8, UINT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 2, 5, 6, 14, 15
UINT8_CLASS = 9


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for part, counts in COUNTS.items():
        write(folder / f"{part}_32x32.mat", counts, rng)


def write(path, counts, rng):
    """Write a .mat file with `counts` pictures of each label."""
    labels = rng.permutation(np.repeat(np.arange(1, 11, dtype=np.uint8), counts))
    with open(path, "wb") as file, Progress(path.name, len(labels), "pictures") as bar:
        file.write(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49))
        write_array(file, "X", (32, 32, 3, len(labels)), pictures(rng, len(labels), bar))
        write_array(file, "y", (len(labels), 1), [labels.tobytes()])


def pictures(rng, count, bar):
    """Yield `count` pictures, some at a time, as bytes in MATLAB's order: the last axis is the slowest."""
    for start in range(0, count, BLOCK):
        number = min(BLOCK, count - start)
        coarse = rng.integers(0, 48, size=(number, 3, 4, 4), dtype=np.uint8)
        noise = rng.integers(0, 16, size=(number, 3, 32, 32), dtype=np.uint8)
        bar.update(number)
        yield (4 * (np.kron(coarse, np.ones((8, 8), np.uint8)) + noise)).tobytes()


def write_array(file, name, shape, blocks):
    """Append a compressed array of bytes to a .mat file."""
    size = int(np.prod(shape))
    head = element(UINT32, struct.pack("<II", UINT8_CLASS, 0))
    head += element(INT32, struct.pack(f"<{len(shape)}i", *shape))
    head += element(INT8, name.encode())
    head += struct.pack("<II", UINT8, size)
    padding = bytes(-size % 8)
    start = file.tell()
    file.write(bytes(8))
    compressor = zlib.compressobj(1)
    file.write(compressor.compress(struct.pack("<II", MATRIX, len(head) + size + len(padding)) + head))
    for block in blocks:
        file.write(compressor.compress(block))
    file.write(compressor.compress(padding) + compressor.flush())
    end = file.tell()
    file.seek(start)
    file.write(struct.pack("<II", COMPRESSED, end - start - 8))
    file.seek(end)


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


if __name__ == "__main__":
    main()
