"""What a run shows on the screen (stderr)."""

import sys

from datasets.progress import Progress, duration


class Unseen:
    """Watches a run and shows nothing."""

    def start(self, training, notes):
        """The run starts or continues; `notes` are lines to show first."""

    def finished_earlier(self):
        """The run was complete already."""

    def losses(self, some):
        """The losses of the steps just taken."""

    def epoch(self, row, training):
        """An epoch has ended; `row` is its row of the log."""

    def close(self):
        """The run is over or stopped."""


class Notes(Unseen):
    """The notes alone: what `--quiet` leaves."""

    def __init__(self, title):
        self._title = title

    def start(self, training, notes):
        for note in notes:
            print(f"{self._title}: {note}", file=sys.stderr)


class Screen(Notes):
    """The progress within the current epoch, and a line an epoch."""

    def __init__(self, title):
        super().__init__(title)
        self._shown = None
        self._total = self._epochs = self._epoch = self._done = 0

    def start(self, training, notes):
        super().start(training, notes)
        progress = training.progress
        self._total, self._epochs = training.batches, training.experiment["training.epochs"]
        self._epoch, self._done = progress.epoch + 1, progress.minibatch
        if progress.minibatch:
            where = f"epoch {self._epoch}, minibatch {progress.minibatch + 1} of {self._total}"
            print(f"{self._title}: continues at {where}", file=sys.stderr)
        elif progress.epoch:
            print(f"{self._title}: continues after epoch {progress.epoch}", file=sys.stderr)

    def finished_earlier(self):
        print(f"{self._title}: finished earlier, nothing to do (--restart starts anew)", file=sys.stderr)

    def losses(self, some):
        if self._shown is None:  # after the first step, which may have compiled
            title = f"{self._title}: epoch {self._epoch}/{self._epochs}"
            self._shown = Progress(title, self._total, "steps", self._done + len(some))
        else:
            self._shown.update(len(some), f"loss {float(some[-1]):.4f}")

    def epoch(self, row, training):
        self.close()
        progress = training.progress
        self._epoch, self._done = progress.epoch + 1, 0
        left = (self._epochs - row["epoch"]) * progress.seconds / row["epoch"]
        kind = training.objective.judged_by.removeprefix("valid_")
        valid, best, test = row[f"valid_{kind}"], getattr(progress, f"valid_{kind}"), getattr(progress, f"test_{kind}")
        print(
            f"{self._title}: epoch {row['epoch']}/{self._epochs}  train loss {row['train_loss']:.5f}  "
            f"valid {kind} {valid:.5g}  best {best:.5g} at {progress.best_epoch} (test {test:.5g})  "
            f"{duration(progress.seconds)}, {duration(left)} left",
            file=sys.stderr,
        )

    def close(self):
        if self._shown is not None:
            self._shown.close()
            self._shown = None
