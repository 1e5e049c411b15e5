"""A small part of what ``make faults`` does for as long as one likes."""

import random

from reproduce import backends, experiments
from reproduce.runs import run as runs
from tests.faults import damage
from tests.faults.disturbed import TrialRun, at_the_beginning, compare, in_training
from tests.faults.figures import Figures
from tests.faults.forms import NETWORKS, Form
from tests.runs.run_files import run_files

FORM = Form("mlp", "jax", streaming=False)
EACH_STEP = "--checkpoint-minutes", "1e-9"


def test_a_run_killed_and_stopped_ends_as_the_undisturbed_one(tmp_path, heard_signals):
    figures = Figures()
    run = TrialRun(FORM, tmp_path / "runs", figures)
    run.stop("SIGHUP", at_the_beginning, *EACH_STEP)
    run.kill(in_training(0, "best.h5"), *EACH_STEP)
    run.stop("SIGINT", in_training(0), *EACH_STEP)
    damage.damage_checkpoints(figures, run.folder, random.Random(1), 50)
    last = run.folder / "checkpoint.h5"
    last.write_bytes(last.read_bytes()[:-1])
    run.finish()
    run.expect_the_damage_named()

    name, settings = NETWORKS[FORM.kind]
    experiment = experiments.resolve(name, "lab", settings)
    whole = runs.Run(experiment, 1234, backends.create("jax", "cpu"), tmp_path / "undisturbed", ["run"])
    with whole.held():
        whole.execute("unused")
    compare(run, run_files(whole.folder))
    assert figures.wrong == []
    assert figures.kills.total() == 1 and figures.counts["resumes"] == 3
    assert figures.counts["checkpoint.h5: noticed"] > 5


def test_a_damaged_prepared_file_is_not_read():
    figures = Figures()
    damage.damage_prepared(figures, random.Random(3), 20)
    assert figures.wrong == [] and figures.counts["prepared file: noticed"] > 10
