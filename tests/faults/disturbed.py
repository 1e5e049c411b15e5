"""Runs whose processes are killed, stopped and robbed of a checkpoint, and that must end as if nothing had been."""

import contextlib
import json
import re
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.damage import SAVED, damage, damage_checkpoints, is_whole
from tests.faults.forms import environment
from tests.runs.run_files import run_files

EXIT_CODES = {"SIGTERM": 75, "SIGHUP": 75, "SIGINT": 130, "minutes": 75}
FILES = ("checkpoint.h5", "best.h5", "log.csv", "record.json", "histogram.json", "test_losses.json", "figure1.json")
AT_THE_END = "histogram.json"
SECONDS_TO_END = 900  # on a busy machine a process may take minutes to compile
DAMAGED_COPIES = 20
DOING = {
    "training.py:losses": "training",
    "training.py:run_epoch": "training",
    "training.py:_judge": "evaluation",
    "run.py:_save": "saving, between two files",
    "run.py:_write_logs": "saving, between two files",
    "run.py:_train": "training",
}
"""What a process does that is in one of our functions, by file and name; the innermost decides."""
ANSWER = re.compile(r"doing (\S+:.*)\n")
SECONDS_TO_ANSWER = 1  # the answer comes between two steps of the interpreter, and so not while XLA compiles
STARTING = "starting"
_under_way = set()


class Interrupted(Exception):
    """The harness is to end, and starts no more processes."""


def end_processes():
    """Kill the processes under way, once the figures are closed, so that what this shows does not count."""
    for process in list(_under_way):
        process.kill()


class TrialRun:
    """A run of `form` below the folder `runs`, process after process, and what these said.

    Parameters
    ----------
    form : tests.faults.forms.Form
    runs : Path
    figures : tests.faults.figures.Figures
        Counts what happens.
    """

    def __init__(self, form, runs, figures):
        self.form, self.runs, self.figures = form, runs, figures
        self._title = f"{form} in {runs.name}"
        self._processes = 0
        runs.mkdir(parents=True)

    @property
    def folder(self):
        """The run's folder, or None before it is made."""
        return next(self.runs.glob("*/*/seed-*"), None)

    @property
    def said(self):
        """What the last process wrote on the screen."""
        return self._screen.read_text(encoding="utf-8", errors="replace")

    @property
    def _screen(self):
        return self.runs / f"screen-{self._processes}.txt"

    @property
    def record(self):
        """What record.json says, empty before there is one."""
        path = self.folder and self.folder / "record.json"
        return json.loads(path.read_text()) if path and path.exists() else {}

    @property
    def complete(self):
        return self.record.get("complete", False)

    @property
    def left(self):
        """The share of the epochs that are left."""
        record = self.record
        return 1 - record["epochs_done"] / record["epochs_planned"] if record else 1.0

    def finish(self):
        """Let the run go on to its end; returns the seconds that the process took."""
        began = time.monotonic()
        with self._process() as process:
            self._expect_end(process)
        self._expect(self.complete, "left the run incomplete")
        return time.monotonic() - began

    def kill(self, moment, *options):
        """Kill the next process by SIGKILL at a `moment`."""
        left_behind = self.unfinished()
        with self._process(*options) as process:
            reached = moment(self, process)
            if not reached:
                self._expect_end(process)
                return
            if reached is True:  # the moment does not say what the process is doing
                reached = "saving" if self.unfinished() - left_behind else self.doing(process)
            process.kill()
            if process.wait() != -signal.SIGKILL:  # it ended before
                self._expect_end(process)
                return
            written = [path.name.split(".", 1)[1].rsplit(".", 2)[0] for path in self.unfinished() - left_behind]
            self.figures.killed(self.form, f"writing {written[0]}" if written else reached)

    def unfinished(self):
        """The temporary files in the run's folder, from which the files are made that are being written."""
        return set(self.folder.glob(".*.tmp")) if self.folder else set()

    def doing(self, process):
        """What a process of the run is doing: starting, training, evaluating or saving."""
        if not _can_tell(process):
            return STARTING
        size = self._screen.stat().st_size

        def answer():
            with open(self._screen, "rb") as screen:
                screen.seek(size)
                return ANSWER.search(screen.read().decode(errors="replace"))

        process.send_signal(signal.SIGUSR1)
        _wait(process, SECONDS_TO_ANSWER, answer)
        found = answer()
        functions = found[1].split(" ") if found else []
        return next((DOING[function] for function in functions if function in DOING), STARTING)

    def stop(self, name, moment, *options):
        """Send the next process the signal called `name` at a `moment` of its training."""
        with self._process(*options) as process:
            if not moment(self, process):
                self._expect_end(process)
                return
            process.send_signal(signal.Signals[name])
            sent = time.monotonic()
            process.wait(SECONDS_TO_END)
            if self.complete:  # it came too late for an exit code of its own
                return
            self.figures.stopped(name, time.monotonic() - sent)
            self._expect_stopped(process.returncode, name, name)

    def stop_after(self, minutes, *options):
        """Give the next process some `minutes`."""
        with self._process("--minutes", f"{minutes:g}", *options) as process:
            process.wait(SECONDS_TO_END)
            if process.returncode == 0 and self.complete:
                return
            self.figures.count("stops by --minutes")
            self._expect_stopped(process.returncode, "minutes", f"--minutes {minutes:g}")

    def damage_last(self, rng):
        """Damage the last checkpoint, the one before or the best model; the next process must end well all the same.

        Returns
        -------
        bool
            Whether that is the last checkpoint, which the next process must name.
        """
        if self.folder is None or not all(is_whole(self.folder / name) for name in SAVED[:2]):
            return False  # one of the two must be whole for a run to go on
        damage_checkpoints(self.figures, self.folder, rng, DAMAGED_COPIES)
        name = rng.choice([name for name in SAVED if (self.folder / name).exists()])
        damage(self.folder / name, rng)
        self.figures.count(f"{name} damaged under a run")
        return name == "checkpoint.h5" and not is_whole(self.folder / name)

    def expect_the_damage_named(self):
        """The last process must have named the damaged checkpoint in a line."""
        lines = [line for line in self.said.splitlines() if "checkpoint.h5 is damaged" in line]
        named = len(lines) == 1 and lines[0].endswith("continues from the previous one")
        self._expect(named, "did not name the damaged checkpoint in a line")

    def move(self):
        """Move the run elsewhere; the next process must go on there."""
        self.runs = self.runs.rename(self.runs.with_name(f"{self.runs.name}-moved"))
        self.figures.count("moves")

    @contextlib.contextmanager
    def _process(self, *options):
        """The next process of the run."""
        self._processes += 1
        self.figures.count("resumes", self._processes > 1)
        self.record_before = _stamp(self.folder and self.folder / "record.json")
        with open(self._screen, "wb") as screen:
            process = subprocess.Popen(
                self.form.command(self.runs, *options), cwd=self.runs.parent, env=environment(self.runs.parent),
                stdout=screen, stderr=subprocess.STDOUT, start_new_session=True,  # Ctrl-C is for the harness alone
            )  # fmt: skip
            _under_way.add(process)
            try:
                if self.figures.closed:
                    raise Interrupted
                yield process
            finally:
                process.kill()
                process.wait()
                _under_way.discard(process)
        self._expect("Traceback" not in self.said, "left a traceback")

    def _expect_end(self, process):
        process.wait(SECONDS_TO_END)
        self._expect(process.returncode == 0, f"ended with exit code {process.returncode}")

    def _expect_stopped(self, code, name, reason):
        told = f"stopped by {reason} (and saved|before there was anything to save); run the same command to continue"
        stopped = code == EXIT_CODES[name] and re.search(told, self.said)
        self._expect(stopped, f"ended with exit code {code} after {reason}")

    def _expect(self, holds, message):
        self.figures.expect(holds, f"{self._title}, process {self._processes} {message}: {self.said[-2000:]}")


def _can_tell(process):
    """Whether the interpreter of a process has read `sitecustomize`, so that it heeds SIGUSR1."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16)
    return bool(caught >> (signal.SIGUSR1 - 1) & 1)


def _stamp(path):
    """What changes when the file at `path` is replaced."""
    try:
        return path and path.stat().st_ino, path and path.stat().st_mtime_ns
    except FileNotFoundError:
        return None, None


def at_any_time(seconds):
    """A moment `seconds` after the process began."""

    def reached(run, process):
        return _wait(process, seconds)

    return reached


def at_the_beginning(run, process):
    """The moment in which the run's first process has taken its folder."""
    return _wait(process, SECONDS_TO_END, lambda: run.folder is not None and (run.folder / ".lock").exists())


def in_evaluation(seconds):
    """The first moment of an evaluation from `seconds` after training went on."""

    def reached(run, process):
        evaluates = _wait(process, SECONDS_TO_END, lambda: run.doing(process) == "evaluation")
        return evaluates and "evaluation"

    return lambda run, process: in_training(seconds)(run, process) and reached(run, process)


def in_training(seconds, file=None, patience=SECONDS_TO_END):
    """A moment `seconds` after training went on, or the next one when `file` is being written, if that comes soon.

    `patience` says how many seconds that is.
    """

    def reached(run, process):
        def trains():
            folder = run.folder
            return folder is not None and _stamp(folder / "record.json") not in (run.record_before, (None, None))

        def is_written():
            return any(path.name.startswith(f".{file}.") for path in run.folder.iterdir())

        return (
            _wait(process, SECONDS_TO_END, trains)
            and _wait(process, seconds)
            and (file is None or _wait(process, patience, is_written))
        )

    return reached


def _wait(process, seconds, happened=lambda: False):
    """Wait until something `happened`, or for `seconds`; returns whether the process still runs."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and not happened():
        time.sleep(0.0005)
    return process.poll() is None


def undisturbed(form, folder, figures):
    """Run `form` to its end; returns what its folder holds and the seconds that it took in all and in training.

    It is run twice: the second time it finds everything compiled, as the disturbed runs do.
    """
    first = TrialRun(form, folder, figures)
    first.finish()
    second = TrialRun(form, folder.with_name(f"{folder.name}-again"), figures)
    whole = second.finish()
    expected = run_files(first.folder)
    compare(second, expected)
    return expected, whole, second.record["seconds"]


def disturb(form, folder, reference, rng, figures, in_time=lambda: True):
    """Run `form` through some disturbances, as long as it is `in_time`, and compare it with `reference`."""
    expected, whole, training = reference
    run = TrialRun(form, folder, figures)
    named = False
    for _ in range(rng.randint(8, 16)):
        if run.complete or not in_time():
            break
        options = "--checkpoint-minutes", rng.choice(["1e-9", "0.003", "0.02"])
        rest = training * run.left
        training_goes_on = in_training(0.3 * named + rng.uniform(0, 0.5 * rest))
        kind = "named" if named else rng.choice(["kill"] * 10 + ["signal"] * 2 + ["minutes"])
        if kind == "named":
            run.kill(training_goes_on, *options)
            run.expect_the_damage_named()
        elif kind == "kill":
            soon = rng.uniform(0, 0.3 * rest)
            file = rng.choice([name for name in FILES if name in expected])
            while_writing = in_training(soon, file, SECONDS_TO_END if file == AT_THE_END else 0.3 * rest)
            moments = [at_any_time(rng.uniform(0, whole)), training_goes_on, in_evaluation(soon), while_writing]
            run.kill(rng.choice([*moments, while_writing]), *options)
        elif kind == "signal":
            run.stop(rng.choice(["SIGTERM", "SIGHUP", "SIGINT"]), training_goes_on, *options)
        else:
            run.stop_after(rng.uniform(0.5, 1.5) * whole / 60, *options)
        named = not run.complete and rng.random() < 0.3 and run.damage_last(rng)
        if rng.random() < 0.2:
            run.move()
    if not run.complete:
        run.finish()
        if named:
            run.expect_the_damage_named()
    compare(run, expected)


def compare(run, expected):
    """Compare a finished run's folder with what it must hold."""
    found = run_files(run.folder)
    differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    run.figures.count("comparisons")
    run.figures.count("divergences", bool(differing))
    run.figures.expect(not differing, f"{run.form} in {run.runs} diverged: {', '.join(differing)}")
