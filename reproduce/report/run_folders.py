"""Reads run folders. A folder with a fault is left out and its fault named; nothing is guessed."""

import csv
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from datasets.errors import one_line
from reproduce import experiments
from reproduce.errors import UserError
from reproduce.report import gradients
from reproduce.report.gradients import Recording
from reproduce.runs.provenance import CHECKOUT
from reproduce.runs.record import NAME, Record


@dataclass(frozen=True)
class LeftOut:
    """A run folder that does not count for any number, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class RunFolder:
    """One run, read from its folder.

    Attributes
    ----------
    folder : Path
        The run's folder.
    path : str
        The folder as shown to readers: its path from the name of the tree of runs on.
    record : Record
        record.json, its settings completed by those that were added later.
    log : dict of str to ndarray of float64, shape (epochs,)
        Columns of log.csv; empty if the file is missing.
    histogram : dict
        histogram.json; empty if the file is missing.
    test_losses : ndarray of float64, shape (sequences,), or None
        test_losses.json: a language model's mean cross-entropy on each test sequence at the best epoch, in the order
        of the text.
    gradients : Recording or None
        figure1.json: the gradients for Figure 1.
    """

    folder: Path
    path: str
    record: Record
    log: dict = field(default_factory=dict)
    histogram: dict = field(default_factory=dict)
    test_losses: np.ndarray | None = None
    gradients: Recording | None = None


def default_folders():
    """The folders that are read by default: ``runs`` and the checkout's ``results``, if they exist."""
    return [folder for folder in (Path("runs"), CHECKOUT / "results") if folder.is_dir()]


def read(folders):
    """Read all runs below `folders`.

    Parameters
    ----------
    folders : iterable of path
        Trees of run folders.

    Returns
    -------
    runs : list of RunFolder
        Complete and unfinished runs, by path.
    left_out : list of LeftOut
        Folders whose record cannot be used, and why.

    Raises
    ------
    UserError
        If one of `folders` is not a folder.
    """
    runs, left_out, seen = [], [], set()
    for root in map(Path, folders):
        if not root.is_dir():
            raise UserError(f"there is no folder of runs at {root}; name one with --runs")
        for file in sorted(root.rglob(NAME)):
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            path = (Path(root.resolve().name) / file.parent.relative_to(root)).as_posix()
            try:
                runs.append(_read_one(file.parent, path))
            except ValueError as error:
                left_out.append(LeftOut(path, str(error)))
    return runs, left_out


def _read_one(folder, path):
    """The run in `folder`; raises ValueError with the fault."""
    record = Record.from_json(_text(folder / NAME))
    if record.complete:
        record.check_result()
    settings = experiments.completed(record.experiment, record.method, record.settings)
    return RunFolder(
        folder,
        path,
        replace(record, settings=settings),
        _log(folder / "log.csv"),
        _histogram(folder / "histogram.json"),
        _test_losses(folder / "test_losses.json"),
        _gradients(folder / "figure1.json"),
    )


def _text(file):
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ValueError(f"{file.name} cannot be read: {one_line(error)}") from None


def _json(file):
    text = _text(file)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file.name} cannot be read: {one_line(error)}") from None


def _log(file):
    """Columns of a log; empty cells are NaN."""
    if not file.exists():
        return {}
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        values = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows], "float64")
        columns = dict(zip(header, values.reshape(-1, len(header)).T, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"log.csv cannot be read: {one_line(error)}") from None
    if "epoch" not in columns:
        raise ValueError("log.csv has no column epoch")
    return columns if rows else {}


def _histogram(file):
    """The latent weights' histogram: ``{"epoch": n, "layers": {name: {"edges": …, "counts": …}}}``."""
    if not file.exists():
        return {}
    histogram = _json(file)
    try:
        for name, layer in histogram["layers"].items():
            edges, counts = (np.array(layer[key], "float64") for key in ("edges", "counts"))
            if edges.shape != (len(counts) + 1,) or counts.ndim != 1:
                raise ValueError(f"histogram.json: {name} has {edges.size} edges for {counts.size} counts")
            if not (np.isfinite(edges).all() and np.isfinite(counts).all() and (np.diff(edges) > 0).all()):
                raise ValueError(f"histogram.json: {name} has edges or counts that cannot be")
    except (KeyError, TypeError, AttributeError, OverflowError):
        raise ValueError("histogram.json does not have the expected form") from None
    return histogram


def _gradients(file):
    """The recorded gradients, or None if there are none."""
    return gradients.parse(_json(file)) if file.exists() else None


def _test_losses(file):
    """The losses of the test sequences, or None if they were not kept."""
    if not file.exists():
        return None
    try:
        losses = np.array(_json(file), "float64")
    except (TypeError, OverflowError):
        losses = np.empty(0)
    if losses.ndim != 1 or not len(losses) or not np.isfinite(losses).all():
        raise ValueError("test_losses.json is not a list of numbers")
    return losses
