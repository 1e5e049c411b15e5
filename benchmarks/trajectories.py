"""The first steps of the experiments, to be compared with those of the released scripts.

``python benchmarks/trajectories.py [NAME …]`` traces them, on one core, into results/trajectories/NAME.json; MNIST
and War and Peace must be prepared in $PYLEARN2_DATA_PATH or data/. ``--device gpu`` traces them on a GPU, several at a
time, once with XLA's deterministic operations, as runs are, and once without. ``--compare`` traces nothing and prints
the largest relative differences from the released scripts' trajectories, in tests/golden/trajectories/, as a table.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "results" / "trajectories"
RELEASED = REPOSITORY / "tests" / "golden" / "trajectories"
REFERENCES = {
    "mnist_full_precision": ("MNIST, full precision", ("mnist", "full-precision", "--steps", "100")),
    "mnist_lab_w": ("MNIST, LAB", ("mnist", "lab", "--steps", "100")),
    "mnist_lab_wa": ("MNIST, LAB2", ("mnist", "lab2", "--steps", "100")),
    "mnist_binaryconnect_repository": (
        "MNIST, BinaryConnect's repository",
        ("mnist", "binaryconnect", "--set", "method.variant=repository"),
    ),
    "mnist_bnn_repository": (
        "MNIST, BinaryNet's repository",
        ("mnist", "bnn", "--set", "method.variant=repository"),
    ),
    "warpeace_lab_w_len100": (
        "War and Peace, 100 steps, LAB",
        ("war_and_peace", "lab", "--set", "data.vocabulary_order=released"),
    ),
    "warpeace_full_precision_len50": (
        "War and Peace, 50 steps, full precision",
        ("war_and_peace", "full-precision", "--set", "network.steps=50", "--set", "data.vocabulary_order=released"),
    ),
    "cifar10_lab_w_synthetic": (
        "CIFAR-10's network, LAB",
        ("cifar10", "lab", "--steps", "5", "--set", "data.source=synthetic"),
    ),
    "svhn_lab_w_synthetic": (
        "SVHN's network, LAB",
        ("svhn", "lab", "--steps", "5", "--set", "data.source=synthetic"),
    ),
}
PLACES = {
    "c": ("c", "cpu", {"OMP_NUM_THREADS": "1"}),
    "jax": ("jax", "cpu", {"OMP_NUM_THREADS": "1"}),
    "gpu": ("jax", "gpu", {}),
    "gpu-nondeterministic": ("jax", "gpu", {"XLA_FLAGS": "--xla_gpu_deterministic_ops=false"}),
}
"""Where traces are made: the backend, the device, and the environment's variables."""

TRACES = {f"{name}-{place}": (name, place) for name in REFERENCES for place in PLACES}


def trace(name, folder=FOLDER):
    """Write the trace called `name`, one of the TRACES; return whether that went well."""
    print(name, file=sys.stderr)
    reference, place = TRACES[name]
    backend, device, variables = PLACES[place]
    experiment, method, *options = REFERENCES[reference][1]
    folder.mkdir(parents=True, exist_ok=True)
    where = ["--backend", backend, "--device", device, "--out", str(folder / f"{name}.json")]
    command = [sys.executable, "-m", "reproduce", "trace", experiment, "--method", method, *options, *where]
    return subprocess.run(command, env=os.environ | variables).returncode == 0


def table():
    """Relative differences of the committed traces from the released scripts', as a Markdown table."""
    lines = [
        "| | on | 1st loss | 2nd | 3rd | largest of the first 10 | mean of 51–100 |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, (reference, place) in TRACES.items():
        if not (FOLDER / f"{name}.json").exists():
            continue
        ours, theirs = (
            np.array(json.loads(path.read_text(encoding="utf-8"))["training_losses"])
            for path in (FOLDER / f"{name}.json", RELEASED / f"{reference}.json")
        )
        off = abs(ours / theirs[: len(ours)] - 1)
        cells = [f"{value:.0e}".replace("e-0", "e-") if value else "0" for value in (*off[:3], off[:10].max())]
        mean = f"{100 * abs(ours[50:].mean() / theirs[50:100].mean() - 1):.2f}%" if len(ours) == 100 else ""
        lines.append(f"| {REFERENCES[reference][0]} | {place} | {' | '.join(cells)} | {mean} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of the device: {', '.join(TRACES)}")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=1, help="traces at a time, on a GPU (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="default: results/trajectories")
    parser.add_argument("--compare", action="store_true", help="print the differences of the traces that are there")
    options = parser.parse_args()
    unknown = set(options.names) - TRACES.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.compare:
        print(table())
        return 0
    if options.device == "cpu":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # XLA takes a thread for each core
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # several processes share a GPU
    names = options.names or [name for name, (_, place) in TRACES.items() if PLACES[place][1] == options.device]
    with ThreadPoolExecutor(options.jobs if options.device == "gpu" else 1) as pool:
        return 0 if all(pool.map(trace, names, [options.out] * len(names))) else 1


if __name__ == "__main__":
    sys.exit(main())
