"""Two sets of records side by side."""

import json
import re

import numpy as np
import pytest
from scipy import stats

from reproduce import cli
from reproduce.errors import UserError
from reproduce.report import comparison
from tests.report.test_page import Reader

FIRST, SECOND = (1.20, 1.10, 1.15, 1.18), (1.24, 1.16, 1.18, 1.23)


@pytest.fixture
def sets(tmp_path, new_run):
    """LAB with four seeds on two backends, one run that only each of them has, and one that is left out."""
    for name, results, changes in (("a", FIRST, {}), ("b", SECOND, {"backend": "jax", "seconds": 250.0})):
        for seed, result in enumerate(results):
            new_run(tmp_path / name, seed=seed, result=result, **changes)
    new_run(tmp_path / "a", method="bwn", result=1.3)
    new_run(tmp_path / "b", "digits", result=3.0)
    new_run(tmp_path / "b", seed=9, test_error=float("nan"))
    return tmp_path / "a", tmp_path / "b"


def test_runs_of_equal_settings_are_paired_by_seed(sets):
    (lab,) = comparison.compare(*sets).shared
    expected = stats.ttest_rel(SECOND, FIRST)
    interval = expected.confidence_interval()
    assert lab.estimate.value == pytest.approx(np.mean(SECOND) - np.mean(FIRST))
    assert lab.estimate.interval == pytest.approx((interval.low, interval.high)) and lab.verdict == "different"
    assert lab.epoch == "20.0 s → 5.0 s (4.0×)" and lab.ours(0) == "1.157 ± 0.043 (4)"


def test_what_only_one_set_holds_and_what_differs_is_said(sets):
    found = comparison.compare(*sets)
    assert found.alone == ["Only in A: mnist, BWN.", "Only in B: digits, LAB."]
    assert dict((name, rest) for name, *rest in comparison.differences(found))["backend"] == ["c", "c; jax"]
    assert "test_error is nan" in found.sides[1].left_out[0].reason


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ((1.2,), (1.2,), "equal"),
        ((1.2, 1.1), (1.2, 1.1), "equal"),
        ((1.2,), (1.3,), "too few seeds to judge"),
        ((1.2, 1.1), (1.2, 1.2), "within the spread of seeds"),
        ((1.2,), (None,), "diverged"),
    ],
)
def test_few_seeds_decide_nothing_but_equality(tmp_path, new_run, first, second, verdict):
    for name, results in (("a", first), ("b", second)):
        for seed, result in enumerate(results):
            new_run(tmp_path / name, seed=seed, result=result)
    (lab,) = comparison.compare(tmp_path / "a", tmp_path / "b").shared
    assert lab.verdict == verdict


def test_other_settings_are_not_compared(tmp_path, new_run):
    new_run(tmp_path / "a")
    new_run(tmp_path / "b", settings={"network.units": 64})
    assert comparison.compare(tmp_path / "a", tmp_path / "b").shared == []


def test_both_files_name_every_run_and_their_links_lead_to_records(sets, capsys):
    out = sets[0].parent / "out"
    assert cli.main(["report", "--compare", *map(str, sets), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "1.157 ± 0.043 (4)" in said and str(out / "compare.html") in said
    html, markdown = ((out / f"compare.{ending}").read_text(encoding="utf-8") for ending in ("html", "md"))
    records = [link for link in Reader(html).links if link.endswith("record.json")]
    assert len(records) == 10 and all((out / link).is_file() for link in records)
    assert records == re.findall(r"\]\(([^)]*)\)", markdown)
    for text in (html, markdown):
        assert "different" in text and "Only in A: mnist, BWN." in text and "test_error is nan" in text
    assert not (out / "index.html").exists()
    assert cli.main(["report", "--compare", *map(str, sets), "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["pairs"][0]["A"]) == len(found["pairs"][0]["B"]) == 4
    assert "different" in {pair.get("verdict") for pair in found["pairs"]}
    assert found["page"] == str(out / "compare.html")


def test_two_empty_sets_say_so(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    found = comparison.compare(tmp_path / "a", tmp_path / "b")
    text = comparison.write(found, tmp_path).read_text(encoding="utf-8")
    Reader(text)
    assert "No run is in both sets." in text and comparison.summary(found) == "no run is in both"


def test_a_folder_that_is_not_there_is_the_users_mistake(tmp_path, capsys):
    with pytest.raises(UserError, match="no folder of runs at"):
        comparison.compare(tmp_path, tmp_path / "nowhere")
    assert cli.main(["report", "--compare", str(tmp_path), str(tmp_path / "nowhere")]) == 2
    assert cli.main(["report", "--compare", str(tmp_path), str(tmp_path), "--runs", str(tmp_path)]) == 2
    assert "not allowed with argument" in capsys.readouterr().err
