"""A BLAS for Aesara's C code on a machine that has no BLAS of its own to link."""

from importlib.util import find_spec
from pathlib import Path


def ldflags():
    """Linker flags for the OpenBLAS in SciPy's wheel, or an empty string: NumPy's C API multiplies then.

    SciPy's wheels before 1.13 carry an OpenBLAS with 32-bit integers and plain names (``sgemm_``), which is what
    Aesara's C code calls; NumPy's own has 64-bit integers and other names. Without flags Aesara would ask
    ``numpy.distutils``, which is slow and noisy, and missing on Python 3.12.
    """
    scipy = find_spec("scipy")
    folder = Path(scipy.origin).parent.parent / "scipy.libs"
    found = sorted(folder.glob("libopenblasp-*.so"))
    if not found or " " in str(folder):  # Aesara splits the flags at spaces, quoted or not
        return ""
    return f"-L{folder} -l{found[0].name.removeprefix('lib').removesuffix('.so')}"
