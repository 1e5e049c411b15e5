"""Times LAB's training steps: this project on each backend against the same steps written by hand for its peers.

    make bench
    .venv-bench/bin/python -m benchmarks.step_time [NETWORK …] [--contestants NAME …] [--device cpu|gpu]
        [--rounds N] [--steps N] [--threads N] [--out FILE.json]

All contestants start from one state and must agree on the first losses before they are timed. Machines are noisy, so
steps that were measured side by side are compared: each round runs every contestant for a few steps, and a ratio is the
median over rounds. docs/performance.md says more.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version

from benchmarks import floors, render
from benchmarks.contestants import CONTESTANTS, OURS, Unavailable, Worker, process
from benchmarks.problems import NETWORKS, problem
from datasets.storage.files import write_text
from reproduce import backends
from reproduce.errors import UserError
from reproduce.runs import provenance

BLOCK = {"cpu": 1, "gpu": 100}
"""Number of steps that are timed together; a GPU runs ahead of the program that feeds it."""

FIRST_LOSS, SECOND_LOSS = 1e-4, 5e-2
"""Allowed relative differences. Adam's first step is the sign of the gradient, which rounding decides near 0."""


class Disagreement(Exception):
    """A contestant computes other losses than plain JAX."""


def main(arguments=None):
    options = _options(arguments)
    _take_cores(options.threads)
    try:
        device = _device(options.device)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    results = {
        "device": device,
        "threads": options.threads,
        "software": provenance.software() | {"torch": _torch_version()},
        "rounds": options.rounds,
        "steps": options.steps * BLOCK[options.device],
        "networks": {},
    }
    for network in options.networks:
        methods = {CONTESTANTS[name][0] for name in options.contestants}
        problems = {method: problem(network, method) for method in methods}
        try:
            found = results["networks"][network] = compare(network, problems, options)
        except Disagreement as error:
            print(f"error: {network}: {error}", file=sys.stderr)
            return 1
        _save(results, options.out)
        _log(f"{network}: floor")
        with process() as pool:
            lab = problems.get("lab") or problems["full-precision"]
            found["floor"] = pool.submit(floors.measure, lab, options.device).result()
        _save(results, options.out)
    print(render.summary([results]), render.tables(results), sep="\n\n")
    return 0


def compare(network, problems, options):
    """One network's part of the results, but for its floor; `problems` by method."""
    workers, skipped = {}, {}
    try:
        _log(f"{network}: {', '.join(options.contestants)} start")
        for name, started in at_once(_start, options.contestants, problems, options.device).items():
            (skipped if isinstance(started, str) else workers)[name] = started
        losses = verify(workers, problems, options.device, skipped)
        times = time_rounds(workers, next(iter(problems.values())), options)
    finally:
        for worker in workers.values():
            worker.close()
    return {
        "settings": NETWORKS[network],
        "batch": next(iter(problems.values())).batch,
        "contestants": {name: {"first_losses": losses[name], "step_ms": times[name]} for name in times},
        "ratios": {ours: ratios(times, ours) for ours in OURS if ours in times},
        "skipped": skipped,
    }


def verify(workers, problems, device, skipped):
    """The first two losses of each worker, compared with plain JAX's; a peer that fails moves to `skipped`.

    Raises
    ------
    Disagreement
        If the losses differ by more than rounding.
    """
    losses = {}
    expected = at_once(_expected, dict.fromkeys(CONTESTANTS[name][0] for name in workers), problems, device)
    for name, found in at_once(_first_losses, workers, workers, problems).items():
        if isinstance(found, Exception):
            if name in OURS:
                raise found
            workers.pop(name).close()
            skipped[name] = f"{type(found).__name__}: {found}".splitlines()[0]
            continue
        losses[name] = found
        wanted = expected[CONTESTANTS[name][0]]
        for number, allowed in enumerate((FIRST_LOSS, SECOND_LOSS)):
            if not abs(found[number] - wanted[number]) <= allowed * abs(wanted[number]):
                raise Disagreement(f"loss {number + 1} of {name} is {found[number]}, but {wanted[number]} in plain JAX")
    return losses


def at_once(function, names, *arguments):
    """``function(name, *arguments)`` of each of `names`, all at a time: what is not timed need not wait."""
    with ThreadPoolExecutor(len(names) or 1) as pool:
        running = {name: pool.submit(function, name, *arguments) for name in names}
    return {name: future.result() for name, future in running.items()}


def _start(name, problems, device):
    """The contestant's worker, or why there is none."""
    try:
        return Worker(name, problems[CONTESTANTS[name][0]], device)
    except Unavailable as reason:
        return str(reason)


def _expected(method, problems, device):
    """Plain JAX's first two losses."""
    reference = Worker("plain-jax", problems[method], device)
    try:
        return reference.losses(problems[method].minibatches(2))
    finally:
        reference.close()


def _first_losses(name, workers, problems):
    """The contestant's first two losses, or the error that it ended with."""
    try:
        return workers[name].losses(problems[CONTESTANTS[name][0]].minibatches(2))
    except Exception as error:
        return error


def time_rounds(workers, any_problem, options):
    """Milliseconds per step of each worker, one number for each round."""
    block = BLOCK[options.device]
    rows = any_problem.minibatches(block * (options.steps + 1))
    times = {name: [] for name in workers}
    for number in range(options.rounds):
        _log(f"round {number + 1} of {options.rounds}")
        for name, worker in workers.items():
            times[name].append(1e3 * worker.block_seconds(rows, block) / block)
    return times


def ratios(times, ours):
    """Our step time divided by that of each other contestant, round by round."""
    others = {name: theirs for name, theirs in times.items() if name != ours}
    return {name: [a / b for a, b in zip(times[ours], theirs, strict=True)] for name, theirs in others.items()}


def _options(arguments):
    available = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"default: {' '.join(NETWORKS)}")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), metavar="NAME",
                        help="default: %(default)s")  # fmt: skip
    parser.add_argument("--device", choices=BLOCK, default="cpu", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=5,
                        help="timed steps per round, on a GPU in hundreds (default: %(default)s)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=available, help="default: all (%(default)s)")
    parser.add_argument("--out", metavar="FILE.json")
    options = parser.parse_args(arguments)
    options.networks = options.networks or list(NETWORKS)
    for network in options.networks:
        if network not in NETWORKS:
            parser.error(f"unknown network '{network}'; networks are {', '.join(NETWORKS)}")
    if min(options.rounds, options.steps) < 1:
        parser.error("--rounds and --steps must be at least 1")
    if not 1 <= options.threads <= available:
        parser.error(f"--threads must be from 1 to {available}, the cores that this process may use")
    return options


def _take_cores(threads):
    """Give contestants as many cores as threads, because every library counts the cores that it may use."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # several processes share a GPU


def _device(device):
    """The name of the processor or GPU. A process that ends asks for the GPU, because this one must not hold it."""
    if device == "cpu":
        return provenance.processor()
    with process() as pool:
        return pool.submit(_gpu).result()


def _gpu():
    return backends.create("jax", "gpu").device


def _torch_version():
    try:
        return version("torch")
    except PackageNotFoundError:
        return None


def _save(results, out):
    if out:
        write_text(out, json.dumps(results, indent=1) + "\n")


def _log(text):
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
