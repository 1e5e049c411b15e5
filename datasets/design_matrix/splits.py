"""Checking and slicing the part of a data set that an argument names."""

from datasets.errors import BadArgumentError

SETS = ("train", "test")


def check_which_set(which_set, name, valid_slice):
    """Refuse a `which_set` other than 'train' and 'test'; the error for 'valid' names the slice to use."""
    if which_set == "valid":
        raise BadArgumentError(f"{name} has no set 'valid'; slice it from 'train': {valid_slice}")
    if which_set not in SETS:
        raise BadArgumentError(f"{name} has no set {which_set!r}; one of: {', '.join(SETS)}")


def sliced(X, y, start, stop):
    """Return the examples `start` to `stop` (exclusive) of `X` and `y`, as views.

    As in pylearn2, `stop` without `start` is ignored.

    Examples
    --------
    >>> X, y = sliced([[1], [2], [3]], [0, 1, 0], start=1, stop=3)
    >>> X, y
    ([[2], [3]], [1, 0])
    """
    if start is None:
        return X, y
    if stop is None or not 0 <= start < stop <= len(X):
        raise BadArgumentError(f"start {start} and stop {stop} must satisfy 0 <= start < stop <= {len(X)}")
    return X[start:stop], y[start:stop]
