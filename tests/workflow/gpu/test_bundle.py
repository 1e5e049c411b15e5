"""What is carried to a GPU machine, and the stages there."""

import os
import subprocess

import pytest

from workflow.gpu import bundle


def test_every_package_is_taken_at_the_version_of_the_lock():
    pinned = bundle.pinned(bundle.PACKAGES)
    assert [line.partition("==")[0] for line in pinned] == list(bundle.PACKAGES)
    assert set(pinned) <= set(bundle.LOCK.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("prepared, missing", [((), "mnist"), (("mnist",), "war_and_peace")])
def test_data_that_are_not_prepared_are_named(tmp_path, capsys, prepared, missing):
    for name in prepared:
        (tmp_path / name).mkdir()
    kept = tmp_path / "out" / "kept"
    kept.parent.mkdir()
    kept.touch()
    assert bundle.main(["--data", str(tmp_path), "--out", str(kept.parent)]) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"python -m reproduce data prepare {missing}")
    assert kept.exists()


def test_stages_run_in_the_order_given_and_one_that_fails_does_not_stop_the_next(tmp_path):
    (tmp_path / "checkout").mkdir()
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho ran "$@"\nexit 3\n')
    python.chmod(0o755)
    script = tmp_path / "run.sh"
    script.write_bytes((bundle.REPOSITORY / "workflow/gpu/run.sh").read_bytes())
    variables = {"PYTHON": str(python), "OUT": str(tmp_path / "out"), "DEVICE": "cpu", "ROUNDS": "2"}
    subprocess.run(["bash", script, "step-times", "doctor"], env=os.environ | variables, check=False)
    lines = (tmp_path / "out" / "log.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("ran -m benchmarks.step_time mnist cifar10 war_and_peace --contestants jax ")
    assert "--rounds 2" in lines[0] and lines[1].startswith("step-times: exit code 3 after ")
    assert lines[2] == "ran -m reproduce doctor" and lines[3].startswith("doctor: exit code 3 after ")
    assert (tmp_path / "out" / "doctor.txt").read_text() == "ran -m reproduce doctor\n"
