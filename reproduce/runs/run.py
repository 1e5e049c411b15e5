"""The run folder: log.csv, record.json, checkpoint, and all that a run decided.

`checkpoint.h5` is the one source of truth; log.csv and record.json are written from the same progress right after it.
The best epoch's model waits beside it as best.next.h5 and becomes best.h5 once the checkpoint says so too: whenever a
run is stopped, a resumed one goes on from a checkpoint and a best.h5 of the same best epoch.
"""

import contextlib
import csv
import fcntl
import io
import json
import math
import os
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from datasets.errors import one_line
from datasets.storage.files import write_text
from reproduce import backends, experiments, splits
from reproduce.errors import UserError
from reproduce.figure1 import recorder as figure1
from reproduce.runs import checkpoints, provenance
from reproduce.runs import record as records
from reproduce.runs.record import Record
from reproduce.training import Progress, Training

SECONDS_BETWEEN_CHECKPOINTS = 30
LOG_COLUMNS = (
    "epoch", "learning_rate", "train_loss", "valid_loss", "valid_error",
    "test_loss", "test_error", "best_epoch", "seconds",
)  # fmt: skip
HISTOGRAM_BINS = 120


def run_folder(runs, experiment, seed, backend_name):
    """Folder of a run below `runs`; the seed on the `jax` backend is a run of its own."""
    suffix = "" if backend_name == "c" else f"+{backend_name}"
    return Path(runs) / experiment.folder / experiment.method.name / f"seed-{seed}{suffix}"


def backend_begun(runs, experiment, seed):
    """Name of the backend that a run below `runs` began on, which it keeps; ``"auto"`` where on none or several."""
    begun = [name for name in backends.NAMES if (run_folder(runs, experiment, seed, name) / records.NAME).exists()]
    return begun[0] if len(begun) == 1 else "auto"


class Run:
    """A run of `experiment` with `seed`, in a folder of its own below `runs`.

    Parameters
    ----------
    experiment : reproduce.experiments.Experiment
    seed : int
    backend : reproduce.backends
    runs : path
    argv : list of str
        The command that made the run, for its record.
    """

    def __init__(self, experiment, seed, backend, runs, argv):
        self.experiment, self.seed, self.backend = experiment, seed, backend
        self.folder = run_folder(runs, experiment, seed, backend.name)
        self._processes = [{
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "device": provenance.device(backend),
            "software": provenance.software(),
            "argv": argv,
        }]  # fmt: skip
        self._saved_best = 0

    @property
    def record(self):
        """The record as it stands on disk, or None."""
        return records.read(self.folder)

    @contextlib.contextmanager
    def held(self):
        """Hold the folder against another process for the time of the block."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open(self.folder / ".lock", "w")  # noqa: SIM115  closed below
        except OSError as error:
            reason = f"cannot write to {self.folder}: {one_line(error)}"
            raise UserError(f"{reason}; choose another folder with --runs") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UserError(f"another process is running {self.folder}; wait for it or stop it") from None
            for left_behind in self.folder.glob(".*.tmp"):
                left_behind.unlink()
            yield

    def clear(self):
        """Remove what an earlier run left."""
        models = "checkpoint.h5", "best.next.h5", "best.h5"
        for name in (*models, "test_losses.json", "record.json", "log.csv", "histogram.json", figure1.FILE):
            (self.folder / name).unlink(missing_ok=True)

    def execute(self, data, allow_unofficial=False, watch=None, restart=False):
        """Train to the end, from the checkpoint where there is one, and return the record.

        Parameters
        ----------
        data : path
            Folder of prepared data.
        allow_unofficial : bool
            Whether data that are not the official ones will do.
        watch : object, optional
            Its ``start(training)``, ``losses(array)`` and ``epoch(row, training)`` are called as the run goes on, or
            ``finished_earlier()`` where there is nothing to do; see `reproduce.runs.progress.Screen`.
        restart : bool
            Start anew; what an earlier run left is removed once nothing stands in the way.
        """
        earlier = None if restart else self.record
        examples = splits.load(self.experiment, data, allow_unofficial)
        if earlier is not None:
            self._refuse_changes(earlier.settings, earlier.data, examples.provenance)
            if earlier.complete:
                figure1.refuse_if_missed(self.folder, self.experiment, earlier.epochs_done)
                if watch:
                    watch.finished_earlier()
                return earlier
        training = Training(self.experiment, examples, self.backend, self.seed)
        if restart:
            self.clear()
        if (self.folder / "checkpoint.h5").exists():
            self._restore(training)
        elif earlier is not None and earlier.epochs_done:
            raise UserError(f"the checkpoint in {self.folder} is gone; start the run anew with --restart")
        figure1.refuse_if_missed(self.folder, self.experiment, training.progress.epoch)
        self._write_logs(training)
        if watch:
            watch.start(training)
        saved = time.monotonic()
        while not training.finished:
            began = time.monotonic()
            recorder = self._recorder(training)
            row = training.run_epoch(recorder and recorder.add, watch and watch.losses)
            training.progress.seconds += time.monotonic() - began
            row["seconds"] = round(training.progress.seconds, 3)
            if recorder:
                figure1.write(self.folder, self.experiment, recorder.as_dict())
            if training.finished:
                write_text(self.folder / "histogram.json", json.dumps(_histograms(training)))
            if training.finished or time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
                self._save(training)
                saved = time.monotonic()
            if watch:
                watch.epoch(row, training)
        return self.record

    def _recorder(self, training):
        """What records the next epoch's gradients for Figure 1, or None where it is not asked for."""
        if figure1.recorded_epoch(self.experiment) != training.progress.epoch + 1:
            return None
        return figure1.GradientRecorder(
            training.network,
            training.objective,
            training.minibatch,
            training.backend,
            self.experiment["figure1.clipping"],
        )

    def _refuse_changes(self, settings, data, data_now):
        """Raise UserError where the run began with other settings or data than it would go on with."""
        now = self.experiment.settings
        settings = experiments.completed(self.experiment.name, self.experiment.method.name, settings)
        differing = [
            f"{key} was {settings.get(key)!r}, now {now.get(key)!r}"
            for key in sorted(settings.keys() | now.keys())
            if settings.get(key) != now.get(key) and not key.startswith(experiments.INERT)
        ]
        if data["sha256"] != data_now["sha256"]:
            differing.append(f"the {data_now['name']} files have other checksums")
        if differing:
            raise UserError(
                f"the configuration changed since {self.folder} began: {'; '.join(differing)}; "
                "undo that, choose another --runs, or start anew with --restart"
            )

    def _restore(self, training):
        path = self.folder / "checkpoint.h5"
        state, header = checkpoints.load(path)
        try:
            self._refuse_changes(header["settings"], header["data"], training.splits.provenance)
            training.backend.restore(state)
            checkpoints.unpack_generator(training.rng, header["generator"])
            training.progress = Progress(**header["progress"])
            self._join(header)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{path} does not fit this program ({error}); start the run anew with --restart") from None
        self._saved_best = training.progress.best_epoch
        self._promote_best()

    def _join(self, header):
        """Put the processes of the checkpoint's `header` before this one, which is listed where it differs."""
        (now,) = self._processes
        # A checkpoint from before processes were listed tells only when the first started.
        earlier = header["processes"] if "processes" in header else [now | {"started": header["started"]}]
        same = {**now, "started": None} == {**earlier[-1], "started": None}
        self._processes = earlier if same else [*earlier, now]

    def _save(self, training):
        progress = training.progress
        if self._saved_best != progress.best_epoch:
            header = {"epoch": progress.best_epoch}
            if training.splits.vocabulary:
                header |= {"vocabulary": list(training.splits.vocabulary), "test_losses": training.test_losses}
            checkpoints.save(self.folder / "best.next.h5", training.best, header)
            self._saved_best = progress.best_epoch
        header = {
            "progress": asdict(progress),
            "generator": checkpoints.pack_generator(training.rng),
            "processes": self._processes,
            "settings": self.experiment.settings,
            "data": training.splits.provenance,
        }
        checkpoints.save(self.folder / "checkpoint.h5", training.backend.state(), header)
        self._promote_best()
        self._write_logs(training)

    def _promote_best(self):
        """Make best.next.h5 the best model where the checkpoint knows of it; else it is a lost epoch's."""
        path = self.folder / "best.next.h5"
        if not path.exists():
            return
        _, header = checkpoints.load(path)
        if header["epoch"] != self._saved_best:
            path.unlink()
            return
        if "test_losses" in header:
            write_text(self.folder / "test_losses.json", json.dumps(header["test_losses"]) + "\n")
        os.replace(path, self.folder / "best.h5")

    def _write_logs(self, training):
        text = io.StringIO()
        rows = training.progress.rows
        extra = [key for key in (rows[0] if rows else ()) if key not in LOG_COLUMNS]
        writer = csv.DictWriter(text, [*LOG_COLUMNS, *extra], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.folder / "log.csv", text.getvalue())
        write_text(self.folder / records.NAME, self._describe(training).to_json())

    def _describe(self, training):
        experiment, progress = self.experiment, training.progress
        return Record(
            experiment=experiment.name,
            method=experiment.method.name,
            seed=self.seed,
            overrides=experiment.overrides,
            settings=experiment.settings,
            epochs_planned=experiment["training.epochs"],
            epochs_done=progress.epoch,
            complete=training.finished,
            best_epoch=progress.best_epoch,
            valid_error=_finite(progress.valid_error),
            test_error=_finite(progress.test_error),
            valid_loss=_finite(progress.valid_loss),
            test_loss=_finite(progress.test_loss),
            train_loss=_finite(progress.rows[-1]["train_loss"]) if progress.rows else None,
            seconds=round(progress.seconds, 3),
            backend=self.backend.name,
            data=training.splits.provenance,
            **self._processes[0],
            resumed=self._processes[1:],
        )


def _finite(value):
    return value if math.isfinite(value) else None


def _histograms(training):
    """Histograms of the latent weights as they stand, by weight tensor; where it diverged, of those still finite."""
    layers = {}
    for weight in training.network.weights:
        name = weight.latent.name
        values = training.backend.state([name])[name].astype("float64")  # float32's widest range overflows
        values = values[np.isfinite(values)]
        if len(values):
            counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
            layers[weight.name.removesuffix(".W")] = {"edges": edges.tolist(), "counts": counts.tolist()}
    return {"epoch": training.progress.epoch, "layers": layers}
