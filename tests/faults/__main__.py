"""Kills, stops and damages runs for some time, and prints what came of it; exit code 1 where anything was wrong.

python -m tests.faults --minutes 30 --seed 1
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.damage import damage_prepared
from tests.faults.disturbed import disturb, undisturbed
from tests.faults.figures import Figures
from tests.faults.forms import FORMS, write_text

PREPARED_FILES_A_MINUTE = 10


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="default: %(default)g; runs under way are finished")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: %(default)s)")
    options = parser.parse_args()
    # A shell's background job ignores Ctrl-C, and so would the runs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="faults-"))
    write_text(work)
    figures = Figures()
    damage_prepared(figures, random.Random(options.seed), round(PREPARED_FILES_A_MINUTE * options.minutes))

    def in_time():
        return time.monotonic() < began + 60 * options.minutes

    forms = list(FORMS)
    random.Random(options.seed).shuffle(forms)
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in pool.map(lambda job: _work(work, forms[job :: options.jobs], f"{options.seed}-{job}", in_time),
                             range(options.jobs)):  # fmt: skip
            figures += done
    print(f"seed {options.seed}, {(time.monotonic() - began) / 60:.1f} minutes\n{figures}")
    if figures.wrong:
        print(f"the folders are kept: {work}")
        return 1
    shutil.rmtree(work)
    return 0


def _work(work, forms, name, in_time):
    """Disturb runs of `forms` one after the other and again, as long as it is `in_time`; returns the figures."""
    rng, figures, references, number = random.Random(name), Figures(), {}, 0
    while in_time():
        form = forms[number % len(forms)]
        folder = work / f"{name}-{number}"
        try:
            if form not in references:
                references[form] = undisturbed(form, work / f"{name}-{number}-undisturbed", figures)
            disturb(form, folder, references[form], rng, figures, in_time)
        except Exception as error:  # one run's failure must not hide what the others show
            figures.wrong.append(f"{form} in {folder}: {type(error).__name__}: {error}")
        print(f"{folder.name}: {form}", file=sys.stderr, flush=True)
        number += 1
    return figures


if __name__ == "__main__":
    sys.exit(main())
