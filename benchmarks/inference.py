"""Times exported models against float32 products by BLAS: what weights of one bit bring when a network is used.

    python -m benchmarks.inference [--rounds N] [--out FILE.json]

Measured are MNIST's network (784-2048FC-2048FC-2048FC-10) with random weights, and the product of one of its hidden
layers, at minibatches of 1 and 100. The contestants take turns in each round, and ratios are taken within a round,
because the machine may have other work. `float32 BLAS` is the same computation with weights, or weights and
activations, as float32 arrays, by NumPy's BLAS. All run on one thread.
"""

import argparse
import functools
import itertools
import json
import statistics
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from datasets.storage.files import write_text
from reproduce.inference import kernels, network
from reproduce.runs import provenance

WIDTHS = (784, 2048, 2048, 2048, 10)
BATCHES = (1, 100)
FLOAT = "float32 BLAS"
WEIGHTS = "weights"
KINDS = {"weights and activations": "sign", WEIGHTS: "rectify"}
"""What is binarized, and the activation of such networks."""


class Additions(kernels.CKernels):
    """The C kernels, with additions for minibatches of any size."""

    def real_multiplier(self, w, length, rows):
        return lambda x: self.additions(x, w)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=25, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=0.05, help="of a contestant in a round (default: %(default)s)")
    parser.add_argument("--out", metavar="FILE.json", type=Path)
    options = parser.parse_args()
    cases = [(kind, what, batch) for what in ("network", "product") for kind in KINDS for batch in BATCHES]
    found = {"rounds": options.rounds, "cases": []}
    with threadpool_limits(1):
        for kind, what, batch in cases:
            contestants = (networks if what == "network" else products)(kind, batch)
            measured = measure(contestants, options.rounds, options.seconds)
            found["cases"].append({"binarized": kind, "what": what, "minibatch": batch} | measured)
            print(f"{kind}, {what}, minibatch {batch}")
            for name, times in measured["ms"].items():
                ratio = statistics.median(measured["speedup"][name])
                print(f"  {name:20}{statistics.median(times):10.3f} ms, {ratio:.2f} times as fast as {FLOAT}")
    found |= {"device": provenance.processor(), "software": provenance.software()}
    if options.out:
        write_text(options.out, json.dumps(found, indent=1) + "\n")


def measure(contestants, rounds, seconds):
    """Times of functions in ms, by round, and within each round how many times as fast as `FLOAT` each was."""
    repeats = {}
    for name, function in contestants.items():
        function()
        repeats[name] = max(1, round(seconds / timed(function, 3)))
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            times[name].append(1e3 * timed(function, repeats[name]))
    speedup = {name: [f / t for f, t in zip(times[FLOAT], own, strict=True)] for name, own in times.items()}
    return {"ms": times, "speedup": speedup}


def timed(function, repeats):
    """Seconds of one call, in the mean of some."""
    began = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - began) / repeats


def products(kind, batch):
    """The product of a hidden layer alone, its activations packed or as float32 arrays."""
    rng = np.random.RandomState(0)
    w, x = rng.rand(WIDTHS[1], WIDTHS[1]) < 0.5, rng.rand(batch, WIDTHS[1]) < 0.5
    signs, numbers = (np.where(x, 1, -1).astype("float32"), rng.randn(*x.shape).astype("float32"))
    W, words = np.ascontiguousarray(np.where(w, 1, -1).T.astype("float32")), kernels.pack(w)
    compiled, plain = kernels.compiled(), kernels.NumPyKernels()
    if kind == WEIGHTS:
        found = {FLOAT: lambda: numbers @ W, "packed, NumPy": lambda: plain.real_products(numbers, words)}
        if compiled:
            found["packed, C"] = lambda: compiled.real_products(numbers, words)
            found["additions alone"] = lambda: compiled.additions(numbers, words)
        return found
    packed = kernels.pack(x)
    found = {FLOAT: lambda: signs @ W, "packed, NumPy": lambda: plain.sign_products(packed, words, WIDTHS[1])}
    if compiled:
        found["packed, C"] = lambda: compiled.sign_products(packed, words, WIDTHS[1])
    return found


def networks(kind, batch):
    """A pass through the network, its weights packed or as float32 arrays."""
    x = np.random.RandomState(1).uniform(-1, 1, (batch, WIDTHS[0])).astype("float32")
    return {name: functools.partial(built, x) for name, built in built_networks(KINDS[kind]).items()}


def built_networks(activation):
    """The network of each contestant."""
    rng = np.random.RandomState(0)
    bits, real, described = {}, {}, []
    for number, (inputs, outputs) in enumerate(itertools.pairwise(WIDTHS), 1):
        positive = rng.rand(outputs, inputs) < 0.5
        name = f"dense{number}"
        norm = {f"{name}.norm.gain": rng.uniform(0.01, 0.02, outputs), f"{name}.norm.shift": rng.normal(0, 1, outputs)}
        norm = {key: value.astype("float32") for key, value in norm.items()}
        packed = {f"{name}.W.bits": np.packbits(positive, axis=1, bitorder="little")}
        bits |= norm | packed | {f"{name}.W.alpha": np.float32(0.1).reshape(())}
        real |= norm | {f"{name}.W": np.ascontiguousarray(np.where(positive, 0.1, -0.1).T.astype("float32"))}
        described += [{"kind": "dense", "name": name}, {"kind": "normalize", "name": f"{name}.norm"}]
        described.append({"kind": activation})
    description = {"shape": [WIDTHS[0]], "layers": described[:-1]}

    compiled = kernels.compiled()
    kinds = {"packed, NumPy": kernels.NumPyKernels()} | ({"packed, C": compiled} if compiled else {})
    if compiled and activation == "rectify":
        kinds["additions alone"] = Additions(kernels.load())
    found = {FLOAT: network.build(description, real, kernels.NumPyKernels())}
    return found | {name: network.build(description, bits, kind) for name, kind in kinds.items()}


if __name__ == "__main__":
    main()
