"""The iteration modes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.design_matrix.iteration import DRAWS, MODES, PASSES, BatchIterator

EVEN_MODES = [mode for mode in MODES if mode.startswith("even_")]
SIZES = st.integers(1, 30)


def chained(lists):
    return list(itertools.chain.from_iterable(lists))


def batches(mode, n, batch_size=None, num_batches=None, rng=0):
    rng = None if mode.endswith("even_sequential") or mode == "sequential" else rng
    return [batch.tolist() for batch in BatchIterator(np.arange(n), mode, batch_size, num_batches, rng)]


@pytest.mark.parametrize("mode", list(PASSES))
@given(n=SIZES, batch_size=SIZES, seed=st.integers(0, 99))
def test_a_pass_has_every_example_once(mode, n, batch_size, seed):
    found = batches(mode, n, batch_size, rng=seed)
    assert sorted(chained(found)) == list(range(n))
    sizes = sorted(map(len, found), reverse=True)
    assert sizes == [batch_size] * (n // batch_size) + [n % batch_size] * (n % batch_size > 0)


@pytest.mark.parametrize("mode", EVEN_MODES)
@given(n=SIZES, batch_size=SIZES, seed=st.integers(0, 99))
def test_an_even_pass_drops_the_smaller_last_batch(mode, n, batch_size, seed):
    found = batches(mode, n, batch_size, rng=seed)
    assert [len(batch) for batch in found] == [batch_size] * (n // batch_size)
    assert len(set(chained(found))) == n // batch_size * batch_size


def test_sequential_is_in_order_and_yields_views():
    assert batches("sequential", 5, 2) == [[0, 1], [2, 3], [4]]
    assert batches("sequential", 5, num_batches=2) == [[0, 1, 2], [3, 4]]
    assert batches("sequential", 5, 2, 2) == [[0, 1], [2, 3]]
    X = np.zeros(4)
    next(BatchIterator(X, "sequential", 2))[0] = 1
    assert X[0] == 1


def test_shuffled_sequential_shuffles_once_with_the_generator():
    order = np.arange(7)
    np.random.RandomState(3).shuffle(order)
    assert chained(batches("shuffled_sequential", 7, 3, rng=3)) == order.tolist()


def test_batchwise_shuffled_keeps_the_batches():
    found = batches("batchwise_shuffled_sequential", 10, 3, rng=1)
    assert sorted(found) == batches("sequential", 10, 3)
    assert found != sorted(found)


def test_random_slices_may_start_anywhere_to_the_last_possible():
    found = batches("random_slice", 5, 3, 200)
    assert {tuple(batch) for batch in found} == {(0, 1, 2), (1, 2, 3), (2, 3, 4)}
    assert len(found) == 200


def test_random_uniform_draws_with_replacement():
    found = batches("random_uniform", 5, 3, 200)
    assert {len(batch) for batch in found} == {3}
    assert set(chained(found)) == set(range(5))
    assert any(len(set(batch)) < 3 for batch in found)


def test_a_tuple_of_arrays_gives_tuples():
    X, y = np.arange(6).reshape(3, 2), np.arange(3)
    first = next(BatchIterator((X, y), "shuffled_sequential", 2, rng=0))
    np.testing.assert_array_equal(first[0], X[first[1]])


def test_attributes():
    iterator = BatchIterator(np.arange(7), "random_uniform", 2, 9)
    assert (iterator.num_examples, iterator.batch_size, iterator.num_batches) == (7, 2, 9)
    assert iterator.stochastic
    assert not BatchIterator(np.arange(7), "even_sequential", 2).stochastic
    assert BatchIterator(np.arange(7), "sequential", 2).num_batches == 4


@pytest.mark.parametrize(
    ("mode", "arguments", "message"),
    [
        ("sideways", {"batch_size": 2}, "unknown iteration mode 'sideways'; one of: sequential, "),
        ("sequential", {}, "needs batch_size or num_batches"),
        ("sequential", {"batch_size": 2, "rng": 1}, "is not random; leave rng out"),
        ("even_sequential", {"batch_size": 2, "rng": 1}, "is not random; leave rng out"),
        ("sequential", {"batch_size": 0}, "batch_size is 0"),
        ("sequential", {"batch_size": 2, "num_batches": 4}, "5 examples make 3 of 2"),
        ("even_sequential", {"batch_size": 2, "num_batches": 3}, "5 examples make 2 of 2"),
        ("random_slice", {"batch_size": 6, "num_batches": 1}, "exceeds the 5 examples"),
        *((mode, {"batch_size": 2}, "needs both") for mode in DRAWS),
        *((mode, {"num_batches": 2}, "needs both") for mode in DRAWS),
    ],
)
def test_arguments_that_do_not_go_together(mode, arguments, message):
    with pytest.raises(ValueError, match=message):
        BatchIterator(np.arange(5), mode, **arguments)
