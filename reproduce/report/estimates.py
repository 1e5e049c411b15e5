"""How long a run will take, by the times in the records of others."""

import statistics

COST = ("network.", "training.batch_size")
"""Prefixes of the settings that the time of an epoch depends on."""


class Estimates:
    """The time of an epoch in `runs`, by network and method.

    Parameters
    ----------
    runs : iterable of reproduce.report.run_folders.RunFolder
    """

    def __init__(self, runs):
        self._by_method, self._by_network = {}, {}
        for run in runs:
            record = run.record
            if record.epochs_done:
                network = _network(record.experiment, record.settings)
                epoch = record.seconds / record.epochs_done
                self._by_method.setdefault((network, record.method), []).append(epoch)
                self._by_network.setdefault(network, []).append(epoch)

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


def _network(experiment, settings):
    return experiment, str(sorted((key, value) for key, value in settings.items() if key.startswith(COST)))
