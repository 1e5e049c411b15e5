"""Times a script of Theano's era on the shim, beside the original stack and this project's own step.

    python -m benchmarks.era_step PYTHON2 [--units N] [--rounds N] [--steps N] [--threads N] [--out FILE.json]

PYTHON2 is the Python of an environment with Theano 0.9.0 and Lasagne 0.1, for example of

    virtualenv -p python2.7 era && era/bin/pip install numpy==1.16.6 scipy==1.2.3 Theano==0.9.0 Lasagne==0.1

The script is peers/era_lab.py: LAB's step for the MNIST network, on random pictures. All start from one state and must
agree on the first losses. Rounds alternate between them; a ratio is the median over rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import suites
from benchmarks.contestants import Worker
from benchmarks.problems import problem
from benchmarks.step_time import FIRST_LOSS, SECOND_LOSS
from reproduce.errors import UserError
from reproduce.runs import provenance
from reproduce.shim import blas

SCRIPT = Path(__file__).parent / "peers" / "era_lab.py"
SHIM = [sys.executable, "-m", "reproduce", "theano", "--backend"]
RATIOS = {"shim on c": "original", "shim on jax": "ours on jax"}


class Script:
    """The script in a process of its own, run by `command`; it has a `Worker`'s methods.

    Attributes
    ----------
    versions : dict of str to str
        Of the Python and the libraries that run it.
    """

    def __init__(self, command, state, environ):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([*command, SCRIPT, state], env=os.environ | environ, **pipes)
        self.versions = dict(word.split("=") for word in self._read())

    def losses(self, rows):
        return [self._train(1)[0] for _ in rows]

    def block_seconds(self, rows, block):
        self._train(1)  # warms up, as others do
        return self._train(len(rows) - 1)[1]

    def close(self):
        self._process.communicate()

    def _train(self, steps):
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        return [float(word) for word in self._read()]

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise UserError(f"{self._process.args[0]} ended; its output above says why")
        return line.split()


@suites.command
def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python2", metavar="PYTHON2")
    parser.add_argument("--units", type=int, default=2048, help="of each hidden layer (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=5, help="timed steps a round (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--out", metavar="FILE.json")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    os.environ |= dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], str(options.threads))
    lab = problem("mnist", overrides={"network.units": options.units})
    rows = lab.minibatches(options.steps + 1)
    with tempfile.TemporaryDirectory(prefix="era-step-") as folder:
        state = Path(folder) / "state.npz"
        np.savez(state, **state_of(lab, rows))
        contestants = start(options.python2, lab, state)
        try:
            verify({name: contestant.losses(rows[:2]) for name, contestant in contestants.items()})
            times = {name: [] for name in contestants}
            for _ in range(options.rounds):
                for name, contestant in contestants.items():
                    times[name].append(1e3 * contestant.block_seconds(rows, 1))
        finally:
            for contestant in contestants.values():
                contestant.close()
    ratios = {name: [a / b for a, b in zip(times[name], times[other], strict=True)] for name, other in RATIOS.items()}
    for name, each in times.items():
        print(f"{name:12} {statistics.median(each):7.1f} ms a step")
    for name, other in RATIOS.items():
        print(f"{name} / {other}: {statistics.median(ratios[name]):.2f}")
    if options.out:
        figures = {
            "device": provenance.processor(),
            "network": {"units": options.units, "batch": lab.batch},
            "threads": options.threads,
            "original": contestants["original"].versions,
            "step_ms": times,
            "ratios": {f"{name} / {other}": ratios[name] for name, other in RATIOS.items()},
        }
        suites.record(options.out, figures)


def state_of(lab, rows):
    """What the script starts from, as arrays by name."""
    layers = lab.layers
    state = {"depth": len(layers), "rows": rows, "rate": lab.learning_rate, "x": lab.pictures()}
    state["y"] = np.float32(2) * np.eye(lab.classes, dtype="float32")[lab.splits.train.y] - 1
    for k, name in enumerate(layers):
        state[f"W{k}"] = lab.weights[f"{name}.W"]
        for ours, theirs in {"b": "b", "norm.gamma": "gamma", "norm.beta": "beta"}.items():
            state[f"{theirs}{k}"] = lab.parameters[f"{name}.{ours}"]
    return state


def start(python2, lab, state):
    """The contestants by name, each ready for its first step."""
    flags = {"THEANO_FLAGS": "floatX=float32"}
    # Both stacks call one BLAS.
    original = f"floatX=float32,gcc.cxxflags=-fpermissive -Wno-narrowing,blas.ldflags={blas.ldflags()}"
    folder = blas.ldflags().split()[0].removeprefix("-L")
    return {
        "original": Script([python2], state, {"THEANO_FLAGS": original, "LD_LIBRARY_PATH": folder, "PYTHONPATH": ""}),
        "shim on c": Script([*SHIM, "c"], state, flags),
        "shim on jax": Script([*SHIM, "jax"], state, flags),
        "ours on jax": Worker("jax", lab, "cpu"),
    }


def verify(losses):
    """Stop if the first two losses differ from the original's by more than rounding."""
    for name, found in losses.items():
        for loss, expected, allowed in zip(found, losses["original"], (FIRST_LOSS, SECOND_LOSS), strict=True):
            if not abs(loss - expected) <= allowed * abs(expected):
                raise UserError(f"the first losses of '{name}' are {found}, but {losses['original']} of the original")


if __name__ == "__main__":
    main()
