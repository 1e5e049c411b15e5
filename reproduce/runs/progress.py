"""What a run shows on the screen (stderr)."""

import sys

from tqdm import tqdm


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


class Screen(Unseen):
    """A bar of minibatches for the current epoch, and a line an epoch."""

    def __init__(self, title):
        self._title = title
        self._bar = None
        self._total = self._epochs = self._done = 0

    def start(self, training, notes):
        self._total = training.batches
        self._epochs = training.experiment["training.epochs"]
        progress = training.progress
        self._done = progress.minibatch
        if progress.epoch or progress.minibatch:
            where = f"epoch {progress.epoch + 1}, minibatch {progress.minibatch + 1} of {self._total}"
            notes = [
                *notes,
                f"continues at {where}" if progress.minibatch else f"continues after epoch {progress.epoch}",
            ]
        for note in notes:
            print(f"{self._title}: {note}", file=sys.stderr)

    def finished_earlier(self):
        print(f"{self._title}: finished earlier, nothing to do (--restart starts anew)", file=sys.stderr)

    def losses(self, some):
        if self._bar is None:
            self._bar = tqdm(
                total=self._total, initial=self._done, desc=self._title, unit="step", leave=False, disable=None
            )
            self._done = 0
        self._bar.update(len(some))
        self._bar.set_postfix_str(f"loss {float(some[-1]):.4f}", refresh=False)

    def epoch(self, row, training):
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        progress = training.progress
        left = (self._epochs - row["epoch"]) * progress.seconds / row["epoch"]
        kind = training.objective.judged_by.removeprefix("valid_")
        valid, best, test = row[f"valid_{kind}"], getattr(progress, f"valid_{kind}"), getattr(progress, f"test_{kind}")
        print(
            f"{self._title}: epoch {row['epoch']}/{self._epochs}  train loss {row['train_loss']:.5f}  "
            f"valid {kind} {valid:.5g}  best {best:.5g} at {progress.best_epoch} (test {test:.5g})  "
            f"{progress.seconds:.0f} s, {left:.0f} s left",
            file=sys.stderr,
        )
