"""pylearn2's way to make random generators."""

import numpy as np

from datasets.errors import BadArgumentError

LAST_RESORT_SEED = 42


def make_np_rng(rng_or_seed=None, default_seed=None, which_method=()):
    """Return the generator that is given, or a new RandomState.

    Parameters
    ----------
    rng_or_seed : generator, int, sequence of ints or None
        A generator, which is anything with the methods `which_method`, is returned as it is. A seed makes a
        RandomState.
    default_seed : int, sequence of ints or None
        The seed if `rng_or_seed` is None; 42 if this is None too.
    which_method : str or sequence of str
        The names of the methods by which a generator is recognized.

    Returns
    -------
    numpy.random.RandomState, or `rng_or_seed` itself

    Raises
    ------
    BadArgumentError
        `rng_or_seed` is neither a seed nor a generator with these methods.

    Examples
    --------
    >>> make_np_rng(None, [17, 2, 946], which_method="randint").randint(10, size=3).shape
    (3,)
    """
    methods = (which_method,) if isinstance(which_method, str) else tuple(which_method)
    if isinstance(rng_or_seed, np.random.RandomState):
        return rng_or_seed
    if methods and all(hasattr(rng_or_seed, method) for method in methods):
        return rng_or_seed
    for seed in (rng_or_seed, default_seed):
        if seed is not None:
            break
    else:
        seed = LAST_RESORT_SEED
    try:
        return np.random.RandomState(seed)
    except (TypeError, ValueError) as error:
        raise BadArgumentError(f"{seed!r} is neither a random generator nor a seed") from error
