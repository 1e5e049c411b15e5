"""Products with weights of one bit, in C where there is a compiler, else in NumPy.

Both kinds of kernels take packed rows as `pack` makes them and give the same integers.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("kernels.c")
FLAGS = ("-O3", "-shared", "-fPIC")
FEW_ROWS = 8
"""Up to so many rows, additions in C are faster than expanding the weights and calling BLAS."""


def pack(positive):
    """The bits of each row in 64-bit words, padded with clear bits.

    Parameters
    ----------
    positive : bool array, (…, length)
        True for +1, False for −1.

    Returns
    -------
    uint64 array, (…, words)

    Examples
    --------
    >>> pack(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    return words(np.packbits(positive, axis=-1, bitorder="little"))


def words(packed):
    """Rows of packed bytes, (…, bytes) uint8, as rows of 64-bit words, padded with clear bits."""
    padding = -packed.shape[-1] % 8
    if padding or not packed.flags.c_contiguous:
        padded = np.zeros((*packed.shape[:-1], packed.shape[-1] + padding), "uint8")
        padded[..., : packed.shape[-1]] = packed
        packed = padded
    return packed.view("uint64")


def best():
    """The C kernels, or NumPy's where there is no compiler."""
    return compiled() or NumPyKernels()


@functools.cache
def compiled():
    """The C kernels; None where they cannot be compiled or loaded."""
    try:
        return CKernels(load())
    except (OSError, RuntimeError, subprocess.SubprocessError):
        return None


class NumPyKernels:
    """The products in NumPy."""

    def sign_products(self, x, w, length):
        """Products of signs with signs.

        Parameters
        ----------
        x : uint64 array, (rows, words)
        w : uint64 array, (outputs, words)
        length : int
            Bits in a row, without the padding.

        Returns
        -------
        int32 array, (rows, outputs)
        """
        products = np.empty((len(x), len(w)), "int32")
        for row, product in zip(x, products, strict=True):
            product[:] = length - 2 * _set_bits(row ^ w)
        return products

    def real_products(self, x, w):
        """Products of real numbers with signs.

        Parameters
        ----------
        x : float32 array, (rows, length)
        w : uint64 array, (outputs, words)
            With `length` bits in a row, without the padding.

        Returns
        -------
        float32 array, (rows, outputs)
        """
        return self.real_multiplier(w, x.shape[1], len(x))(x)

    def real_multiplier(self, w, length, rows):
        """The function `real_products` of its first argument, for many products of `rows` rows with the same `w`."""
        signs = self.expanded(w, length).T
        return lambda x: x @ signs

    def expanded(self, w, length):
        """The ±1 of packed rows, float32 (outputs, length)."""
        bits = np.unpackbits(w.view("uint8"), axis=1, count=length, bitorder="little")
        return 2 * bits.astype("float32") - 1


class CKernels(NumPyKernels):
    """The products in C; real numbers of many rows are multiplied by NumPy's BLAS."""

    def __init__(self, library):
        self._library = library

    def sign_products(self, x, w, length):
        x, w = np.ascontiguousarray(x), np.ascontiguousarray(w)
        products = np.empty((len(x), len(w)), "int32")
        sizes = ctypes.c_size_t(len(x)), ctypes.c_size_t(len(w)), ctypes.c_size_t(w.shape[1])
        self._library.sign_products(*map(_pointer, (x, w, products)), *sizes, ctypes.c_int32(length))
        return products

    def real_multiplier(self, w, length, rows):
        if rows > FEW_ROWS:
            return super().real_multiplier(w, length, rows)
        return lambda x: self.additions(x, w)

    def additions(self, x, w):
        """`real_products` by additions and subtractions alone."""
        padded = np.zeros((len(x), 64 * w.shape[1]), "float32")
        padded[:, : x.shape[1]] = x
        w = np.ascontiguousarray(w)
        sums = np.empty((len(x), len(w)), "float32")
        sizes = ctypes.c_size_t(len(x)), ctypes.c_size_t(len(w)), ctypes.c_size_t(2 * w.shape[1])
        self._library.signed_sums(*map(_pointer, (padded, w, sums)), *sizes)
        return sums

    def expanded(self, w, length):
        w = np.ascontiguousarray(w)
        signs = np.empty((len(w), 64 * w.shape[1]), "float32")
        self._library.expand(_pointer(w), _pointer(signs), ctypes.c_size_t(2 * w.size))
        return signs[:, :length]


def _pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


@functools.cache
def _set_bits_of_16():
    """The number of set bits of every 16-bit number."""
    numbers = np.arange(1 << 16, dtype="uint16")
    return np.unpackbits(numbers[:, None].view("uint8"), axis=1).sum(axis=1, dtype="uint8")


def _set_bits(rows):
    """The number of set bits in each row of words, int32 (rows,)."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(rows).sum(axis=1, dtype="int32")
    return _set_bits_of_16()[rows.view("uint16")].sum(axis=1, dtype="int32")


def load():
    """The compiled kernels.c, compiled first unless this source and compiler did so on this kind of processor before.

    Raises
    ------
    OSError, RuntimeError, subprocess.SubprocessError
        Where that fails; RuntimeError if the user has no home folder.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise FileNotFoundError("no C compiler")
    key = hashlib.sha256(SOURCE.read_bytes())
    key.update("\0".join([compiler, *FLAGS, platform.machine(), _processor_features()]).encode())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "lab-reproduce"
    path = folder / f"kernels-{key.hexdigest()[:16]}.so"
    if path.exists():
        with contextlib.suppress(OSError):  # damaged: it is compiled anew
            return ctypes.CDLL(str(path))
    folder.mkdir(parents=True, exist_ok=True)
    _compile(compiler, path)
    return ctypes.CDLL(str(path))


def _compile(compiler, path):
    """Compile kernels.c, for this very processor if the compiler knows how, and move it to `path` when it is whole."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        for tuning in (["-march=native"], []):
            command = [compiler, *FLAGS, *tuning, str(SOURCE), "-o", str(made)]
            done = subprocess.run(command, capture_output=True, timeout=120)
            if done.returncode == 0:
                break
        done.check_returncode()
        os.replace(made, path)


def _processor_features():
    """What ``-march=native`` goes by, since a home folder may serve several machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
