"""How step times are compared and shown."""

import json

import pytest

from benchmarks import render, step_time
from benchmarks.contestants import CONTESTANTS, Worker
from benchmarks.problems import problem


def test_ratios_are_taken_round_by_round():
    times = {"c": [1.0, 4.0], "jax": [2.0, 2.0], "pytorch": [4.0, 8.0]}
    assert step_time.ratios(times, "c") == {"jax": [0.5, 2.0], "pytorch": [0.25, 0.5]}


def test_a_contestant_with_other_losses_is_not_timed():
    """The same step from another state stands for a wrong one."""
    tiny = {"network.units": 8, "training.batch_size": 5}
    case, other = (problem("mnist", overrides=tiny | {"network.hidden_layers": n}) for n in (1, 2))
    worker = Worker("plain-jax", other, "cpu")
    try:
        with pytest.raises(step_time.Disagreement, match="loss 1 of plain-jax"):
            step_time.verify({"plain-jax": worker}, {"lab": case}, "cpu", {})
    finally:
        worker.close()


def test_a_small_comparison_gives_times_ratios_and_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(step_time, "NETWORKS", {"mnist": {"network.units": 8}})
    monkeypatch.setattr("benchmarks.problems.NETWORKS", step_time.NETWORKS)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # put back what the program sets
    out = tmp_path / "cpu.json"
    arguments = ["--contestants", "jax", "plain-jax", "--rounds", "2", "--steps", "1", "--out", str(out)]
    before = step_time.os.sched_getaffinity(0)
    try:
        assert step_time.main([*arguments, "--threads", "1"]) == 0
    finally:
        step_time.os.sched_setaffinity(0, before)
    results = json.loads(out.read_text())
    mnist = results["networks"]["mnist"]
    assert results["threads"] == 1 and results["rounds"] == 2 and mnist["settings"] == {"network.units": 8}
    assert {name: len(each["step_ms"]) for name, each in mnist["contestants"].items()} == {"jax": 2, "plain-jax": 2}
    assert len(mnist["ratios"]["jax"]["plain-jax"]) == 2 and mnist["floor"]["ms"] > 0
    assert f"{render.summary([results])}\n\n{render.tables(results)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["mnits"], ["--rounds", "0"], ["--threads", "0"], ["--threads", "99999"], ["--contestants", "tpu"]]
)
def test_a_mistake_ends_with_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        step_time.main(arguments)
    assert end.value.code == 2 and "error:" in capsys.readouterr().err


def test_methods_of_contestants():
    assert {method for method, *_ in CONTESTANTS.values()} == {"lab", "full-precision"}


def test_the_pages_tables_equal_the_committed_results():
    assert render.PAGE.read_text(encoding="utf-8") == render.page(), "run: python -m benchmarks.render"
