"""A data set as a matrix of examples, with pylearn2's interface."""

import numpy as np

from datasets.design_matrix.iteration import BatchIterator, is_stochastic
from datasets.design_matrix.rng import make_np_rng
from datasets.design_matrix.view_converter import DefaultViewConverter
from datasets.errors import BadArgumentError, DataError

DEFAULT_SEED = (17, 2, 946)


class DenseDesignMatrix:
    """Examples as the rows of a matrix, with targets and, for images, a topological view.

    Names and behaviour are pylearn2's, without its pickling and its spaces. `X` and `y` may be replaced.

    Parameters
    ----------
    X : array of shape (examples, features) or None
        The design matrix. Images are stored as channel planes; see `datasets.design_matrix.view_converter`.
    topo_view : 4-D array or None
        Images with axes `axes`, instead of `X`. The view converter is made from them.
    y : array of shape (examples,) or (examples, targets) or None
        Targets, which are class indices if `y_labels` is given.
    view_converter : DefaultViewConverter or None
        Converts rows of `X` to images.
    axes : sequence
        The order of the axes of `topo_view`, a permutation of 'b', 0, 1, 'c'.
    rng : RandomState, seed or None
        The generator for random iteration modes; RandomState([17, 2, 946]) by default.
    preprocessor : object with ``apply(dataset, can_fit)`` or None
        Applied last.
    fit_preprocessor : bool
        Whether the preprocessor may fit itself to this data set.
    X_labels, y_labels : int or None
        The number of different values if `X` or `y` holds indices; each index must be below it.

    Raises
    ------
    BadArgumentError
        An array has the wrong shape, holds NaN or too large an index, or the numbers of rows differ; also a
        ValueError and an AssertionError.

    Examples
    --------
    >>> images, labels = np.zeros((10, 8, 6, 3), np.float32), np.arange(10)
    >>> data_set = DenseDesignMatrix(topo_view=images, y=labels, y_labels=10)
    >>> data_set.X.shape, data_set.get_topological_view().shape
    ((10, 144), (10, 8, 6, 3))
    >>> batches = data_set.iterator("sequential", batch_size=4, data_specs=("features", "targets"))
    >>> [(X.shape, y.shape) for X, y in batches]
    [((4, 144), (4,)), ((4, 144), (4,)), ((2, 144), (2,))]
    """

    on_disk = False  # whether pylearn2 keeps data sets of this class in HDF5

    def __init__(
        self,
        X=None,
        topo_view=None,
        y=None,
        view_converter=None,
        axes=("b", 0, 1, "c"),
        rng=DEFAULT_SEED,
        preprocessor=None,
        fit_preprocessor=False,
        X_labels=None,
        y_labels=None,
    ):
        if (X is None) == (topo_view is None):
            raise BadArgumentError("a data set needs X or topo_view, and not both; give one")
        self.y = y
        self.X_labels, self.y_labels = X_labels, y_labels
        self.rng = make_np_rng(rng, DEFAULT_SEED, which_method=("randint", "shuffle"))
        if topo_view is not None:
            if view_converter is not None:
                raise BadArgumentError("topo_view makes its own view converter; leave view_converter out")
            self.set_topological_view(topo_view, axes)
        else:
            self.view_converter = view_converter
            self.set_design_matrix(X)
        self._check_targets()
        if preprocessor is not None:
            self.apply_preprocessor(preprocessor, fit_preprocessor)

    def _check_targets(self):
        if self.y is not None and len(self.y) != len(self.X):
            raise BadArgumentError(f"{len(self.X)} examples with {len(self.y)} targets; give equally many")
        for name, indices, count in (("X", self.X, self.X_labels), ("y", self.y, self.y_labels)):
            if indices is None or count is None or not np.size(indices):
                continue
            if np.max(indices) >= count:
                raise BadArgumentError(f"{name} holds {np.max(indices)}, but {name}_labels is {count}")

    def get_design_matrix(self, topo=None):
        """Return `X` itself, not a copy; or the images `topo`, in the view's axes, as rows."""
        if topo is None:
            return self.X
        return self._converter().topo_view_to_design_mat(topo)

    def set_design_matrix(self, X):
        """Replace `X` by a 2-D array without NaN."""
        if np.ndim(X) != 2:
            raise BadArgumentError(f"got a design matrix of shape {np.shape(X)}, expected 2 axes")
        _refuse_nan(X)
        self.X = X

    def get_topological_view(self, mat=None):
        """Return `X`, or the rows `mat`, as a 4-D view in ``view_converter.axes`` order, sharing memory."""
        return self._converter().design_mat_to_topo_view(self.X if mat is None else mat)

    def set_topological_view(self, V, axes=("b", 0, 1, "c")):
        """Replace `X` and the view converter by the images `V`, a 4-D array whose axes `axes` names."""
        _refuse_nan(V)
        if np.ndim(V) != 4:
            raise BadArgumentError(f"got a topological view of shape {np.shape(V)}, expected 4 axes")
        axes = tuple(axes)
        size = dict(zip(axes, V.shape, strict=True))
        # The converter reports a wrong `axes`.
        self.view_converter = DefaultViewConverter([size.get(axis) for axis in (0, 1, "c")], axes)
        self.X = self.view_converter.topo_view_to_design_mat(V)

    def set_view_converter_axes(self, axes):
        """Set the order of the topological view's axes; `X` does not change."""
        self._converter().set_axes(axes)

    def get_topo_batch_axis(self):
        """Return the index of the topological view's axis of examples."""
        return self._converter().axes.index("b")

    def _converter(self):
        if self.view_converter is None:
            raise DataError("this data set has no topological view; give it a view_converter")
        return self.view_converter

    def get_targets(self):
        """Return `y`."""
        return self.y

    def has_targets(self):
        """Return whether there are targets."""
        return self.y is not None

    def get_data(self):
        """Return ``(X, y)``, or `X` if there are no targets."""
        return self.X if self.y is None else (self.X, self.y)

    def get_num_examples(self):
        """Return the number of rows of `X`."""
        return self.X.shape[0]

    def restrict(self, start, stop):
        """Keep only the examples `start` to `stop` (exclusive), or all if both are None.

        `X` and `y` become views of the arrays that they were.
        """
        if start is None and stop is None:
            return
        if start is None or stop is None:
            raise BadArgumentError(f"start is {start} and stop is {stop}; give both or neither")
        if not 0 <= start < stop <= len(self.X):
            raise BadArgumentError(
                f"start {start} and stop {stop} must satisfy 0 <= start < stop <= {len(self.X)}"
            )
        self.X = self.X[start:stop]
        if self.y is not None:
            self.y = self.y[start:stop]

    def apply_preprocessor(self, preprocessor, can_fit=False):
        """Let ``preprocessor.apply(self, can_fit)`` change this data set."""
        preprocessor.apply(self, can_fit)

    def adjust_for_viewer(self, X):
        """Return `X` scaled into [-1, 1] for display."""
        return X / np.max(np.abs(X))

    def iterator(self, mode=None, batch_size=None, num_batches=None, rng=None, data_specs=None):
        """Return an iterator over minibatches.

        Parameters
        ----------
        mode, batch_size, num_batches, rng
            See `datasets.design_matrix.iteration.BatchIterator`. `mode` must be given. Random modes use the data
            set's own `rng` unless another is given.
        data_specs : 'features', 'targets', a tuple of these, or None
            What a batch holds: one array, or a tuple of arrays. None is 'features'. (In pylearn2 these names are
            paired with spaces.)

        Raises
        ------
        BadArgumentError
            An argument is missing or unknown; also a ValueError.
        """
        if mode is None:
            raise BadArgumentError("no iteration mode given; give one, such as mode='sequential'")
        names = "features" if data_specs is None else data_specs
        one = isinstance(names, str)
        arrays = tuple(self._array(name) for name in ((names,) if one else names))
        if rng is None and is_stochastic(mode):
            rng = self.rng
        return BatchIterator(arrays[0] if one else arrays, mode, batch_size, num_batches, rng)

    def _array(self, name):
        if name == "features":
            return self.X
        if name != "targets":
            raise BadArgumentError(f"unknown data source {name!r}; one of: features, targets")
        if self.y is None:
            raise BadArgumentError("this data set has no targets; ask for features only")
        # pylearn2's index spaces give int64, whatever the type of y is.
        return self.y.astype("int64") if np.issubdtype(self.y.dtype, np.integer) else self.y


def _refuse_nan(array):
    # Rows on disk were checked when they were written.
    if isinstance(array, np.ndarray) and np.issubdtype(array.dtype, np.floating) and np.isnan(array).any():
        raise BadArgumentError("the data hold NaN (not a number); remove those examples or values")
