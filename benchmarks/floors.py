"""The least time of a step on this machine: its matrix products at the measured rate, plus its memory traffic.

The floor of a step is FLOP/rate + bytes/bandwidth. FLOP counts the matrix products and convolutions, forward and for
both gradients. The rate is the highest that float32 products of the step's own shapes reach. Bytes counts reading and
writing every parameter and its two moments once. The bandwidth is that of copying memory, bytes read and written.
Convolutions rarely run at the rate of products, so their rates are measured too.
"""

import itertools
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

FLOAT = 4  # bytes
TRAFFIC = 6 * FLOAT  # a parameter's w, m and v, each read and written
SQUARE = (2048, 2048, 2048)
REPEATS = 3
COPIED = 2**28  # bytes


def products(problem):
    """The step's matrix products as ((rows, inner, columns), count); a convolution counts as a product of patches."""
    if problem.kind == "lstm":
        return _lstm_products(problem)
    sizes = [_dense(problem, w) for w in problem.weights.values() if w.ndim == 2]
    sizes = [_patches(problem.batch, *convolution) for convolution in convolutions(problem)] + sizes
    return [(shape, 1) for number, size in enumerate(sizes) for shape in _passes(*size)[: 3 if number else 2]]


def _dense(problem, w):
    return problem.batch, *w.shape


def _patches(batch, channels, filters, side):
    return batch * side**2, 9 * channels, filters


def _passes(rows, inner, columns):
    """The products forward, for the gradient of the weights, and for the gradient of the input."""
    return (rows, inner, columns), (inner, rows, columns), (rows, columns, inner)


def _lstm_products(problem):
    steps, units = problem.experiment["network.steps"], problem.experiment["network.units"]
    forward, _, backward = _passes(problem.batch, units, 4 * units)
    by_weight = (units, steps * problem.batch, 4 * units)
    scores = _passes(steps * problem.batch, units, problem.classes)
    return [(forward, steps), (backward, steps), (by_weight, 1), *((shape, 1) for shape in scores)]


def convolutions(problem):
    """(channels, filters, side of the maps) of each convolution; maps are pooled after every second."""
    filters = [w for w in problem.weights.values() if w.ndim == 4]
    return [(w.shape[1], w.shape[0], 32 // 2 ** (number // 2)) for number, w in enumerate(filters)]


def flop(problem):
    return sum(2 * math.prod(shape) * count for shape, count in products(problem))


def convolution_flop(problem):
    """FLOP of the convolutions alone; the first needs no gradient of its input."""
    each = [2 * math.prod(_patches(problem.batch, *size)) for size in convolutions(problem)]
    return 3 * sum(each) - sum(each[:1])


def traffic(problem):
    """Bytes that a step must read and write for its parameters."""
    values = itertools.chain(problem.weights.values(), problem.parameters.values())
    return TRAFFIC * sum(value.size for value in values)


def measure(problem, device):
    """The step's floor on this machine, as a dict for the benchmark's file."""
    rates = [_product_rate(shape, device) for shape in {shape for shape, _ in products(problem)} | {SQUARE}]
    rate, bandwidth = max(rates), _copy_bandwidth(device)
    in_memory = traffic(problem) / bandwidth
    floor = {
        "gflop": flop(problem) / 1e9,
        "mbytes": traffic(problem) / 1e6,
        "product_gflop_s": rate / 1e9,
        "copy_gbyte_s": bandwidth / 1e9,
        "ms": 1e3 * (flop(problem) / rate + in_memory),
    }
    if problem.kind != "cnn":
        return floor
    convolved = convolution_flop(problem)
    by_way = convolution_rates(problem, device)
    at_best = convolved / max(by_way.values()) + (flop(problem) - convolved) / rate + in_memory
    return floor | {
        "convolution_gflop_s": {way: value / 1e9 for way, value in by_way.items()},
        "ms_by_best_convolution": 1e3 * at_best,
    }


def convolution_rates(problem, device):
    """FLOP/s of all convolutions of the step, forward and both gradients, for each available way."""
    from benchmarks import convolution_ways

    rates = {}
    for name, prepare in convolution_ways.available(device).items():
        seconds = 0.0
        for number, size in enumerate(convolutions(problem)):
            seconds += fastest(prepare(problem.batch, *size, with_input_gradient=number > 0))
        rates[name] = convolution_flop(problem) / seconds
    return rates


def fastest(call):
    """Seconds of the fastest of a few calls, after one that warms up."""
    call()
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _product_rate(shape, device):
    rows, inner, columns = shape
    a, b = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    if device == "gpu":
        call = _on_gpu(lambda a, b: a @ b, a, b)
    else:
        out = np.empty((rows, columns), np.float32)

        def call():
            np.matmul(a, b, out=out)

    return 2 * math.prod(shape) / fastest(call)


def _copy_bandwidth(device):
    source = np.ones(COPIED // FLOAT, np.float32)
    if device == "gpu":
        return 2 * COPIED / fastest(_on_gpu(lambda x: x + 1, source))
    parts = len(os.sched_getaffinity(0))
    pairs = list(zip(np.array_split(source, parts), np.array_split(np.empty_like(source), parts), strict=True))
    with ThreadPoolExecutor(parts) as threads:
        return 2 * COPIED / fastest(lambda: list(threads.map(lambda pair: np.copyto(pair[1], pair[0]), pairs)))


def _on_gpu(function, *arrays):
    import jax

    arrays = jax.device_put(arrays, jax.devices("gpu")[0])
    compiled = jax.jit(function)

    def call():
        with jax.default_matmul_precision("float32"):
            jax.block_until_ready(compiled(*arrays))

    return call
