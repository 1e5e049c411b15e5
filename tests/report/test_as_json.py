import json

import pytest

from reproduce import cli


def test_cells_and_claims_are_what_the_table_shows(capsys, mnist_runs):
    argv = ["--runs", str(mnist_runs), "--json"]
    assert cli.main(["cells", *argv]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert len(found["cells"]) == 67
    (lab,) = (cell for cell in found["cells"] if (cell["experiment"], cell["method"]) == ("mnist", "lab"))
    assert lab["seeds"] == {"1234": 1.16, "1235": 1.19, "1236": 1.21} and lab["paper"] == 1.17
    assert lab["interval"][0] < lab["ours"] < lab["interval"][1] and lab["state"] == "reproduced"
    assert all(cell["ours"] is None for cell in found["cells"] if cell["experiment"] == "svhn")
    assert {claim["state"] for claim in found["claims"]} == {"reproduced", "not run"}


def test_report_prints_the_runs_and_what_was_left_out(capsys, tmp_path, new_run):
    new_run(tmp_path / "runs", method="lab", result=1.2)
    new_run(tmp_path / "runs", method="bwn", seed=10, test_error=float("nan"))
    argv = ["report", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path), "--json"]
    assert cli.main(argv) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["page"] == str(tmp_path / "index.html") and (tmp_path / "index.html").is_file()
    assert [(run["method"], run["seed"], run["test"]) for run in found["runs"]] == [("lab", 1234, 1.2)]
    (left_out,) = found["left_out"]
    assert "test_error is" in left_out["reason"] and len(found["cells"]) == 67
