"""Reads run folders; what is wrong with one is named and the folder left out, never guessed at."""

import csv
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from datasets.errors import one_line
from reproduce.errors import UserError
from reproduce.report import gradients
from reproduce.report.gradients import Recording

FORMAT = 1
"""The version of record.json that this report reads."""

DEFAULT_RUNS = ("runs", "results")
"""Folders that are read, where they exist, unless others are named."""

KEYS = {
    "experiment": str,
    "method": str,
    "seed": int,
    "overrides": dict,
    "settings": dict,
    "epochs_planned": int,
    "epochs_done": int,
    "complete": bool,
    "backend": str,
    "device": str,
    "data": dict,
    "software": dict,
    "argv": list,
    "started": str,
    "seconds": (int, float),
}
"""Keys that every record has, with their types."""


@dataclass(frozen=True)
class LeftOut:
    """A run folder that enters no number, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Record:
    """One run as its folder tells it.

    Attributes
    ----------
    folder : Path
        Where it lies.
    path : str
        The same for people: the runs' folder's name and what follows.
    fields : dict
        record.json.
    log : dict of str to ndarray of float64, shape (epochs,)
        Columns of log.csv; empty where there is none.
    histogram : dict
        histogram.json; empty where there is none.
    test_losses : ndarray of float64, shape (sequences,), or None
        test_losses.json, a list: the language models' mean cross-entropy of each test sequence, in the text's
        order, at the best epoch.
    gradients : Recording or None
        figure1.json: the gradients that Figure 1 is drawn from.
    """

    folder: Path
    path: str
    fields: dict
    log: dict = field(default_factory=dict)
    histogram: dict = field(default_factory=dict)
    test_losses: np.ndarray | None = None
    gradients: Recording | None = None

    def __getattr__(self, name):
        if name in KEYS:
            return self.fields[name]
        raise AttributeError(name)

    @property
    def metric(self):
        """Its test result: ``"test_loss"`` (nats per character) for the LSTM, else ``"test_error"`` (%)."""
        return "test_loss" if self.settings.get("network.kind") == "lstm" else "test_error"

    @property
    def result(self):
        """The test result at the best validation epoch, or None before the first."""
        return self.fields.get(self.metric)

    @property
    def valid_result(self):
        """The validation result at the best epoch, or None before the first."""
        return self.fields.get(self.metric.replace("test", "valid"))

    @property
    def best_epoch(self):
        return self.fields.get("best_epoch")

    @property
    def diverged(self):
        """Whether it ended without an epoch whose validation result was a finite number."""
        return self.complete and self.best_epoch == 0 and self.result is None and self.valid_result is None

    @property
    def official(self):
        """Whether its data are the official ones."""
        return self.data["official"]

    @property
    def setup(self):
        """The experiment and the overrides, those aside that only seed: what methods and seeds may share."""
        seeding = {"training.init_seed"} if self.overrides.get("training.init_seed") == self.seed else set()
        return (self.experiment, *sorted((k, show(v)) for k, v in self.overrides.items() if k not in seeding))


def show(value):
    """A setting's value as a command line has it."""
    return value if isinstance(value, str) else json.dumps(value)


def read(folders=None):
    """All runs below `folders`.

    Parameters
    ----------
    folders : iterable of path, optional
        Trees of run folders; those of `DEFAULT_RUNS` that exist unless given.

    Returns
    -------
    records : list of Record
        Complete and unfinished runs, by path.
    left_out : list of LeftOut
        Folders whose record cannot be used, with the reason.

    Raises
    ------
    UserError
        Where one of `folders` is not a folder.
    """
    if folders is None:
        folders = [name for name in DEFAULT_RUNS if Path(name).is_dir()]
    records, left_out, seen = [], [], set()
    for root in map(Path, folders):
        if not root.is_dir():
            raise UserError(f"there is no folder of runs at {root}; name one with --runs")
        for file in sorted(root.rglob("record.json")):
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            path = (Path(root.resolve().name) / file.parent.relative_to(root)).as_posix()
            try:
                records.append(_read_one(file.parent, path))
            except ValueError as error:
                left_out.append(LeftOut(path, str(error)))
    return records, left_out


def _read_one(folder, path):
    """The record in `folder`, or ValueError with what is wrong."""
    fields = _json(folder / "record.json")
    if not isinstance(fields, dict):
        raise ValueError("record.json is not an object")
    if fields.get("format") != FORMAT:
        raise ValueError(f"from another version: format {fields.get('format')}, this report reads {FORMAT}")
    missing = [key for key in KEYS if key not in fields]
    if missing:
        raise ValueError(f"record.json lacks {', '.join(missing)}")
    for key, kind in KEYS.items():
        if not isinstance(fields[key], kind) or (kind is int and isinstance(fields[key], bool)):
            raise ValueError(f"record.json: {key} is {show(fields[key])}")
    _check_details(fields)
    record = Record(
        folder,
        path,
        fields,
        _log(folder / "log.csv"),
        _histogram(folder / "histogram.json"),
        _test_losses(folder / "test_losses.json"),
        _gradients(folder / "figure1.json"),
    )
    if record.complete and not record.diverged:
        _check_result(record)
    return record


def _check_details(fields):
    try:
        time_of(fields)
    except ValueError:
        raise ValueError(f"record.json: started is {fields['started']}") from None
    if not isinstance(fields["data"].get("official"), bool):
        raise ValueError("record.json does not say whether its data are official")
    if fields["complete"] and fields["epochs_done"] != fields["epochs_planned"]:
        raise ValueError(
            f"record.json says complete after {fields['epochs_done']} of {fields['epochs_planned']} epochs"
        )


def _check_result(record):
    for name in (record.metric, record.metric.replace("test", "valid")):
        value = record.fields.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError(f"{name} is {'missing or was not a number' if value is None else value}")
        if value < 0 or (name.endswith("error") and value > 100):
            raise ValueError(f"{name} is {value}, outside what it can be")
    if not isinstance(record.best_epoch, int) or not 1 <= record.best_epoch <= record.epochs_done:
        raise ValueError(f"best_epoch is {record.best_epoch}, of {record.epochs_done} epochs")


def time_of(fields):
    """When the run of a record started; without a zone, UTC."""
    started = datetime.fromisoformat(fields["started"])
    return started if started.tzinfo else started.replace(tzinfo=UTC)


def _json(file):
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file.name} cannot be read: {one_line(error)}") from None


def _log(file):
    """Columns of a log; empty cells are NaN."""
    if not file.exists():
        return {}
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        values = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows], "float64")
        return dict(zip(header, values.reshape(-1, len(header)).T, strict=True))
    except (OSError, ValueError) as error:
        raise ValueError(f"log.csv cannot be read: {one_line(error)}") from None


def _histogram(file):
    """The latent weights' histogram: ``{"epoch": n, "layers": {name: {"edges": …, "counts": …}}}``."""
    if not file.exists():
        return {}
    histogram = _json(file)
    try:
        for name, layer in histogram["layers"].items():
            edges, counts = len(layer["edges"]), len(layer["counts"])
            if edges != counts + 1:
                raise ValueError(f"histogram.json: {name} has {edges} edges for {counts} counts")
    except (KeyError, TypeError, AttributeError):
        raise ValueError("histogram.json is not in this report's form") from None
    return histogram


def _gradients(file):
    """What was recorded of gradients, or None where nothing was."""
    return gradients.parse(_json(file)) if file.exists() else None


def _test_losses(file):
    """Losses of the test sequences, or None where they were not kept."""
    if not file.exists():
        return None
    try:
        losses = np.array(_json(file), "float64")
    except TypeError:
        losses = np.empty(0)
    if losses.ndim != 1 or not len(losses) or not np.isfinite(losses).all():
        raise ValueError("test_losses.json is not a list of numbers")
    return losses
