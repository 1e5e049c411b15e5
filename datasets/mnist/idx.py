"""The IDX format of MNIST's files: a big-endian header, followed by unsigned bytes."""

import struct

import numpy as np

from datasets.errors import DataError
from datasets.storage.files import read_content

UNSIGNED_BYTE = 0x08
IMAGES, LABELS = 3, 1


def read_idx(path, ndim):
    """Read an IDX file of unsigned bytes, plain or gzipped.

    Parameters
    ----------
    path : path of the file
    ndim : int
        The number of axes: 3 (`IMAGES`, magic number 2051) or 1 (`LABELS`, magic number 2049).

    Returns
    -------
    uint8 array with `ndim` axes, read-only

    Raises
    ------
    DataError
        The file cannot be read, has another magic number, or is shorter or longer than its header says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     count = file.write(b"\\0\\0\\x08\\x01" + b"\\0\\0\\0\\x03" + b"\\x07\\x02\\x01")
    ...     file.flush()
    ...     read_idx(file.name, LABELS).tolist()
    [7, 2, 1]
    """
    content = read_content(path)
    magic = UNSIGNED_BYTE << 8 | ndim
    header = 4 + 4 * ndim
    if len(content) < 4:
        raise DataError(f"{path} is truncated: {len(content)} bytes are not even an IDX header; get it again")
    found = int.from_bytes(content[:4], "big")
    if found != magic:
        raise DataError(f"{path} has magic number {found}, expected {magic} (IDX, {ndim} axes); get it again")
    if len(content) < header:
        raise DataError(f"{path} is truncated: its header has {len(content)} of {header} bytes; get it again")
    shape = struct.unpack(f">{ndim}I", content[4:header])
    announced = header + int(np.prod(shape, dtype=object))
    if len(content) < announced:
        raise DataError(
            f"{path} is truncated: {len(content)} of the {announced} bytes its header says; get it again"
        )
    if len(content) > announced:
        raise DataError(
            f"{path} is damaged: {len(content)} bytes where its header says {announced}; get it again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
