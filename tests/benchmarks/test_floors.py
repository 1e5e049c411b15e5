"""The work that a step's floor counts."""

import numpy as np
import pytest

from benchmarks import convolution_ways, floors
from benchmarks.problems import problem


def test_mlp_work():
    case = problem("mnist", overrides={"network.units": 16, "training.batch_size": 10})
    forward = 784 * 16 + 2 * 16 * 16 + 16 * 10
    # Forward and two gradients; the pictures need none.
    assert floors.flop(case) == 2 * 10 * (3 * forward - 784 * 16)
    parameters = forward + 3 * (16 + 16 + 16 + 10)  # biases, scales, shifts
    assert floors.traffic(case) == 24 * parameters


def test_cnn_work():
    case = problem("svhn", overrides={"network.filters": 2, "network.units": 8, "training.batch_size": 10})
    first = 27 * 2 * 32**2
    convolved = 9 * (2 * 2 * 32**2 + (2 * 4 + 4 * 4) * 16**2 + (4 * 8 + 8 * 8) * 8**2)
    dense = 8 * 4 * 4 * 8 + 8 * 8 + 8 * 10
    assert floors.convolution_flop(case) == 2 * 10 * (3 * convolved + 2 * first)
    assert floors.flop(case) == 2 * 10 * (3 * (convolved + dense) + 2 * first)


def test_lstm_work():
    case = problem("war_and_peace", overrides={"network.units": 8, "network.steps": 5, "training.batch_size": 4})
    # Characters are looked up; the recurrent products and the scores remain.
    assert floors.flop(case) == 3 * 2 * 4 * 5 * (8 * 32 + 8 * 87)


@pytest.mark.parametrize("with_input_gradient", [False, True])
def test_ways_to_convolve_agree(with_input_gradient):
    ways = convolution_ways.available("cpu")
    assert {"im2col + sgemm", "XLA"} <= set(ways)
    by_way = {name: prepare(2, 3, 4, 6, with_input_gradient)() for name, prepare in ways.items()}
    expected = by_way.pop("im2col + sgemm")
    assert len(expected) == 2 + with_input_gradient
    for name, results in by_way.items():
        for found, wanted in zip(results, expected, strict=True):
            found = np.asarray(found)
            if name == "XLA":
                found = found.transpose(3, 2, 0, 1) if found.shape[:2] == (3, 3) else found.transpose(0, 3, 1, 2)
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
