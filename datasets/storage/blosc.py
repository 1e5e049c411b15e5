"""The blosc filter, with which PyTables compresses arrays. h5py does not include it."""

import contextlib

import h5py

from datasets.errors import DataError

BLOSC = 32001  # its number in the HDF Group's register of filters


def require_filters(array, path):
    """Make an array of an HDF5 file readable; raise a DataError with the missing package if that is not possible."""
    properties = array.id.get_create_plist()
    filters = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
    if BLOSC not in filters:
        return
    with contextlib.suppress(ImportError):
        # Importing it registers its filters with h5py.
        import hdf5plugin  # noqa: F401
    if not h5py.h5z.filter_avail(BLOSC):
        raise DataError(f"{path} is compressed with blosc; to read it, run: pip install hdf5plugin")
