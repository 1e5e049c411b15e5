"""Checks whether two commits compute the same numbers, bit for bit, on this machine.

Each commit is checked out into a folder of its own. In both, every method's first minibatches are traced for small
forms of all kinds of network on both backends, and a digits run of ten epochs of each method is killed (SIGKILL) once
it has finished five, and resumed. Three things are compared: traces and records, without times, software, commands and
settings that only one of the two has; the logs; and all arrays of the last checkpoint and the best model. The script
prints a line for each experiment and backend. Its exit code is 1 if something differs.

    python benchmarks/same_numbers.py OLD_COMMIT NEW_COMMIT --data DIR
"""

import argparse
import csv
import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

METHODS = ("full-precision", "binaryconnect", "bwn", "lab", "bnn", "xnor", "lab2")
BACKENDS = ("c", "jax")
EXPERIMENTS = {
    "digits": [],
    "mnist": [],
    "war_and_peace": ["network.steps=10"],
    "cifar10": ["data.source=synthetic", "network.filters=4", "network.units=16"],
    "svhn": ["data.source=synthetic", "network.filters=4", "network.units=16"],
}
EPOCHS, KILLED_AFTER = 10, 5
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
INCIDENTAL = ("seconds", "started", "software", "device", "argv", "resumed", "settings")
"""Keys of traces and records that are of the moment; settings are compared key by key."""


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("commits", nargs="*", metavar="COMMIT", help="the old and the new commit")
    options.add_argument("--data", default="data", help="folder of prepared data")
    known = [*EXPERIMENTS, "run"]
    options.add_argument("--only", nargs="+", choices=known, default=known, help="'run' is the killed one")
    options.add_argument("--worker", nargs=3, metavar=("EXPERIMENT", "BACKEND", "FOLDER"), help=argparse.SUPPRESS)
    options.add_argument("--killed", metavar="METHOD", help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.worker:
        experiment, backend, folder = options.worker
        return work(experiment, backend, Path(folder), options.data, options.killed)
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        trees = [
            check_out(commit, Path(folder) / name) for commit, name in zip(options.commits, ("old", "new"), strict=True)
        ]
        try:
            for experiment in options.only:
                for backend in BACKENDS:
                    found = [compute(tree, experiment, backend, Path(options.data).resolve()) for tree in trees]
                    problems = list(differences(*found))
                    differing += bool(problems)
                    values = sum(map(count, found[1].values()))
                    verdict = "; ".join(problems[:5]) or f"equal: {values} values of {len(METHODS)} methods"
                    print(f"{experiment:14}{backend:5}{verdict}", flush=True)
        finally:
            for tree in trees:
                subprocess.run(["git", "worktree", "remove", "--force", tree], check=True)
    return bool(differing)


def check_out(commit, folder):
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", folder, commit], check=True)
    return folder


def compute(tree, experiment, backend, data):
    """What the commit in `tree` computes, by method."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--worker", experiment, backend, folder, "--data", str(data)]
        environment = os.environ | {"PYTHONPATH": str(tree)}
        if experiment == "run":
            for method in METHODS:
                subprocess.run([*command, "--killed", method], env=environment, cwd=tree, **SILENT)
        subprocess.run(command, env=environment, cwd=tree, check=True, **SILENT)
        return {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("*.json")}


def work(experiment, backend, folder, data, killed):
    """Trace or run each method in this process, and write what came of it to `folder`."""
    from reproduce.cli import main as reproduce

    often = []
    if experiment == "run":
        runs = importlib.import_module("reproduce.runs")
        if hasattr(runs, "SECONDS_BETWEEN_CHECKPOINTS"):  # commits whose checkpoints come at the end of epochs
            runs.SECONDS_BETWEEN_CHECKPOINTS = 0
        else:
            often = ["--checkpoint-minutes", "1e-9"]
    for method in [killed] if killed else METHODS:
        out = folder / f"{method}.json"
        common = ["--method", method, "--backend", backend]
        if experiment != "run":
            settings = [word for setting in EXPERIMENTS[experiment] for word in ("--set", setting)]
            reproduce(["trace", experiment, *common, *settings, "--data", data, "--steps", "10", "--out", str(out)])
            continue
        if killed:
            threading.Thread(target=kill_after_some_epochs, args=(folder,), daemon=True).start()
        reproduce(["run", "digits", *common, "--epochs", str(EPOCHS), "--runs", str(folder / method), *often])
        (record,) = (folder / method).rglob("record.json")
        assert json.loads(record.read_text())["complete"]
        out.write_text(json.dumps(run_as_dict(record.parent)))
    return 0


def kill_after_some_epochs(folder):
    while True:
        for record in folder.rglob("record.json"):
            if json.loads(record.read_text())["epochs_done"] == KILLED_AFTER:
                os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.001)


def run_as_dict(folder):
    """A finished run: its record, its log without times, and a checksum of each array that it left."""
    import h5py

    with open(folder / "log.csv", newline="") as file:
        log = [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]
    arrays = {}
    for name in ("checkpoint.h5", "best.h5"):
        with h5py.File(folder / name) as file:
            for key, array in file["arrays"].items():
                arrays[f"{name} {key}"] = hashlib.sha256(array[()].tobytes()).hexdigest()
    return {"record": json.loads((folder / "record.json").read_text()), "log": log, "arrays": arrays}


def differences(old, new):
    for method in METHODS:
        if method not in old or method not in new:
            yield f"{method}: not computed"
            continue
        for key, one, two in compared(old[method], new[method]):
            if one != two:
                yield f"{method}: {key} was {one!r}, is {two!r}"


def compared(old, new, path=""):
    """(path, old value, new value) of every value that must be equal."""
    if isinstance(old, dict) and isinstance(new, dict):
        of_settings = path.endswith("settings.")
        for key in old.keys() & new.keys() if of_settings else old.keys() | new.keys():
            if key == "settings" or key not in INCIDENTAL:
                yield from compared(old.get(key), new.get(key), f"{path}{key}.")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from compared(*pair, f"{path}{index}.")
    else:
        yield path.rstrip("."), old, new


def count(found):
    return sum(1 for _ in compared(found, found))


if __name__ == "__main__":
    sys.exit(main())
