"""Trajectories of the released scripts on their own stack (Python 2.7, Theano 0.9), computed step by step."""

import json

import numpy as np
import pytest

from reproduce import backends, experiments
from reproduce.trace import trace

FIRST_LOSS = 1e-6


@pytest.fixture(scope="session")
def released(golden_folder):
    """A function from a name to the trajectory of that name."""
    return lambda name: json.loads((golden_folder / "trajectories" / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def mnist(prepared_root):
    return prepared_root("mnist")


def both(expected, data, method, backend, steps, overrides=None):
    experiment = experiments.resolve("mnist", method, overrides)
    found = trace(experiment, 1234, backends.create(backend), data, steps)
    exact = ("initial_weights_shape", "initial_weights_first3", "first_shuffle_first10", "batch_size", "learning_rate")
    for key in exact:
        assert found[key] == expected[key], key
    losses, references = np.array(found["training_losses"]), np.array(expected["training_losses"][:steps])
    assert len(losses) == steps
    return losses, references, abs(losses / references - 1)


# Bounds: how far an honest port may be, by summation order and, behind binary activations, by ties with the batch mean.
@pytest.mark.parametrize(
    ("method", "golden", "first", "few", "count", "mean"),
    [
        ("full-precision", "mnist_full_precision", FIRST_LOSS, 2e-4, 20, 0.01),
        ("lab", "mnist_lab_w", FIRST_LOSS, 5e-3, 10, 0.01),
        ("lab2", "mnist_lab_wa", 1e-2, 1e-1, 10, 0.03),
    ],
)
@pytest.mark.compiler
def test_the_released_trajectory_repeats(released, mnist, method, golden, first, few, count, mean):
    losses, references, off = both(released(golden), mnist, method, "c", 100)
    assert off[0] <= first
    assert off[:count].max() <= few
    assert losses[50:].mean() == pytest.approx(references[50:].mean(), rel=mean)


@pytest.mark.parametrize(
    ("method", "golden", "first", "few"),
    [
        ("full-precision", "mnist_full_precision", FIRST_LOSS, 2e-4),
        ("lab", "mnist_lab_w", FIRST_LOSS, 5e-3),
        ("lab2", "mnist_lab_wa", 1e-2, 1e-1),
    ],
)
def test_the_released_trajectory_repeats_on_jax(released, mnist, method, golden, first, few):
    _, _, off = both(released(golden), mnist, method, "jax", 10)
    assert off[0] <= first and off.max() <= few


@pytest.mark.parametrize(
    ("method", "golden", "few"),
    [("binaryconnect", "mnist_binaryconnect_repository", 5e-3), ("bnn", "mnist_bnn_repository", 3e-2)],
)
@pytest.mark.compiler
def test_the_baselines_own_repositories_repeat(released, mnist, method, golden, few):
    _, _, off = both(released(golden), mnist, method, "c", 10, {"method.variant": "repository"})
    assert off[0] <= FIRST_LOSS and off.max() <= few


@pytest.mark.parametrize(("name", "backend"), [("svhn", "jax"), ("svhn", "c"), ("cifar10", "c")])
def test_a_convolutional_trajectory_begins_as_the_released_one(released, tmp_path, name, backend):
    expected = released(f"{name}_lab_w_synthetic")
    experiment = experiments.resolve(name, "lab", {"data.source": "synthetic"})
    found = trace(experiment, 1234, backends.create(backend), tmp_path, 2)
    for key in ("initial_weights_shape", "initial_weights_first3", "first_shuffle_first10", "batch_size"):
        assert found[key] == expected[key], key
    losses = expected["training_losses"]
    assert found["training_losses"][0] == pytest.approx(losses[0], rel=FIRST_LOSS)
    assert found["training_losses"][1] == pytest.approx(losses[1], rel=5e-3)


@pytest.mark.parametrize(
    ("backend", "method", "length", "golden", "exact_gates", "bound"),
    [
        ("jax", "full-precision", 50, "warpeace_full_precision_len50", False, 1e-4),
        ("jax", "lab", 100, "warpeace_lab_w_len100", False, 1e-4),
        ("c", "lab", 100, "warpeace_lab_w_len100", False, 1e-5),
        ("c", "lab", 100, "warpeace_lab_w_len100", True, 1e-6),
    ],
)
def test_the_language_models_trajectory_repeats(
    released, prepared_root, backend, method, length, golden, exact_gates, bound
):
    data, expected = prepared_root("war_and_peace"), released(golden)
    overrides = {
        "network.steps": length, "data.vocabulary_order": "released", "backend.exact_gates": exact_gates,
    }  # fmt: skip
    experiment = experiments.resolve("war_and_peace", method, overrides)
    found = trace(experiment, 1234, backends.create(backend), data, 10)
    for key in ("vocabulary", "vocabulary_order_bytes", "train_length", "valid_length", "test_length"):
        assert found[key] == expected[key], key
    assert found["first_shuffle_first10"] == expected["first_shuffle_first10"]
    np.testing.assert_allclose(found["training_losses"], expected["training_losses"], rtol=bound)


def test_a_trace_goes_on_into_the_next_epoch(tmp_path):
    experiment = experiments.resolve("digits", "lab", {"network.units": 4, "training.batch_size": 290})
    found = trace(experiment, 3, backends.create("jax"), tmp_path, 7)
    assert len(found["training_losses"]) == 7
    order = list(range(1200))
    rng = np.random.RandomState(3)
    for shape in found["initial_weights_shape"]:
        rng.uniform(size=shape)
    rng.shuffle(order)
    assert found["first_shuffle_first10"] == order[:10]
