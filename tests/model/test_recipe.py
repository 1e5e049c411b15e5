"""Adam's constants and Glorot's bound, rounded as the originals round them."""

import numpy as np
import pytest

from reproduce.model.recipe import BETA1, BETA2, RELEASED, REPOSITORY


def test_decay_rates():
    beta1, beta2 = np.float32(BETA1), np.float32(BETA2)
    assert RELEASED.decay_rates == (beta1, np.float32(1 - BETA1), beta2, np.float32(1 - BETA2))
    assert REPOSITORY.decay_rates == (beta1, np.float32(1) - beta1, beta2, np.float32(1) - beta2)
    # 1 − β₂ is exact after the subtraction of rounded numbers, so it carries β₂'s rounding, 1.3e-5 of it.
    assert REPOSITORY.decay_rates[3] / (1 - BETA2) == pytest.approx(1 - 1.3e-5, abs=1e-6)


def test_the_bound_is_rounded_where_it_is_drawn_from_and_not_where_it_divides():
    bound = np.sqrt(1.5 / (784 + 2048))
    assert RELEASED.initial_range(784, 2048) == float(np.float32(bound)) != bound
    assert REPOSITORY.step_scale(784, 2048) == 1 / bound
    assert (RELEASED.step_scale(784, 2048), REPOSITORY.initial_range(784, 2048)) == (1, 1)
