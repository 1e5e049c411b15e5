"""A run's folder with all files that the program reads, written without training, and what reads them."""

import json

import numpy as np

from reproduce import experiments, report, sampling
from reproduce.figure1.recorder import MATRICES
from reproduce.report import run_folders
from reproduce.runs import checkpoints
from reproduce.runs import record as records
from reproduce.runs.record import Record

FOLDER = "runs/war_and_peace/lab/seed-1"
OVERRIDES = {"network.steps": 10, "training.epochs": 3, "figure1.record": True, "figure1.epoch": 2}
VOCABULARY = b"\n abc"
LOG = """\
epoch,learning_rate,train_loss,valid_loss,valid_error,test_loss,test_error,best_epoch,seconds,alpha_output
1,0.002,2.5,2.25,60.5,2.125,61.25,1,1.5,0.125
2,0.002,2.25,2.0,50.5,2.0,51.25,2,3.0,0.25
3,0.001,2.0,1.75,50.5,1.875,51.25,3,4.5,0.375
"""


def write(folder):
    """Write the folder of a run below `folder`."""
    experiment = experiments.resolve("war_and_peace", "lab", OVERRIDES)
    record = Record(
        experiment="war_and_peace", method="lab", seed=1, overrides=experiment.overrides, settings=experiment.settings,
        epochs_planned=3, epochs_done=3, complete=True, best_epoch=3, valid_error=50.5, test_error=51.25,
        valid_loss=1.75, test_loss=1.875, train_loss=2.0, seconds=4.5, backend="c",
        data={"name": "war_and_peace", "official": True, "sha256": {"text": "ab" * 32}},
        started="2026-01-01T10:00:00+00:00", device="a processor, 2 threads",
        software={"python": "3.11.7", "commit": "0123456789abcdef", "dirty": False}, argv=["run", "war_and_peace"],
    )  # fmt: skip
    run = folder / FOLDER
    run.mkdir(parents=True)
    (run / "record.json").write_text(record.to_json())
    (run / "log.csv").write_text(LOG)
    layer = {"edges": np.linspace(-1, 1, 9).tolist(), "counts": list(range(8))}
    (run / "histogram.json").write_text(json.dumps({"epoch": 3, "layers": {"output": layer}}))
    (run / "test_losses.json").write_text(json.dumps([1.5, 2.0, 2.125, 1.875]))
    bins = {"low": [0.001, 0.01], "high": [0.01, 0.1], "negative": [3, 4], "positive": [5, 6]}
    matrix = {"bins": bins, "zeros": 2, "nonfinite": 0, "values": 20, "max": 0.09, "std": 0.02}
    recording = {"epoch": 2, "clipping": True, "matrices": dict.fromkeys(MATRICES, matrix)}
    (run / "figure1.json").write_text(json.dumps(recording))
    weights = {"output.W": np.ones((4, 5), "f4"), "output.b": np.zeros(5, "f4")}
    checkpoints.save(run / "best.h5", {"epoch": 3, "vocabulary": list(VOCABULARY)}, arrays=weights)


def read(folder):
    """Read the runs below `folder` as a report does, and the record as a run does."""
    runs, _ = run_folders.read([folder / "runs"])
    records.read(folder / FOLDER)
    return [run.path for run in runs]


def report_on(folder):
    """Write the report on the runs below `folder`."""
    results = report.collect([folder / "runs"])
    report.write(results, folder / "report")
    report.format_cells(results)
    return report.summary(results)


def model(folder):
    """The model of the run below `folder`, as it is sampled from."""
    found = sampling.load(folder / FOLDER)
    return found.vocabulary, found.variables, found.epoch
