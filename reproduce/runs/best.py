"""The best model of a run, from its record.json and best.h5 alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reproduce import experiments
from reproduce.errors import UserError
from reproduce.runs import checkpoints
from reproduce.runs import record as records


@dataclass(frozen=True)
class BestModel:
    """The model of a run's best epoch.

    Attributes
    ----------
    experiment : reproduce.experiments.Experiment
    vocabulary : bytes or None
        Of a language model; None also where an earlier version wrote the run.
    variables : dict of str to ndarray
        The network's variables by name.
    epoch : int
    record : reproduce.runs.record.Record or None
    """

    experiment: experiments.Experiment
    vocabulary: bytes | None
    variables: dict
    epoch: int
    record: records.Record | None = None

    def network(self):
        """The network with these variables.

        Raises
        ------
        UserError
            If they are not the variables of this version's network.
        """
        from reproduce.model import networks  # here, because it imports Aesara

        network = networks.build(self.experiment, np.random.RandomState(0), self.vocabulary and len(self.vocabulary))
        shapes = {variable.name: variable.get_value(borrow=True).shape for variable in network.variables}
        if shapes != {name: array.shape for name, array in self.variables.items()}:
            raise UserError("best.h5 does not fit this version's network; train anew with --restart")
        for variable in network.variables:
            variable.set_value(self.variables[variable.name])
        return network


def load(folder):
    """The best model of the run in `folder`.

    Raises
    ------
    UserError
        If the folder holds no run, or the run has no model that can be read.
    """
    folder = Path(folder)
    record = read_record(folder)
    path = folder / "best.h5"
    if not path.exists():
        raise UserError(f"there is no model in {folder}: {_why_none(record)}")
    experiment = experiment_of(record)
    header, groups = checkpoints.load(path)
    vocabulary = bytes(header["vocabulary"]) if "vocabulary" in header else None
    if vocabulary is None and experiment["network.kind"] == "lstm":
        raise UserError(f"{path} is from an earlier version, which kept no vocabulary; train anew with --restart")
    if header["epoch"] != record.best_epoch:
        raise UserError(f"{path} is of epoch {header['epoch']}, record.json of {record.best_epoch}; let the run go on")
    return BestModel(experiment, vocabulary, groups["arrays"], header["epoch"], record)


def experiment_of(record):
    """The experiment of a record; settings that it lacks have the values that held when it was written."""
    settings = experiments.completed(record.experiment, record.method, record.settings)
    return experiments.resolve(record.experiment, record.method, settings)


def read_record(folder):
    """The record of the run in `folder`; UserError if there is none."""
    if not Path(folder).is_dir():
        raise UserError(f"there is no folder {folder}; name the folder of a run, as 'run' prints it")
    record = records.read(folder)
    if record is None:
        raise UserError(f"there is no record.json in {folder}; name the folder of a run, as 'run' prints it")
    return record


def _why_none(record):
    if record.best_epoch:
        return "best.h5, which belongs beside record.json, is missing; run it anew with --restart"
    measure = f"validation {record.metric.removeprefix('test_')}"
    if record.complete:
        return f"the run diverged, its {measure} was never finite; try another seed or a lower learning rate"
    return f"no epoch with a finite {measure} was saved yet; let the run go on"
