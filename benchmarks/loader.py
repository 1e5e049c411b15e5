"""Times reading random minibatches of SVHN from the disk against training on them: loading must not hold training up.

    python benchmarks/loader.py --data DIR [--rounds N] [--steps N] [--out FILE.json]

Each round reads minibatches as training does: rows by random index, with a thread that reads ahead. It does so once
with the file evicted from the operating system's cache and once without. Then it trains LAB on pictures in memory, on
each backend, with 16 filters and with the experiment's own number. Because the machine may have other work, rates are
compared within a round; the table has the medians of these ratios.
"""

import argparse
import itertools
import json
import os
import time
from pathlib import Path

import numpy as np

from datasets import catalog
from datasets.storage.files import write_text
from datasets.storage.stored_rows import prefetched
from reproduce import backends, experiments, splits
from reproduce.runs import provenance
from reproduce.splits import Split, Splits
from reproduce.training import Training

FILTERS = 16
IN_MEMORY = 1000  # pictures to train on
READS = 40  # minibatches read for one trained on
UNCACHED, CACHED = "loader, file not cached", "loader, file cached"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get("PYLEARN2_DATA_PATH") or "data", metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=5, help="training steps a round (default: %(default)s)")
    parser.add_argument("--out", metavar="FILE.json", type=Path)
    options = parser.parse_args()
    own = experiments.resolve("svhn", "lab")
    examples = splits.load(own, options.data, allow_unofficial=True).train
    path, size = catalog.get("svhn").path(options.data), own["training.batch_size"]
    contenders = {UNCACHED: loader(examples, size, evicted=path), CACHED: loader(examples, size)}
    for backend, filters in itertools.product(backends.NAMES, sorted({FILTERS, own["network.filters"]})):
        contenders[f"{backend} backend, {filters} filters"] = training(examples, backend, filters)
    rounds = [{name: rate(run, options.steps) for name, run in contenders.items()} for _ in range(options.rounds)]
    rates = {name: np.array([measured[name] for measured in rounds]) for name in contenders}
    print(f"{'':28}{'pictures/s':>12}{'loader faster, not cached':>28}{'cached':>10}")
    for name, own in rates.items():
        ratios = [np.median(rates[kind] / own) for kind in (UNCACHED, CACHED)]
        faster = "" if name in (UNCACHED, CACHED) else f"{ratios[0]:27.1f}x{ratios[1]:9.1f}x"
        print(f"{name:28}{np.median(own):12.0f}{faster}")
    if options.out:
        found = {"experiment": "svhn", "method": "lab", "batch_size": size}
        found |= {"pictures_per_second": {name: own.tolist() for name, own in rates.items()}}
        found |= {"device": provenance.processor(), "software": provenance.software()}
        write_text(options.out, json.dumps(found, indent=1) + "\n")


def rate(run, steps):
    """Pictures per second of `run`, which returns how many it processed."""
    began = time.perf_counter()
    return run(steps) / (time.perf_counter() - began)


def loader(examples, size, evicted=None):
    """A function that reads as `Training.losses` does; its argument is the number of training steps to compare with.

    If `evicted` is given, that file is first evicted from the cache.
    """
    rng = np.random.RandomState(0)

    def run(steps):
        if evicted is not None:
            with open(evicted, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        rows = rng.randint(len(examples.x), size=(READS * steps, size))
        for _ in prefetched(lambda some: (examples.x[some], examples.y[some]), rows):
            pass
        return rows.size

    return run


def training(examples, backend, filters):
    """A function that trains with that many filters on pictures in memory, for a number of steps."""
    experiment = experiments.resolve("svhn", "lab", {"network.filters": filters})
    few = Split(examples.x[:IN_MEMORY], examples.y[:IN_MEMORY])
    run_of = Training(experiment, Splits(few, few, few, {}), backends.create(backend), seed=1234)

    def run(steps):
        rows = run_of.shuffle()[:steps]
        for _ in run_of.losses(rows):
            pass
        return rows.size

    run(2)
    return run


if __name__ == "__main__":
    main()
