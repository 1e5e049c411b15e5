"""That the harness notices what is wrong, and keeps what it has counted."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from reproduce.runs.provenance import CHECKOUT
from tests.faults import disturbed
from tests.faults.__main__ import Harness, in_turn
from tests.faults.damage import judge
from tests.faults.disturbed import TrialRun
from tests.faults.figures import Figures
from tests.faults.forms import FORMS, NETWORKS, Form, environment

FORM = Form("mlp", "c", streaming=False)


def test_an_interrupted_harness_writes_what_it_has_counted(tmp_path, heard_signals):
    options = argparse.Namespace(minutes=1, seed=5, jobs=2, out=tmp_path / "faults.json")
    harness = Harness(options)

    def interrupt():
        while len(disturbed._under_way) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    assert harness.work() == 130
    assert not disturbed._under_way
    shutil.rmtree(harness.folder)
    harness.write_record()
    record = json.loads(options.out.read_text())
    assert (record["seed"], record["minutes"], record["wrong"], record["divergences"]) == (5, 1, [], 0)
    assert {"device", "software", "kills", "counts", "slowest_end_after_a_signal_s"} <= record.keys()


PROGRAM = """
import sys, time

def losses():
    time.sleep(60)

def evaluate():
    time.sleep(60)

def _judge():
    evaluate()

print("begun", flush=True)
globals()[sys.argv[1]]()
"""


@pytest.mark.parametrize(
    ("function", "doing"), [("losses", "training"), ("_judge", "evaluation"), ("evaluate", "starting")]
)
def test_a_process_tells_what_it_is_doing(tmp_path, function, doing):
    (tmp_path / "training.py").write_text(PROGRAM)
    run = TrialRun(FORM, tmp_path / "runs", Figures())
    with open(run._screen, "wb") as screen:
        words = [sys.executable, "-m", "training", function]
        process = subprocess.Popen(words, cwd=tmp_path, env=environment(tmp_path), stdout=screen, stderr=screen)
    try:
        while "begun" not in run.said and process.poll() is None:
            time.sleep(0.01)
        assert [run.doing(process) for _ in range(20)] == [doing] * 20
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_the_functions_that_tell_what_a_run_does_exist():
    from reproduce.runs import run
    from reproduce.training import Training

    owners = {"training.py": Training, "run.py": run.Run}
    for function in disturbed.DOING:
        file, name = function.split(":")
        assert callable(getattr(owners[file], name))


def test_every_network_comes_first_once_on_each_backend():
    forms = in_turn(7)
    assert sorted(map(str, forms)) == sorted(map(str, FORMS))
    assert len({(form.kind, form.backend) for form in forms[: 2 * len(NETWORKS)]}) == 2 * len(NETWORKS)


@pytest.mark.parametrize("kind", ["read", "crash", "not named in a line"])
def test_what_is_not_noticed_is_wrong(kind):
    figures = Figures()
    judge(figures, kind, "something else", "whole", "a file", "bit at 3")
    judge(figures, "noticed", "a line", "whole", "a file", "bit at 4")
    judge(figures, "read", "whole", "whole", "a file", "bit at 5")
    assert len(figures.wrong) == 1 and "bit at 3" in figures.wrong[0]
    assert figures.counts["a file: damaged"] == 3


def test_a_record_names_no_folder_of_the_machine():
    figures = Figures()
    figures.expect(False, f"{sys.prefix}/lib/a.py, {CHECKOUT}/b.py, {tempfile.gettempdir()}/c")
    assert figures.summary()["wrong"] == ["<environment>/lib/a.py, <checkout>/b.py, <temporary>/c"]


def test_a_difference_is_a_divergence(tmp_path):
    figures = Figures()
    run = TrialRun(FORM, tmp_path / "runs", figures)
    folder = tmp_path / "runs" / "digits" / "lab" / "seed-1"
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"one")
    disturbed.compare(run, {"file": b"one"})
    assert (figures.wrong, figures.summary()["divergences"]) == ([], 0)
    disturbed.compare(run, {"file": b"two"})
    assert len(figures.wrong) == figures.summary()["divergences"] == 1
