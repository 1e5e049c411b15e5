"""Reads damaged files of every format for some time, and prints what came of it; exit code 1 where anything was wrong.

python -m tests.fuzz --minutes 10 --seed 1 [--out FILE.json]
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from datasets.storage.files import write_text
from reproduce.runs import provenance
from tests.fuzz import watched
from tests.fuzz.formats import FORMATS

SECONDS_A_FILE = 60  # on a busy machine; reading a whole file takes milliseconds, drawing a report of it a second
PLAUSIBLE = 64 << 20  # bytes to read a file of some kilobytes
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([watched.__name__])


@dataclass
class Figures:
    """What came of the damaged files of one format."""

    outcomes: Counter = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0

    @property
    def tried(self):
        return sum(self.outcomes.values())

    @property
    def wrong(self):
        return self.tried - self.outcomes["read"] - self.outcomes["refused"]

    def add(self, reading):
        self.outcomes[reading.outcome] += 1
        self.slowest, self.largest = max(self.slowest, reading.seconds), max(self.largest, reading.peak)

    def summary(self):
        """What is recorded: numbers of files, seconds and bytes."""
        counts = {"files": self.tried, "read": self.outcomes["read"], "refused": self.outcomes["refused"]}
        return counts | {"wrong": self.wrong, "slowest_s": round(self.slowest, 3), "largest_bytes": self.largest}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="for all formats together (default: %(default)g)")
    parser.add_argument("--seed", type=int, default=0, help="of the damages (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="formats whose names have this in them")
    parser.add_argument("--out", metavar="FILE.json", type=Path, help="a record of the figures")
    options = parser.parse_args()
    kept = Path(tempfile.mkdtemp(prefix="fuzz-"))
    chosen = [number for number, form in enumerate(FORMATS) if options.only in form.name]
    print(f"{'':34}{'files':>9}{'read':>9}{'refused':>9}{'wrong':>7}{'slowest, s':>12}{'largest, MB':>13}")
    found = {}
    for number in chosen:
        figures = fuzz(number, options.seed, 60 * options.minutes / len(chosen), kept)
        print(
            f"{FORMATS[number].name:34}{figures.tried:9,}{figures.outcomes['read']:9,}{figures.outcomes['refused']:9,}"
            f"{figures.wrong:7,}{figures.slowest:12.2f}{figures.largest / 1e6:13.1f}", flush=True,
        )  # fmt: skip
        found[FORMATS[number].name] = figures.summary()
    if options.out:
        made = {"device": provenance.processor(), "software": provenance.software()}
        record = {"seed": options.seed, "minutes": options.minutes} | made | {"formats": found}
        write_text(options.out, json.dumps(record, indent=1) + "\n")
    if any(one["wrong"] for one in found.values()):
        print(f"the files and what they led to are kept: {kept}")
        return 1
    kept.rmdir()
    return 0


def fuzz(number, seed, seconds, kept):
    """Read damaged files of the format of that number for some seconds; those that go wrong are `kept` in a folder."""
    form, figures = FORMATS[number], Figures()
    with tempfile.TemporaryDirectory() as scratch:
        contents = watched.prepare(form, Path(scratch))
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        for reading in _readings(number, seed, figures.tried, left):
            outcome = reading.outcome
            content = watched.damaged(form, contents, seed, figures.tried)
            if reading.peak > PLAUSIBLE and outcome in ("read", "refused"):
                reading = watched.Reading("took too much memory", f"{reading.peak:,}", reading.seconds, reading.peak)
            if reading.outcome not in ("read", "refused"):
                name = f"{form.name} {figures.tried}".replace("/", "_")
                (kept / name).write_bytes(content)
                (kept / f"{name}.txt").write_text(f"{reading.outcome}\n{reading.detail}\n", errors="replace")
            figures.add(reading)
    return figures


def _readings(number, seed, first, seconds):
    """Yield the readings of damaged files by one process, until its time is up or it ends or hangs."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as scratch:
        child = PROCESSES.Process(target=watched.serve, args=(sender, scratch, number, seed, first, seconds))
        child.start()
        sender.close()
        receiver.recv()  # EOFError: an undamaged file cannot be read
        try:
            while receiver.poll(SECONDS_A_FILE):
                reading = receiver.recv()
                if reading is None:
                    return
                yield reading
            yield watched.Reading("hang", f"{SECONDS_A_FILE} s", SECONDS_A_FILE, 0)
        except EOFError:
            child.join()
            yield watched.Reading("crash", f"exit code {child.exitcode}", 0.0, 0)
        finally:
            child.kill()
            child.join()


if __name__ == "__main__":
    sys.exit(main())
