"""LAB's training steps written by hand in plain JAX: one jitted function of a donated state.

The layouts are XLA's fastest: pictures (batch, rows, columns, channels), sequences (steps, batch, units).
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from reproduce.formulas import EPSILON
from reproduce.model.updates import BETA1, BETA2

NORM_EPSILON, NORM_RATE = 1e-4, 0.1
GATES = 4


class PlainJax:
    """The step of `problem`; see `benchmarks.contestants`."""

    def __init__(self, problem, device):
        self._device = jax.devices("gpu" if device == "gpu" else "cpu")[0]
        self._rate = problem.learning_rate
        convert = {"mlp": _mlp_problem, "cnn": _cnn_problem, "lstm": _lstm_problem}[problem.kind]
        network, weights, parameters, statistics, x = convert(problem)
        binarizes = problem.experiment.method.binarizes
        state = {
            "step": np.float32(0),
            "weights": {name: _slots(w) | {"alpha": abs(w).mean()} for name, w in weights.items()},
            "parameters": {name: _slots(p) for name, p in parameters.items()},
            "statistics": statistics,
        }
        self._state, *self._data = jax.device_put((state, x, problem.splits.train.y), self._device)
        self._step = jax.jit(functools.partial(training_step, network, binarizes), donate_argnums=0)

    def losses(self, rows):
        collected = []
        with jax.default_device(self._device), jax.default_matmul_precision("float32"):
            for batch in rows:
                loss, self._state = self._step(self._state, *self._data, batch, self._rate)
                collected.append(loss)
        jax.block_until_ready(self._state)
        return [float(loss) for loss in collected]


def _slots(value):
    return {"value": value, "m": np.zeros_like(value), "v": np.zeros_like(value)}


def training_step(network, binarizes, state, x, y, rows, rate):
    """One minibatch: (loss, next state). `network(weights, parameters, x, y)` gives the loss and batch statistics."""
    used = {name: binarized(w) if binarizes else w["value"] for name, w in state["weights"].items()}
    parameters = {name: p["value"] for name, p in state["parameters"].items()}
    (loss, batch_statistics), (by_weight, by_parameter) = jax.value_and_grad(network, (0, 1), has_aux=True)(
        used, parameters, x[rows], y[rows]
    )
    step = state["step"] + 1
    size = rate * jnp.sqrt(1 - BETA2**step) / (1 - BETA1**step)
    return loss, {
        "step": step,
        "weights": {name: weight_step(w, by_weight[name], size, binarizes) for name, w in state["weights"].items()},
        "parameters": {name: adam(p, by_parameter[name], size)[0] for name, p in state["parameters"].items()},
        "statistics": jax.tree.map(
            lambda running, new: (1 - NORM_RATE) * running + NORM_RATE * new, state["statistics"], batch_statistics
        ),
    }


def binarized(weight):
    return weight["alpha"] * jnp.where(weight["value"] + 1 >= 1, jnp.float32(1), jnp.float32(-1))


def adam(slots, gradient, size):
    """The next slots, and the curvature √v + ε."""
    m = BETA1 * slots["m"] + (1 - BETA1) * gradient
    v = BETA2 * slots["v"] + (1 - BETA2) * gradient**2
    d = jnp.sqrt(v) + EPSILON
    return {"value": slots["value"] - size * m / d, "m": m, "v": v}, d


def weight_step(weight, gradient, size, binarizes):
    """Adam's step; binarized weights are clipped, and come with the scale of the next step."""
    slots, d = adam(weight, gradient, size)
    if not binarizes:
        return weight | slots
    w = jnp.clip(slots["value"], -1, 1)
    return slots | {"value": w, "alpha": (d * abs(w)).sum() / d.sum()}


def batch_norm(parameters, name, x):
    """γ·(x − mean)/(std + ε) + β over all axes but the last, and (mean, std)."""
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    centred = x - mean
    std = jnp.sqrt((centred**2).mean(axes))
    scale = parameters[f"{name}.gamma"] / (std + NORM_EPSILON)
    return centred * scale + parameters[f"{name}.beta"], (mean, std)


def squared_hinge(scores, labels):
    signed = 2 * jax.nn.one_hot(labels, scores.shape[1]) - 1
    return (jnp.maximum(0, 1 - signed * scores) ** 2).mean()


def picture_network(layers, used, parameters, x, labels):
    """Convolutions, pooling after every second; dense layers; batch norm after each, ReLU between."""
    statistics = {}
    for number, name in enumerate(layers, 1):
        if name.startswith("conv"):
            x = jax.lax.conv_general_dilated(
                x, used[f"{name}.W"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
        else:
            x = x.reshape(len(x), -1) @ used[f"{name}.W"]
        x = x + parameters[f"{name}.b"]
        if name.startswith("conv") and number % 2 == 0:
            x = max_pool(x)
        x, statistics[name] = batch_norm(parameters, f"{name}.norm", x)
        if name != layers[-1]:
            x = jax.nn.relu(x)
    return squared_hinge(x, labels), statistics


def max_pool(x):
    """Max-pooling over 2×2. As a maximum over two axes, its gradient is far cheaper on a CPU than `reduce_window`'s."""
    batch, rows, columns, channels = x.shape
    return x.reshape(batch, rows // 2, 2, columns // 2, 2, channels).max((2, 4))


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def clip_gradient(x, bound):
    """`x`, with its gradient clipped to ± `bound`."""
    return x


clip_gradient.defvjp(
    lambda x, bound: (x, None),
    lambda bound, _, gradient: (jnp.clip(gradient, -bound, bound),),
)


def language_model(names, bound, used, parameters, x, labels):
    """One LSTM layer by lookup, and the mean cross-entropy of the next characters."""
    by_input, by_hidden = (jnp.concatenate([used[n] for n in names[first::2]], 1) for first in (0, 1))
    bias = jnp.concatenate([parameters[n] for n in parameters if n.startswith("lstm.b_")])
    projected = by_input[x.T] + bias

    def step(carry, projected):
        cell, hidden = carry
        gates = clip_gradient(projected + hidden @ by_hidden, bound)
        i, f, c, o = jnp.split(gates, GATES, axis=1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(c)
        hidden = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return (cell, hidden), hidden

    start = jnp.zeros((len(x), by_hidden.shape[0]), jnp.float32)
    _, hidden = jax.lax.scan(step, (start, start), projected)
    scores = hidden @ parameters["output.W"] + parameters["output.b"]
    log_probabilities = jax.nn.log_softmax(scores)
    return -jnp.take_along_axis(log_probabilities, labels.T[..., None], 2).mean(), {}


def _mlp_problem(problem):
    network = functools.partial(picture_network, problem.layers)
    return network, problem.weights, problem.parameters, _statistics(problem), problem.pictures()


def _cnn_problem(problem):
    """Our weights and pictures with channels last; filters as a correlation takes them."""
    weights, channels = {}, None
    for name, w in problem.weights.items():
        if w.ndim == 4:
            w, channels = w[:, :, ::-1, ::-1].transpose(2, 3, 1, 0), len(w)
        elif channels:  # the first dense layer reads the last convolution's maps
            side = int((len(w) // channels) ** 0.5)
            w, channels = w.reshape(channels, side, side, -1).transpose(1, 2, 0, 3).reshape(w.shape), None
        weights[name] = np.ascontiguousarray(w)
    network = functools.partial(picture_network, problem.layers)
    pictures = np.ascontiguousarray(problem.pictures().transpose(0, 2, 3, 1))
    return network, weights, problem.parameters, _statistics(problem), pictures


def _lstm_problem(problem):
    clip = problem.experiment["training.clip_gradient"]
    network = functools.partial(language_model, list(problem.weights), clip)
    return network, problem.weights, problem.parameters, {}, problem.splits.train.x


def _statistics(problem):
    sizes = {name: len(problem.parameters[f"{name}.b"]) for name in problem.layers}
    return {name: (np.zeros(n, np.float32), np.ones(n, np.float32)) for name, n in sizes.items()}
