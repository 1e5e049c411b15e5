"""What networks are trained and judged by, against NumPy."""

import aesara
import aesara.tensor as at
import numpy as np
from aesara.compile.mode import Mode
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.model.objectives import CrossEntropy, SquaredHinge, signed_one_hot

PYTHON = Mode("py", None)


def _compile(outputs, inputs):
    return aesara.function(inputs, outputs, mode=PYTHON)


_scores, _labels = at.fmatrix(), at.ivector()
_hinge = _compile(SquaredHinge(4).loss(_scores, _labels), [_scores, _labels])
_one_hot = _compile(signed_one_hot(_labels, 4), [_labels])
_errors = _compile(SquaredHinge(4).errors(_scores, _labels), [_scores, _labels])

_following = at.imatrix()
_entropy = _compile(CrossEntropy().loss(_scores, _following), [_scores, _following])
_of_sequences = _compile(CrossEntropy().sequence_losses(_scores, _following), [_scores, _following])
_wrong = _compile(CrossEntropy().errors(_scores, _following), [_scores, _following])


def test_squared_hinge_by_cases():
    """Nothing beyond the margin, the squared distance to it else, and the mean over examples and classes."""
    scores = np.float32([[2, -1, 0, -3], [-1, -2, 0.5, 1]])
    found = _hinge(scores, np.int32([0, 2]))
    assert found.dtype == np.float32
    assert found == np.float32((0 + 0 + 1 + 0 + 0 + 0 + 0.25 + 4) / 8)


@settings(deadline=None, max_examples=50)
@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_targets_losses_and_errors_equal_numpy(labels, seed):
    labels = np.array(labels, dtype="int32")
    scores = np.random.RandomState(seed).uniform(-2, 2, (len(labels), 4)).astype("float32")
    targets = np.full((len(labels), 4), -1.0)
    targets[np.arange(len(labels)), labels] = 1
    found = _one_hot(labels)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, targets)
    loss = np.mean([max(0, 1 - t * y) ** 2 for t, y in zip(targets.flat, scores.flat, strict=True)])
    np.testing.assert_allclose(_hinge(scores, labels), loss, rtol=1e-6)
    assert _errors(scores, labels) == sum(int(np.argmax(y)) != label for y, label in zip(scores, labels, strict=True))


def test_a_tie_goes_to_the_first_class():
    assert _errors(np.float32([[1, 1, 0, 1], [1, 1, 0, 1]]), np.int32([0, 1])) == 1


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 99), batch=st.integers(1, 4), steps=st.integers(1, 5))
def test_cross_entropy_is_the_mean_over_all_characters(seed, batch, steps):
    rng = np.random.RandomState(seed)
    scores = rng.uniform(-5, 5, (batch * steps, 6)).astype("float32")
    following = rng.randint(0, 6, (batch, steps)).astype("int32")
    logs = scores - np.log(np.exp(scores.astype("float64")).sum(axis=1, keepdims=True))
    picked = logs[np.arange(batch * steps), following.reshape(-1)]
    np.testing.assert_allclose(_entropy(scores, following), -picked.mean(), rtol=1e-5)
    expected = -picked.reshape(batch, steps).mean(axis=1)
    np.testing.assert_allclose(_of_sequences(scores, following), expected, rtol=1e-5)
    assert _wrong(scores, following) == (scores.argmax(axis=1) != following.reshape(-1)).sum()
