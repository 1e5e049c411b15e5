"""pylearn2-compatible data sets over HDF5. This package knows nothing of networks or of `reproduce`."""

from datasets.design_matrix import DenseDesignMatrix
from datasets.errors import DataError

__all__ = ["DataError", "DenseDesignMatrix"]
