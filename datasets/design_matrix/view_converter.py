"""Converting between images and rows of a design matrix.

A row is an image as flattened channel planes: its axes are ``(c, 0, 1)``, where 0 is the image row and 1 the image
column, whatever the axes of the topological view are. So ``X.reshape(-1, C, H, W)`` is the images with axes b, c, 0, 1.
"""

import numpy as np

from datasets.errors import BadArgumentError

STORED_AXES = ("b", "c", 0, 1)


class DefaultViewConverter:
    """Converts between a design matrix and a 4-D topological view.

    Parameters
    ----------
    shape : sequence of 3 ints
        (image rows, image columns, channels).
    axes : sequence
        The order of the view's axes, a permutation of 'b', 0, 1, 'c'.

    Raises
    ------
    BadArgumentError
        `axes` is no such permutation, or an array does not fit the converter's shape; also a ValueError.

    Examples
    --------
    >>> converter = DefaultViewConverter((28, 28, 1))
    >>> converter.design_mat_to_topo_view(np.zeros((5, 784))).shape
    (5, 28, 28, 1)
    """

    def __init__(self, shape, axes=("b", 0, 1, "c")):
        rows, columns, channels = shape
        self.shape = (rows, columns, channels)
        self.set_axes(axes)

    def set_axes(self, axes):
        """Set the order of the topological view's axes."""
        axes = tuple(axes)
        if sorted(map(str, axes)) != sorted(map(str, STORED_AXES)):
            raise BadArgumentError(f"axes are {axes}; they must be a permutation of ('b', 0, 1, 'c')")
        self.axes = axes

    def design_mat_to_topo_view(self, X):
        """Return the rows of `X`, shape (b, c*rows*columns), as a view of 4-D images in `axes` order."""
        rows, columns, channels = self.shape
        features = rows * columns * channels
        if np.ndim(X) != 2 or X.shape[1] != features:
            raise BadArgumentError(
                f"got an array of shape {np.shape(X)}, expected (examples, {features}): "
                f"{channels} planes of {rows} x {columns}"
            )
        view = X.reshape(-1, channels, rows, columns)
        return view.transpose([STORED_AXES.index(axis) for axis in self.axes])

    def topo_view_to_design_mat(self, view):
        """Return 4-D images in `axes` order as rows, shape (b, c*rows*columns)."""
        rows, columns, channels = self.shape
        planes = np.transpose(view, [self.axes.index(axis) for axis in STORED_AXES])
        if planes.shape[1:] != (channels, rows, columns):
            raise BadArgumentError(
                f"got images of shape {view.shape} with axes {self.axes}, "
                f"expected {channels} planes of {rows} x {columns}"
            )
        return planes.reshape(len(planes), -1)
