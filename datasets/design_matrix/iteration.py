"""pylearn2's iteration modes: the orders in which a data set is cut into minibatches.

================================  =====================================================================
`sequential`                      slices from the first example to the last
`shuffled_sequential`             the same after shuffling the examples once, when the iterator is made
`batchwise_shuffled_sequential`   the slices of `sequential` in an order that is shuffled once
`random_slice`                    slices that start at random examples, with replacement
`random_uniform`                  random examples, with replacement
`even_` + one of the first three  the same without a smaller last batch
================================  =====================================================================
"""

import numpy as np

from datasets.design_matrix.rng import make_np_rng
from datasets.errors import BadArgumentError

EVEN = "even_"


def _sequential(num_examples, batch_size, num_batches, rng):
    return (_batch(i, batch_size, num_examples) for i in range(num_batches))


def _shuffled_sequential(num_examples, batch_size, num_batches, rng):
    order = _shuffled_range(num_examples, rng)
    return (order[_batch(i, batch_size, num_examples)] for i in range(num_batches))


def _batchwise_shuffled_sequential(num_examples, batch_size, num_batches, rng):
    return (_batch(i, batch_size, num_examples) for i in _shuffled_range(num_batches, rng))


def _random_slice(num_examples, batch_size, num_batches, rng):
    starts = (rng.randint(num_examples - batch_size + 1) for _ in range(num_batches))
    return (slice(start, start + batch_size) for start in starts)


def _random_uniform(num_examples, batch_size, num_batches, rng):
    return (rng.randint(num_examples, size=batch_size) for _ in range(num_batches))


def _batch(i, batch_size, num_examples):
    return slice(i * batch_size, min((i + 1) * batch_size, num_examples))


def _shuffled_range(n, rng):
    order = np.arange(n)
    rng.shuffle(order)
    return order


PASSES = {
    "sequential": _sequential,
    "shuffled_sequential": _shuffled_sequential,
    "batchwise_shuffled_sequential": _batchwise_shuffled_sequential,
}
DRAWS = {"random_slice": _random_slice, "random_uniform": _random_uniform}
MODES = (*PASSES, *DRAWS, *(EVEN + name for name in PASSES))


def is_stochastic(mode):
    """Return whether an iteration mode draws random numbers."""
    return mode.removeprefix(EVEN) != "sequential"


class BatchIterator:
    """Minibatches of one or several arrays with equally many rows.

    Parameters
    ----------
    arrays : array or tuple of arrays
        A batch is an array if this is one, or a tuple of arrays.
    mode : str
        One of `MODES`.
    batch_size, num_batches : int or None
        The modes that pass over the data need one of the two; those that draw with replacement need both.
    rng : generator, seed or None
        Needed by every mode except the sequential ones, which refuse it.

    Attributes
    ----------
    num_examples, batch_size, num_batches : int
    stochastic : bool

    Raises
    ------
    BadArgumentError
        The mode is missing or unknown, or does not fit the other arguments; also a ValueError.

    Examples
    --------
    >>> X = np.zeros((10, 3))
    >>> [batch.shape for batch in BatchIterator(X, "even_shuffled_sequential", batch_size=4, rng=1)]
    [(4, 3), (4, 3)]
    """

    def __init__(self, arrays, mode, batch_size=None, num_batches=None, rng=None):
        if mode not in MODES:
            raise BadArgumentError(f"unknown iteration mode {mode!r}; one of: {', '.join(MODES)}")
        self.stochastic = is_stochastic(mode)
        if self.stochastic:
            rng = make_np_rng(rng, which_method=("randint", "shuffle"))
        elif rng is not None:
            raise BadArgumentError(f"mode {mode} is not random; leave rng out")
        self._arrays = arrays
        self.num_examples = len(arrays[0] if isinstance(arrays, tuple) else arrays)
        for what, value in (("batch_size", batch_size), ("num_batches", num_batches)):
            if value is not None and value < 1:
                raise BadArgumentError(f"{what} is {value}; it must be at least 1")
        if mode in DRAWS:
            self.batch_size, self.num_batches = self._drawn(mode, batch_size, num_batches)
        else:
            self.batch_size, self.num_batches = self._passed(mode, batch_size, num_batches)
        order = DRAWS[mode] if mode in DRAWS else PASSES[mode.removeprefix(EVEN)]
        self._subsets = order(self.num_examples, self.batch_size, self.num_batches, rng)

    def _drawn(self, mode, batch_size, num_batches):
        if batch_size is None or num_batches is None:
            raise BadArgumentError(f"mode {mode} needs both batch_size and num_batches; give both")
        if mode == "random_slice" and batch_size > self.num_examples:
            raise BadArgumentError(f"batch_size {batch_size} exceeds the {self.num_examples} examples")
        return batch_size, num_batches

    def _passed(self, mode, batch_size, num_batches):
        if batch_size is None:
            if num_batches is None:
                raise BadArgumentError(f"mode {mode} needs batch_size or num_batches; give one")
            batch_size = max(1, -(-self.num_examples // num_batches))
            given = False
        else:
            given = num_batches is not None
        most = self.num_examples // batch_size
        if not mode.startswith(EVEN):
            most = -(-self.num_examples // batch_size)
        if given and num_batches > most:
            raise BadArgumentError(
                f"num_batches is {num_batches}, but {self.num_examples} examples make {most} of {batch_size}"
            )
        return batch_size, most if num_batches is None else min(num_batches, most)

    def __iter__(self):
        return self

    def __next__(self):
        subset = next(self._subsets)
        if isinstance(self._arrays, tuple):
            return tuple(array[subset] for array in self._arrays)
        return self._arrays[subset]
