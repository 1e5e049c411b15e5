"""Times one LAB training step of the MNIST network: this project on each backend against PyTorch, alternating.

    make bench
    .venv-bench/bin/python benchmarks/step_time.py [--rounds N] [--steps N] [--threads N] [--out FILE.json]

Machines are noisy, so what counts is the ratio of two steps measured side by side: each round runs every contender for
a few steps, and the table gives the median step and the median over rounds of its ratio to PyTorch's. PyTorch takes its
own fused batch norm and fused Adam, and the same LAB binarization written by hand.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from pathlib import Path

BATCH, INPUTS, UNITS, CLASSES, LAYERS = 100, 784, 2048, 10, 3
EXAMPLES = 10_000
SIZES = [INPUTS, *[UNITS] * LAYERS, CLASSES]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=20, help="steps a round (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all (%(default)s)")
    parser.add_argument("--out", metavar="FILE.json")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # before any of the libraries starts its threads
    contenders = {"pytorch": pytorch(options.threads), "c": ours("c"), "jax": ours("jax")}
    times = {name: [] for name in contenders}
    for _ in range(options.rounds + 1):
        for name, steps in contenders.items():
            began = time.perf_counter()
            steps(options.steps)
            times[name].append((time.perf_counter() - began) / options.steps)
    times = {name: rounds[1:] for name, rounds in times.items()}  # the first warms up
    print(f"{'':10}{'median step':>14}{'ratio to PyTorch':>20}{'range':>16}")
    results = {}
    for name, rounds in times.items():
        ratios = [ours / theirs for ours, theirs in zip(rounds, times["pytorch"], strict=True)]
        results[name] = {"step_ms": [1e3 * t for t in rounds], "ratios": ratios}
        print(
            f"{name:10}{1e3 * statistics.median(rounds):11.1f} ms{statistics.median(ratios):20.2f}"
            f"{min(ratios):9.2f}–{max(ratios):.2f}"
        )
    if options.out:
        from reproduce import provenance

        results = {"network": "mnist", "method": "lab", "threads": options.threads, "results": results}
        results |= {"device": provenance.processor(), "software": provenance.software()}
        Path(options.out).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def ours(backend):
    """The step of `reproduce` as a function of the number of steps to run."""
    from reproduce import backends, experiments
    from reproduce.arrays import Arrays, Examples
    from reproduce.training import Training

    x, y = examples()
    held_out = Examples(x[:1000], y[:1000])
    arrays = Arrays(Examples(x, y), held_out, held_out, {})
    training = Training(experiments.resolve("mnist", "lab"), arrays, backends.create(backend), seed=1234)

    def steps(count):
        for _ in training.losses(training.shuffle()[:count]):
            pass

    steps(2)
    return steps


def examples():
    import numpy as np

    rng = np.random.RandomState(0)
    return rng.randn(EXAMPLES, INPUTS).astype("float32"), rng.randint(0, CLASSES, EXAMPLES).astype("int32")


def pytorch(threads):
    """The same step by hand in eager PyTorch."""
    try:
        import torch
        from torch.nn import functional
    except ImportError:
        sys.exit("PyTorch is not installed here; run 'make bench'")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = (torch.from_numpy(array) for array in examples())
    signed = 2 * functional.one_hot(y.long(), CLASSES).float() - 1
    weights = [torch.empty(a, b).uniform_(-1, 1).mul_((1.5 / (a + b)) ** 0.5) for a, b in itertools.pairwise(SIZES)]
    others = [(torch.zeros(n), torch.ones(n), torch.zeros(n)) for n in SIZES[1:]]  # bias, gamma, beta
    running = [(torch.zeros(n), torch.ones(n)) for n in SIZES[1:]]
    trained = [tensor.requires_grad_() for group in others for tensor in group]
    optimizer = torch.optim.Adam([*weights, *trained], lr=0.01, fused=True)

    def alpha(weight):
        state = optimizer.state.get(weight)
        if not state:
            return weight.abs().mean()
        d = state["exp_avg_sq"].sqrt().add_(1e-8)
        return (d * weight.abs()).sum() / d.sum()

    def step(rows):
        with torch.no_grad():
            used = [alpha(w) * torch.where(w + 1 >= 1, 1.0, -1.0) for w in weights]
        for tensor in used:
            tensor.requires_grad_()
        hidden = x[rows]
        for number, tensor in enumerate(used):
            (bias, gamma, beta), (mean, variance) = others[number], running[number]
            hidden = torch.addmm(bias, hidden, tensor)
            hidden = functional.batch_norm(hidden, mean, variance, gamma, beta, training=True, momentum=0.1)
            if number < LAYERS:
                hidden = functional.relu(hidden)
        loss = functional.relu(1 - signed[rows] * hidden).square().mean()
        loss.backward()
        for weight, tensor in zip(weights, used, strict=True):
            weight.grad = tensor.grad
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            for weight in weights:
                weight.clamp_(-1, 1)
        return loss.item()

    def steps(count):
        order = torch.randperm(EXAMPLES)
        for i in range(count):
            step(order[i * BATCH : (i + 1) * BATCH])

    steps(2)
    return steps


if __name__ == "__main__":
    main()
