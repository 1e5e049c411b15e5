"""Random generators as pylearn2 makes them."""

import numpy as np

from datasets.errors import BadArgumentError

LAST_RESORT_SEED = 42


def make_np_rng(rng_or_seed=None, default_seed=None, which_method=()):
    """Return a generator: the one given, or a new RandomState.

    Parameters
    ----------
    rng_or_seed : generator, int, sequence of ints or None
        A generator (anything with the methods asked for) is returned as it is; a seed makes a RandomState.
    default_seed : int, sequence of ints or None
        The seed where `rng_or_seed` is None; where this is None too, 42.
    which_method : str or sequence of str
        Names of methods by which a generator is recognized.

    Returns
    -------
    numpy.random.RandomState, or `rng_or_seed` itself

    Raises
    ------
    BadArgumentError
        `rng_or_seed` is neither a seed nor a generator with these methods.
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
