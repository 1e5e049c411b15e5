"""Generators from seeds."""

import numpy as np
import pytest

from datasets.design_matrix.rng import make_np_rng
from datasets.errors import BadArgumentError


@pytest.mark.parametrize(
    ("arguments", "seed"),
    [((), 42), ((None, [17, 2, 946]), [17, 2, 946]), ((7, 5), 7), ((0, 5), 0), (([1, 2], 5), [1, 2])],
)
def test_the_seed_given_then_the_default_then_42(arguments, seed):
    assert make_np_rng(*arguments).randint(1 << 30) == np.random.RandomState(seed).randint(1 << 30)


def test_a_generator_passes_through():
    rng = np.random.RandomState(1)
    assert make_np_rng(rng, 5) is rng

    class Generator:
        def shuffle(self, values):
            values.reverse()

    generator = Generator()
    assert make_np_rng(generator, 5, which_method="shuffle") is generator
    with pytest.raises(BadArgumentError, match="neither a random generator nor a seed"):
        make_np_rng(generator, 5, which_method=("shuffle", "randint"))


def test_a_bad_seed_is_refused():
    with pytest.raises(ValueError, match="neither a random generator nor a seed"):
        make_np_rng("seven")
