"""Sweeps on Snakemake: what they would run, and that they come to what the plain loop comes to, stopped as it is."""

import os
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from reproduce import sweep
from tests.workflow.sweeps import NO_SNAKEMAKE, PATIENCE, ROOT, DigitsSweep, runs_of, wait_until

pytest.importorskip("snakemake", reason=NO_SNAKEMAKE)

METHODS = "full-precision", "binaryconnect", "bwn", "lab"
SEEDS = 1, 2


@pytest.fixture
def make(tmp_path):
    """A function that makes a sweep over the digits in a folder of its own."""

    def made(name, methods=METHODS, seeds=SEEDS):
        (tmp_path / name).mkdir()
        return DigitsSweep(tmp_path / name, methods, seeds)

    return made


def test_both_ways_stopped_and_continued_compute_the_same(make, heard_signals):
    plain = make("plain")
    with plain.started(plain.plain) as process:
        wait_until(lambda: plain.in_training, process)
        process.terminate()
        assert process.wait(PATIENCE) == 75
    assert plain.run(plain.plain) == 0
    assert plain.complete == plain.expected

    ours = make("snakemake")
    command = ours.snakemake("local", "--cores", "2")
    with ours.started(command) as process:
        wait_until(lambda: ours.in_training, process)
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
        assert process.wait(PATIENCE) != 0
    assert ours.marked <= ours.complete < ours.expected

    with ours.started(command) as process:
        run, trains = wait_until(lambda: runs_of(process.pid), process).popitem()
        trains.terminate()  # its exit code is 75
        wait_until(lambda: run in ours.marked, process)
        assert "Trying to restart job" in ours.said
        os.killpg(process.pid, signal.SIGKILL)
    assert ours.run([*command, "--unlock"]) == 0

    assert ours.run(command) == 0
    assert ours.marked <= ours.complete == ours.expected  # a run may have been complete at a kill, and not yet marked
    assert any(": continues " in ours.log(run) for run in ours.marked)
    assert ours.files() == plain.files()
    markers = ours.folder.glob("runs/digits/*/*.complete")
    report = ours.folder / "report" / "digits" / "index.html"
    assert report.stat().st_mtime >= max(marker.stat().st_mtime for marker in markers)

    assert ours.run(command) == 0
    assert "Nothing to be done" in ours.said


def test_a_dry_run_lists_what_the_plain_loop_would_run(tmp_path):
    options = SimpleNamespace(runs=tmp_path / "runs", allow_unofficial=False)
    wanted = sweep.jobs("table1", [1, 7])
    *lines, total = sweep.plan(sweep.missing(wanted, sweep.counted(options), "cpu"))
    said = dry_run(tmp_path, "table1", "seeds=[1,7]", "allow_unofficial=false")
    assert f"table1: {total}" in said
    assert set(re.findall(r"^Job \d+: (.*)$", said, re.MULTILINE)) == set(lines)


@pytest.mark.parametrize("target", ["table1", "table2", "table3", "table4", "figure1", "mnist", "all"])
def test_every_target_is_there(tmp_path, target):
    assert f"{target}: " in dry_run(tmp_path, target, "seeds=[1234]")


def test_mistakes_are_named(tmp_path):
    assert "unknown method 'lba'" in dry_run(tmp_path, "mnist", "methods=lba", exit_code=1)
    assert "the configuration has no 'seed';" in dry_run(tmp_path, "mnist", "seed=5", exit_code=1)
    marker = tmp_path / "runs" / "digits" / "lab" / "seed-5.complete"
    marker.parent.mkdir(parents=True)
    marker.touch()
    said = dry_run(tmp_path, "digits", "seeds=[5]", exit_code=1)
    assert "runs/digits/lab/seed-5.complete is there, but no completed run; remove this file" in said


def dry_run(folder, target, *config, exit_code=0):
    """What ``snakemake TARGET --dry-run`` prints."""
    command = [sys.executable, "-m", "snakemake", target, "--dry-run", "-s", str(ROOT / "workflow" / "Snakefile")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, "--config", *config], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == exit_code
    return done.stdout + done.stderr
