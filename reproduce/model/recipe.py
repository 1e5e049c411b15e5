"""How binarized weights start and step: as in LAB's released scripts, or as in the baselines' own repositories."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BETA1, BETA2 = 0.9, 0.999


def glorot_bound(n_in, n_out):
    """√(1.5 / (n_in + n_out)), for `n_in` inputs and `n_out` outputs as Glorot and Bengio count them.

    Examples
    --------
    >>> glorot_bound(4, 2)
    0.5
    """
    return float(np.sqrt(1.5 / (n_in + n_out)))


@dataclass(frozen=True)
class Recipe:
    """The points in which the two sources differ.

    Attributes
    ----------
    initial_range : function (n_in, n_out) → float
        Binarized weights start uniform in ± its value.
    step_scale : function (n_in, n_out) → float
        Its value multiplies their Adam steps.
    zero_is_positive : bool
        The rule of the sign at zero; see `reproduce.formulas.sign`.
    decay_rates : tuple of numpy.float32
        β₁, 1 − β₁, β₂ and 1 − β₂ of Adam, for every parameter.
    draws_stream_seed : bool
        Whether each layer first draws one integer, to seed a stream that goes unused.
    """

    initial_range: Callable
    step_scale: Callable
    zero_is_positive: bool
    decay_rates: tuple
    draws_stream_seed: bool


def _subtracted_then_rounded():
    return tuple(np.float32(rate) for rate in (BETA1, 1 - BETA1, BETA2, 1 - BETA2))


def _rounded_then_subtracted():
    """The order of Lasagne 0.2.dev1, which the repositories call; 1 − β₂ has a relative error of 1.3e-5."""
    beta1, beta2, one = np.float32(BETA1), np.float32(BETA2), np.float32(1)
    return beta1, one - beta1, beta2, one - beta2


RELEASED = Recipe(
    # The scripts round the bound to float32 before they draw (released lab.py, DenseLayer, Conv2DLayer).
    initial_range=lambda n_in, n_out: float(np.float32(glorot_bound(n_in, n_out))),
    step_scale=lambda n_in, n_out: 1.0,
    zero_is_positive=True,
    decay_rates=_subtracted_then_rounded(),
    draws_stream_seed=False,
)

REPOSITORY = Recipe(
    initial_range=lambda n_in, n_out: 1.0,
    step_scale=lambda n_in, n_out: 1 / glorot_bound(n_in, n_out),
    zero_is_positive=False,
    decay_rates=_rounded_then_subtracted(),
    draws_stream_seed=True,
)

RECIPES = {"released": RELEASED, "repository": REPOSITORY}
"""The recipes, by the values of ``method.variant``."""
