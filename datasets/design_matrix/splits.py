"""Which part of a data set is asked for."""

from datasets.errors import BadArgumentError

SETS = ("train", "test")


def check_which_set(which_set, name, valid_slice):
    """Refuse a `which_set` that is neither 'train' nor 'test'; where 'valid' is asked for, tell its slice."""
    if which_set == "valid":
        raise BadArgumentError(f"{name} has no set 'valid'; slice it from 'train': {valid_slice}")
    if which_set not in SETS:
        raise BadArgumentError(f"{name} has no set {which_set!r}; one of: {', '.join(SETS)}")


def sliced(X, y, start, stop):
    """Return the examples `start` to `stop` (exclusive) of X and y, as views.

    As in pylearn2, `stop` without `start` is ignored.
    """
    if start is None:
        return X, y
    if stop is None or not 0 <= start < stop <= len(X):
        raise BadArgumentError(f"start {start} and stop {stop} must satisfy 0 <= start < stop <= {len(X)}")
    return X[start:stop], y[start:stop]
