"""Writing IDX files."""

import struct


def idx_bytes(array):
    """The bytes of the IDX file of a uint8 array."""
    return struct.pack(f">I{array.ndim}I", 0x0800 | array.ndim, *array.shape) + array.tobytes()
