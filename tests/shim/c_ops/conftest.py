"""Runs compiled functions on several numbers of threads."""

import contextlib
import ctypes

import pytest


@pytest.fixture(scope="session")
def openmp_threads():
    """A context in which the C code of this process has that many threads."""
    try:
        openmp = ctypes.CDLL("libgomp.so.1")  # the run-time library that compiled code loads
    except OSError:
        pytest.skip("the compiler's OpenMP is not GNU's, whose threads these tests set")

    @contextlib.contextmanager
    def limited(threads):
        default = openmp.omp_get_max_threads()
        openmp.omp_set_num_threads(threads)
        try:
            yield
        finally:
            openmp.omp_set_num_threads(default)

    return limited
