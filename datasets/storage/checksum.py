"""A checksum of all bytes of an HDF5 file, which is compared before libhdf5 opens it.

libhdf5 can crash or loop for ever on a damaged file. The checksum is in the file's user block, 512 bytes at its
beginning that HDF5 leaves to others, and covers all that comes after them.
"""

import hashlib
import os

from datasets.storage.files import BLOCK

USER_BLOCK = 512
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
MARK = b"sha256 of the bytes from 512 on: "


def write_checksum(path):
    """Write the checksum into a complete file, made with a user block of `USER_BLOCK` bytes, and sync it."""
    with open(path, "r+b") as file:
        block = _user_block(file)
        file.seek(0)
        file.write(block)
        file.flush()
        os.fsync(file.fileno())


def checksum_holds(file):
    """Compare the checksum with the bytes.

    Parameters
    ----------
    file : binary file, open to read

    Returns
    -------
    bool
        False if the file has no checksum, because an earlier version wrote it.

    Raises
    ------
    ValueError
        The bytes are not those that were written.
    """
    file.seek(0)
    start = file.read(USER_BLOCK)
    if start.startswith(HDF5_SIGNATURE):
        return False
    if not start.startswith(MARK):
        raise ValueError("it does not begin as it was written")
    if start != _user_block(file):
        raise ValueError("its checksum does not hold")
    return True


def _user_block(file):
    digest = hashlib.sha256()
    file.seek(USER_BLOCK)
    while block := file.read(BLOCK):
        digest.update(block)
    return (MARK + digest.hexdigest().encode() + b"\n").ljust(USER_BLOCK, b"\0")
