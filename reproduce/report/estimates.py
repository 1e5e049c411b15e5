"""What a run will take, by the records of others: its time, its threads and its memory."""

import json
import re
import statistics

from reproduce.runs.provenance import CHECKOUT

COST = ("network.", "training.batch_size")
"""Prefixes of the settings that the time of an epoch depends on."""

MEASURED = CHECKOUT / "results" / "benchmarks" / "memory.json"
"""What benchmarks/memory.py wrote."""


class Estimates:
    """The time of an epoch in `runs`, by network and method, and the threads that it took.

    Parameters
    ----------
    runs : iterable of reproduce.report.run_folders.RunFolder
    device : {"auto", "cpu", "gpu"}
        The device of the runs that count; ``"auto"`` is any.
    """

    def __init__(self, runs, device="auto"):
        self._by_method, self._by_network, self._threads = {}, {}, {}
        for run in runs:
            record = run.record
            if record.epochs_done and device in ("auto", _kind(record.device)):
                network = _network(record.experiment, record.settings)
                epoch = record.seconds / record.epochs_done
                self._by_method.setdefault((network, record.method), []).append(epoch)
                self._by_network.setdefault(network, []).append(epoch)
                self._threads.setdefault(network, []).append(_threads(record.device))

    def seconds(self, experiment):
        """Seconds of a run of `experiment`: the median epoch of its method, else of any method, times its epochs.

        Parameters
        ----------
        experiment : reproduce.experiments.Experiment

        Returns
        -------
        float or None
            None if no record has its network.
        """
        network = _network(experiment.name, experiment.settings)
        epochs = self._by_method.get((network, experiment.method.name)) or self._by_network.get(network)
        return epochs and statistics.median(epochs) * experiment["training.epochs"]

    def threads(self, experiment):
        """Threads that most records of its network took; 1 without one."""
        return statistics.mode(self._threads.get(_network(experiment.name, experiment.settings), [1]))


def peak_memory(experiment, measured=MEASURED):
    """The largest peak memory that was measured for a run or trace of an experiment, in bytes.

    Parameters
    ----------
    experiment : str
    measured : Path

    Returns
    -------
    int or None
        None if none was measured.
    """
    found = json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else {}
    trained = (["reproduce", "run", experiment], ["reproduce", "trace", experiment])
    return max((one["peak_bytes"] for one in found.values() if one["command"][2:5] in trained), default=None)


def _network(experiment, settings):
    return experiment, str(sorted((key, value) for key, value in settings.items() if key.startswith(COST)))


def _kind(device):
    """The kind of a record's `device`; see `reproduce.runs.provenance.device`."""
    return "gpu" if device.startswith("gpu") else "cpu"


def _threads(device):
    named = re.search(r", (\d+) threads$", device)
    return int(named[1]) if named else 1
