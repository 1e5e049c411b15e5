"""Kills, stops and damages runs for some time, and prints what came of it; exit code 1 where anything was wrong.

python -m tests.faults --minutes 30 --seed 1 [--out FILE.json]
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from datasets.storage.files import write_text as write_whole
from reproduce.runs import provenance
from tests.faults.damage import damage_prepared
from tests.faults.disturbed import Interrupted, disturb, end_processes, undisturbed
from tests.faults.figures import Figures
from tests.faults.forms import FORMS, write_text

PREPARED_FILES_A_MINUTE = 10


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="default: %(default)g; runs under way are finished")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: %(default)s)")
    parser.add_argument("--out", metavar="FILE.json", type=Path, help="a record of the figures, renewed after each run")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # runs at a time would wait for each other's threads
    harness = Harness(options)
    code = harness.work()
    harness.write_record()
    print(harness)
    if harness.figures.wrong:
        print(f"the folders are kept: {harness.folder}")
        return 1
    shutil.rmtree(harness.folder)
    return code


class Harness:
    """Disturbs runs below a `folder` of its own.

    Parameters
    ----------
    options : argparse.Namespace
        ``minutes``, ``seed``, ``jobs`` and ``out``.
    """

    def __init__(self, options):
        self.options, self.figures = options, Figures()
        self._began, self._writing = time.monotonic(), Lock()
        self._made = {"device": provenance.processor(), "software": provenance.software()}
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        write_text(self.folder)

    def work(self):
        """Work until the time is over or Ctrl-C or SIGTERM comes; returns the exit code that belongs to that."""
        options, code = self.options, 0

        def interrupt(number, frame):  # raises nothing: an exception may come where it is swallowed
            nonlocal code
            code = 128 + number
            self.figures.close()
            end_processes()

        # A shell's background job ignores Ctrl-C, and so would the runs.
        before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with ThreadPoolExecutor(options.jobs) as pool:
                workers = [pool.submit(self._disturb_runs, job) for job in range(options.jobs)]
                times = round(PREPARED_FILES_A_MINUTE * options.minutes)
                damage_prepared(self.figures, random.Random(options.seed), times)
                for worker in workers:
                    worker.result()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return code

    def in_time(self):
        return not self.figures.closed and self._minutes() < self.options.minutes

    def write_record(self):
        """Write what has been counted to ``out``."""
        if self.options.out:
            asked = {name: getattr(self.options, name) for name in ("seed", "jobs", "minutes")}
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken = {"minutes_taken": round(self._minutes(), 1), "processor_s": round(used.ru_utime + used.ru_stime)}
            record = asked | taken | self._made | self.figures.summary()
            with self._writing:
                write_whole(self.options.out, json.dumps(record, indent=1) + "\n")

    def __str__(self):
        return f"seed {self.options.seed}, {self._minutes():.1f} minutes\n{self.figures}"

    def _minutes(self):
        return (time.monotonic() - self._began) / 60

    def _disturb_runs(self, job):
        """Disturb runs of this job's forms one after the other and again, as long as it is `in_time`."""
        name, figures, references, number = f"{self.options.seed}-{job}", self.figures, {}, 0
        forms, rng = in_turn(self.options.seed)[job :: self.options.jobs], random.Random(name)
        while forms and self.in_time():
            form = forms[number % len(forms)]
            folder = self.folder / f"{name}-{number}"
            try:
                if form not in references:
                    references[form] = undisturbed(form, folder.with_name(f"{folder.name}-undisturbed"), figures)
                disturb(form, folder, references[form], rng, figures, self.in_time)
            except Interrupted:
                return
            except Exception as error:  # one run's failure must not hide what the others show
                figures.expect(False, f"{form} in {folder}: {type(error).__name__}: {error}")
            print(f"{folder.name}: {form}, {figures.kills.total()} kills", file=sys.stderr, flush=True)
            self.write_record()
            number += 1


def in_turn(seed):
    """The forms in an order in which each network has been on each backend before one comes a second time."""
    forms = random.Random(seed).sample(FORMS, len(FORMS))
    first = {(form.kind, form.backend): form for form in forms}.values()
    return [*first, *(form for form in forms if form not in first)]


if __name__ == "__main__":
    sys.exit(main())
