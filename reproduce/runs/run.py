"""The run folder: checkpoints, log.csv, record.json, and the files made from them.

The checkpoint is the only source of truth. It includes the best model. All other files are written after it and from
it: best.h5, test_losses.json, histogram.json, log.csv and record.json. Wherever a run stops, it continues from the last
intact checkpoint and writes them again.
"""

import contextlib
import csv
import fcntl
import io
import json
import math
import shutil
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
from reproduce.runs.progress import Unseen
from reproduce.runs.record import Record
from reproduce.runs.stopping import Stop
from reproduce.training import Progress, Training

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
        self._written_best = 0
        self._recorder = self._moved = None

    @property
    def record(self):
        """The record as it stands on disk, or None."""
        return records.read(self.folder)

    @contextlib.contextmanager
    def held(self):
        """Hold the folder against another process for the time of the block.

        Where the block leaves nothing in it, the folders that were made for it go again.
        """
        made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
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
            try:
                yield
            finally:
                if made and [path.name for path in self.folder.iterdir()] == [".lock"]:
                    (self.folder / ".lock").unlink()
                    _remove_empty(made)

    def clear(self):
        """Remove what an earlier run left."""
        models = "checkpoint.h5", "checkpoint.previous.h5", "best.next.h5", "best.h5"
        for name in (*models, "test_losses.json", "record.json", "log.csv", "histogram.json", figure1.FILE):
            (self.folder / name).unlink(missing_ok=True)

    def execute(self, data, allow_unofficial=False, watch=None, restart=False, stop=None, checkpoint_minutes=5.0):
        """Train from the last checkpoint, if there is one, to the end or a stop, and return the record.

        Parameters
        ----------
        data : path
            Folder of prepared data.
        allow_unofficial : bool
            Whether data that are not the official ones will do.
        watch : object, optional
            Shows the progress; see `reproduce.runs.progress.Screen`.
        restart : bool
            Start anew; what an earlier run left is removed once nothing stands in the way.
        stop : reproduce.runs.stopping.Stop, optional
            Requests that the run save and end after the current step.
        checkpoint_minutes : float
            Time between checkpoints. There is also one after the first epoch, at a stop and at the end.
        """
        watch, stop = watch or Unseen(), stop or Stop()
        earlier = None if restart else self.record
        examples = splits.load(self.experiment, data, allow_unofficial)
        if earlier is not None:
            self._refuse_changes(earlier.settings, earlier.data, examples.provenance)
            if earlier.complete:
                figure1.refuse_if_missed(self.folder, self.experiment, earlier.epochs_done, earlier.epochs_done)
                watch.finished_earlier()
                return earlier
        # A checkpoint that will not do is refused here, before the network is compiled.
        header, groups, damage = (None, None, None) if restart else checkpoints.load_last(*self._checkpoints)
        if header is None and earlier is not None and earlier.epochs_done:
            raise UserError(f"the checkpoint in {self.folder} is gone; start the run anew with --restart")
        progress = None if header is None else self._progress(header, examples.provenance)
        done = progress.epoch if progress else 0
        figure1.refuse_if_missed(self.folder, self.experiment, done, done + bool(progress and progress.minibatch))
        training = Training(self.experiment, examples, self.backend, self.seed)
        if restart:
            self.clear()
        recording = None if header is None else self._restore(training, progress, header, groups)
        self._refuse_a_full_disk(training)
        self._recorder = self._new_recorder(training, recording)
        if not training.finished:  # else the record would say so before the last save
            self._write_logs(training)
        watch.start(training, [note for note in (damage, self._moved) if note])
        self._train(training, watch, stop, 60 * checkpoint_minutes)
        return self.record

    @property
    def _checkpoints(self):
        """The last checkpoint's path and that of the one before."""
        return self.folder / "checkpoint.h5", self.folder / "checkpoint.previous.h5"

    def _train(self, training, watch, stop, seconds_between_checkpoints):
        self._lap = saved = time.monotonic()

        def after_steps(losses):
            nonlocal saved
            watch.losses(losses)
            if time.monotonic() - saved >= seconds_between_checkpoints:
                self._save(training)
                saved = time.monotonic()

        with stop.listening():
            while not training.finished and not stop():
                row = training.run_epoch(self._recorder and self._recorder.add, after_steps, stop)
                if row is None:
                    break
                self._count_time(training)
                row["seconds"] = round(training.progress.seconds, 3)
                if self._recorder:
                    figure1.write(self.folder, self.experiment, self._recorder.as_dict())
                self._recorder = self._new_recorder(training)
                if not self._checkpoints[0].exists():
                    self._save(training)  # the record must not tell of epochs that no checkpoint holds
                elif not training.finished:
                    self._write_logs(training)
                watch.epoch(row, training)
                self._lap = time.monotonic()
            self._save(training)

    def _count_time(self, training):
        """Add the time since the last call to the run's seconds, without the time spent on writing files."""
        now = time.monotonic()
        training.progress.seconds += now - self._lap
        self._lap = now

    def _new_recorder(self, training, state=None):
        """The recorder of the current epoch's gradients for Figure 1; None if that epoch is not recorded."""
        if figure1.recorded_epoch(self.experiment) != training.progress.epoch + 1:
            return None
        recorder = figure1.GradientRecorder(
            training.network,
            training.objective,
            training.minibatch,
            training.backend,
            self.experiment["figure1.clipping"],
        )
        if training.progress.minibatch:
            recorder.restore(state)
        return recorder

    def _refuse_a_full_disk(self, training):
        """Raise UserError if the run's files will not fit on the disk."""
        model = sum(array.nbytes for array in training.model().values())
        checkpoint = model + sum(array.nbytes for array in training.backend.state().values())
        # At most three checkpoints, one of them being written, and two copies of the best model.
        needed = 3 * checkpoint + 2 * model
        there = sum(path.stat().st_size for path in self.folder.glob("*.h5"))
        free = shutil.disk_usage(self.folder).free
        if free + there < needed:
            raise UserError(
                f"{self.folder} will need {needed / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB free; "
                "free some, or choose another folder with --runs"
            )

    def _refuse_changes(self, settings, data, data_now):
        """Raise UserError where the run began with other settings or data than it would go on with."""
        now = self.experiment.settings
        settings = experiments.completed(self.experiment.name, self.experiment.method.name, settings)
        differing = [
            f"{key} was {settings.get(key)!r}, now {now.get(key)!r}"
            for key in sorted(settings.keys() | now.keys())
            if settings.get(key) != now.get(key) and not key.startswith((*experiments.INERT, *experiments.ROUNDING))
        ]
        if data["sha256"] != data_now["sha256"]:
            differing.append(f"the {data_now['name']} files have other checksums")
        if differing:
            raise UserError(
                f"the configuration changed since {self.folder} began: {'; '.join(differing)}; "
                "undo that, choose another --runs, or start anew with --restart"
            )

    def _progress(self, header, data_now):
        """Where the training of a checkpoint stood, if its configuration and data are today's."""
        with self._fitting():
            self._refuse_changes(header["settings"], header["data"], data_now)
            return Progress(**header["progress"])

    def _restore(self, training, progress, header, groups):
        """Bring `training` to the state of a checkpoint; return what it recorded of the current epoch."""
        training.progress = progress
        with self._fitting():
            training.backend.restore(groups["arrays"])
            checkpoints.unpack_generator(training.rng, header["generator"])
            self._join(header)
            if progress.best_epoch:
                best = groups.get("best")
                if best is None:  # a checkpoint from before it held the best model
                    best, header = self._separate_best(progress.best_epoch)
                training.best, training.test_losses = best, header.get("test_losses", [])
        self._write_best(training)
        return groups.get("recording")

    @contextlib.contextmanager
    def _fitting(self):
        """Raise UserError where the block does not find in the checkpoint what it needs."""
        path, _ = self._checkpoints
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{path} does not fit this program ({error}); start the run anew with --restart") from None

    def _join(self, header):
        """Put the processes of the checkpoint's `header` before this one, which is listed where it differs."""
        (now,) = self._processes
        # A checkpoint from before processes were listed tells only when the first started.
        earlier = header["processes"] if "processes" in header else [now | {"started": header["started"]}]
        same = {**now, "started": None} == {**earlier[-1], "started": None}
        self._processes = earlier if same else [*earlier, now]
        self._moved = provenance.difference(earlier[-1], now)

    def _save(self, training):
        """Write the checkpoint, then the files made from it."""
        self._count_time(training)
        header = {
            "progress": asdict(training.progress),
            "generator": checkpoints.pack_generator(training.rng),
            "processes": self._processes,
            "settings": self.experiment.settings,
            "data": training.splits.provenance,
        }
        groups = {"arrays": training.backend.state()}
        if training.best:
            groups["best"] = training.best
            header |= self._of_best(training)
        if self._recorder and training.progress.minibatch:
            groups["recording"] = self._recorder.state()
        path, previous = self._checkpoints
        checkpoints.save(path, header, previous, **groups)
        self._write_best(training)
        if training.finished:
            write_text(self.folder / "histogram.json", json.dumps(_histograms(training)))
            previous.unlink(missing_ok=True)  # before the record says that the run is over and nothing is left to do
        self._write_logs(training)
        self._lap = time.monotonic()

    def _of_best(self, training):
        """The header of the best model."""
        header = {"epoch": training.progress.best_epoch}
        if training.splits.vocabulary:
            header |= {"vocabulary": list(training.splits.vocabulary), "test_losses": training.test_losses}
        return header

    def _write_best(self, training):
        """Write the best model to best.h5 unless this process has done so."""
        epoch = training.progress.best_epoch
        if not epoch or epoch == self._written_best:
            return
        header = self._of_best(training)
        checkpoints.save(self.folder / "best.h5", header, arrays=training.best)
        if "test_losses" in header:
            write_text(self.folder / "test_losses.json", json.dumps(header["test_losses"]) + "\n")
        self._written_best = epoch

    def _separate_best(self, epoch):
        """The model of `epoch` and its header from best.h5 or best.next.h5, where older versions kept it."""
        for name in ("best.next.h5", "best.h5"):
            with contextlib.suppress(FileNotFoundError):
                header, groups = checkpoints.load(self.folder / name)
                if header["epoch"] == epoch:
                    return groups["arrays"], header
        raise UserError(
            f"best.h5 in {self.folder} is not the model of epoch {epoch}; start the run anew with --restart"
        )

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
            diverged_at=progress.diverged_at,
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


def _remove_empty(folders):
    """Remove `folders`, from the innermost on, as far as nobody has put anything into them."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


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
