import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reproduce import formulas
from reproduce.flips import flip_ratio, packed_signs

VALUES = np.float32([-1.0, -1e-9, -0.0, 0.0, 0.5, np.nan]).tolist()
WEIGHTS = arrays("float32", st.integers(1, 40), elements=st.sampled_from(VALUES))


@given(WEIGHTS, st.booleans(), st.randoms(use_true_random=False))
def test_the_flip_ratio_is_the_share_of_signs_that_differ(w, zero_is_positive, random):
    later = w.copy()
    random.shuffle(later)
    before, after = (formulas.sign(formulas.NUMPY, x, zero_is_positive) for x in (w, later))
    packed = (packed_signs(x, zero_is_positive) for x in (w, later))
    assert flip_ratio(*packed, w.size) == np.mean(before != after)
