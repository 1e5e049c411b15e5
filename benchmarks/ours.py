"""The training step of this project, as `python -m reproduce run` runs it."""

from benchmarks.problems import SEED
from reproduce import backends
from reproduce.training import Training


class Ours:
    """One backend's step; see `benchmarks.contestants`."""

    def __init__(self, problem, device, backend):
        self._training = Training(problem.experiment, problem.splits, backends.create(backend, device), SEED)

    def losses(self, rows):
        return [float(loss) for some in self._training.losses(rows) for loss in some]
