"""The steps that `benchmarks` times compute the same."""

import numpy as np
import pytest

from benchmarks.ours import Ours
from benchmarks.peers.plain_jax import PlainJax
from benchmarks.problems import problem

TINY = {
    "mnist": {"network.units": 16, "training.batch_size": 10},
    "svhn": {"network.filters": 2, "network.units": 8, "training.batch_size": 10},
    # Gradients are clipped at a bound so low, and steps so long, that the losses show it.
    "war_and_peace": {
        "network.units": 8, "network.steps": 5, "training.batch_size": 4,
        "training.clip_gradient": 1e-5, "training.learning_rate": 0.1,
    },
}  # fmt: skip
STEPS = 3


def losses(kind, case, *arguments):
    return kind(case, "cpu", *arguments).losses(case.minibatches(STEPS))


@pytest.mark.parametrize("network", TINY)
def test_plain_jax_computes_our_losses(network):
    case = problem(network, overrides=TINY[network])
    np.testing.assert_allclose(losses(PlainJax, case), losses(Ours, case, "jax"), rtol=1e-5)


@pytest.mark.parametrize("method", ["lab", "full-precision"])
@pytest.mark.parametrize("network", TINY)
def test_pytorch_computes_plain_jaxs_losses(network, method):
    pytest.importorskip("torch")
    from benchmarks.peers.pytorch import PyTorch

    unclipped = {key: value for key, value in TINY[network].items() if key != "training.clip_gradient"}
    case = problem(network, method, unclipped)
    found, expected = losses(PyTorch, case), losses(PlainJax, case)
    # PyTorch's batch norm adds its epsilon elsewhere, and the first steps, mere signs of gradients, enlarge that.
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4)
    np.testing.assert_allclose(found, expected, rtol=5e-3)


def test_full_precision_lstm_of_plain_jax_is_ours():
    """PyTorch's full-precision LSTM is held to it."""
    case = problem("war_and_peace", "full-precision", TINY["war_and_peace"])
    np.testing.assert_allclose(losses(PlainJax, case), losses(Ours, case, "jax"), rtol=1e-5)


def test_losses_show_the_gradients_bound():
    """So the comparison above holds the clipping too."""
    bounds = TINY["war_and_peace"]["training.clip_gradient"], 5.0
    cases = [TINY["war_and_peace"] | {"training.clip_gradient": bound} for bound in bounds]
    clipped, unclipped = (losses(PlainJax, problem("war_and_peace", overrides=case)) for case in cases)
    assert clipped[0] == unclipped[0] and abs(clipped[1] / unclipped[1] - 1) > 1e-4
