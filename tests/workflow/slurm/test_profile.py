"""The profile for Slurm, on a cluster that is this machine: the scripts in bin stand for Slurm's programs."""

import contextlib
import math
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from reproduce import sweep
from reproduce.report.estimates import peak_memory
from tests.workflow.sweeps import NO_SNAKEMAKE, PATIENCE, DigitsSweep, runs_of, wait_until

pytest.importorskip("snakemake_executor_plugin_slurm", reason=NO_SNAKEMAKE)

QUICK = "--jobs", "2", "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5"


class Cluster:
    """The fake cluster, as the files tell that its scripts leave in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        programs = Path(__file__).parent / "bin"
        self.environment = {"FAKE_SLURM": str(folder), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def of_jobs(self, name):
        """The content of a file of each job."""
        return [path.read_text().strip() for path in self.folder.glob(f"*/{name}")]

    @property
    def runs(self):
        """The runs that jobs train now, and their processes."""
        return {run: process for job in self.of_jobs("pid") for run, process in runs_of(int(job)).items()}


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    yield cluster
    for job in cluster.of_jobs("pid"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(job), signal.SIGKILL)


@pytest.fixture
def make(tmp_path, cluster):
    """A function that makes a sweep over the digits which finds the cluster."""

    def made(methods, seeds):
        (tmp_path / "sweep").mkdir()
        return DigitsSweep(tmp_path / "sweep", methods, seeds, cluster.environment)

    return made


def test_jobs_are_cancelled_retried_and_continued(make, cluster, heard_signals):
    ours = make(["bwn", "lab"], [1, 2])
    command = ours.snakemake("slurm", *QUICK)
    with ours.started(command) as process:
        wait_until(lambda: ours.in_training, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) != 0
    wait_until(lambda: not cluster.runs)
    assert "CANCELLED" in cluster.of_jobs("state")
    assert ours.marked <= ours.complete < ours.expected

    with ours.started(command) as process:
        _, trains = wait_until(lambda: cluster.runs, process).popitem()
        words = trains.cmdline()
        trains.terminate()  # its exit code is 75
        assert process.wait(PATIENCE) == 0
    assert 10 <= int(words[words.index("--minutes") + 1]) <= 1435  # five less than the job's
    assert "FAILED" in cluster.of_jobs("state")
    assert "--name" in (cluster.folder / "accounting").read_text()  # its states were asked for
    assert any(": continues " in ours.log(run) for run in ours.marked)
    assert ours.marked <= ours.complete == ours.expected
    assert (ours.folder / "report" / "digits" / "index.html").exists()


def test_the_queue_is_asked_where_that_is_wanted(make, cluster):
    ours = make(["bwn"], [1])
    assert ours.run(ours.snakemake("slurm", *QUICK, "--slurm-status-command", "squeue")) == 0
    assert ours.marked == ours.complete == ours.expected
    assert cluster.of_jobs("state") == ["COMPLETED"]
    assert "--name" not in (cluster.folder / "accounting").read_text()


def test_a_job_asks_for_what_records_tell(make, cluster):
    ours = make(["lab"], [77])
    (ours.folder / "runs").mkdir()
    (ours.folder / "runs" / "mnist.prepared").touch()
    (cluster.folder / "full").touch()
    assert ours.run(ours.snakemake("slurm", *QUICK, target="mnist", device="gpu", retries=0)) == 1

    runs = sweep.counted(SimpleNamespace(runs="runs", allow_unofficial=False))
    ((_, seconds),) = sweep.missing(sweep.jobs("mnist", [77], ["lab"]), runs, "gpu")
    (arguments,) = cluster.of_jobs("arguments")
    arguments = arguments.split("\n")
    assert arguments[arguments.index("-t") + 1] == str(math.ceil(2 * seconds / 60) + 15)
    assert arguments[arguments.index("--mem") + 1] == str(math.ceil(1.5 * peak_memory("mnist") / 1e6))
    assert {"--gpus=1", "--cpus-per-task=1"} <= set(arguments)
