import numpy as np
import pytest
from aesara.tensor.type import TensorType

from reproduce import backends, experiments
from reproduce.model import networks

SMALL = {
    "mnist": {"network.units": 70, "network.hidden_layers": 2},
    "cifar10": {"network.filters": 3, "network.units": 9},
    "linux_kernel": {"network.units": 70, "network.steps": 6},
}
VOCABULARY = 11


@pytest.fixture
def trained():
    """A function that draws a network as if it had been trained: no variable has the value that it starts with."""

    def draw(name, method, seed=0, **overrides):
        rng = np.random.RandomState(seed)
        experiment = experiments.resolve(name, method, SMALL[name] | overrides)
        network = networks.build(experiment, rng, VOCABULARY if name == "linux_kernel" else None)
        for variable in network.variables:
            if variable.name.endswith("W") or "W_" in variable.name:
                continue
            shape = variable.get_value().shape
            positive = variable.name.endswith(("alpha", "std"))
            value = rng.uniform(0.1, 0.5, shape) if positive else rng.uniform(-0.5, 0.5, shape)
            variable.set_value(value.astype("float32"))
        return experiment, network

    return draw


@pytest.fixture
def evaluated():
    """A function that gives Aesara's scores of a network, as a run evaluates it."""

    def scores(network, x):
        symbolic = TensorType(x.dtype, shape=(None, *x.shape[1:]))()
        (found,) = backends.create("jax").compile([symbolic], [network.evaluation_pass(symbolic)])(x)
        return np.asarray(found)

    return scores
