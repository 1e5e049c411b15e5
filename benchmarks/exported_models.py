"""Exports the best models of runs, and compares their predictions with the runs' over the whole test set.

    python -m benchmarks.exported_models RUN … --data DIR --out FILE.json

For each run, by its folder, the file gets the epoch and the size of the model, the run's test result on the run's own
backend, the exported model's with each of `reproduce.inference`'s kernels, and how many predictions agree. With
--models the models are written below that folder, each beside the record of its run, and to models.sha256 their
checksums, as sha256sum writes them.
"""

import argparse
import hashlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from datasets.storage.files import write_text
from reproduce import backends, export, inference, splits
from reproduce.held_out import HeldOut
from reproduce.inference import kernels
from reproduce.model import objectives
from reproduce.report.markdown import MODEL
from reproduce.runs import best, provenance

SUMS = "models.sha256"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", metavar="RUN", type=Path)
    parser.add_argument("--data", default=os.environ.get("PYLEARN2_DATA_PATH") or "data", metavar="DIR")
    parser.add_argument("--models", metavar="DIR", type=Path)
    parser.add_argument("--allow-unofficial", action="store_true")
    parser.add_argument("--out", required=True, metavar="FILE.json", type=Path)
    options = parser.parse_args()
    found = {"models": {}, "device": provenance.processor(), "software": provenance.software()}
    with tempfile.TemporaryDirectory() as folder:
        for run in options.runs:
            model = best.load(run)
            name = "/".join(run.resolve().parts[-3:])
            path = (options.models or Path(folder)) / name / MODEL
            examples = splits.load(model.experiment, options.data, options.allow_unofficial)
            found["models"][name] = compare(model, examples, path)
            print(name, json.dumps(found["models"][name]))
    write_text(options.out, json.dumps(found, indent=1) + "\n")
    if options.models:
        write_sums(options.models)


def compare(model, examples, path):
    """Export `model`, a `reproduce.runs.best.BestModel`, to `path`, and compare the two on the test set."""
    sizes = export.export(model, path)
    experiment, record = model.experiment, model.record
    backend = backends.create(record.backend, precision=experiment["backend.precision"])
    held_out = HeldOut(experiment, examples, model.network(), objectives.of(experiment), backend)
    loss, error, _ = held_out.evaluate("test")
    expected, count = held_out.predictions("test"), held_out.count("test")
    x, labels = np.asarray(examples.test.x[:count]), examples.test.y[:count].ravel()
    result = {
        "epoch": model.epoch,
        "bytes": sizes["file"],
        "float32_weight_bytes": sizes["float32_weights"],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "backend": backend.name,
        "recorded": {"test_error": record.test_error, "test_loss": record.test_loss},
        "run": {"test_error": error, "test_loss": loss},
        "predictions": len(expected),
    }
    for name, kind in (("c_kernels", kernels.compiled()), ("numpy_kernels", kernels.NumPyKernels())):
        if kind is not None:
            found = inference.load(path, kind).predict(x)
            result[name] = {
                "test_error": 100 * int((found != labels).sum()) / len(labels),
                "agreeing": int((found == expected).sum()),
            }
    return result


def write_sums(folder):
    """Write the checksums of all models below `folder` to its models.sha256."""
    paths = sorted(folder.rglob(MODEL))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in paths]
    write_text(folder / SUMS, "".join(lines))


if __name__ == "__main__":
    main()
