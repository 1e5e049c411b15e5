"""What the terminal shows."""

from reproduce import report


def test_every_cell_has_a_line(mnist_runs):
    results = report.collect([mnist_runs])
    lines = report.format_cells(results).splitlines()
    assert len(lines[: lines.index("")]) == 2 + 67
    assert lines[lines.index("") + 1] == "67 cells: 6 reproduced, 1 not reproduced, 60 not run"
    lab = next(line for line in lines if "mnist --method lab" in line)
    assert lab.split()[:4] == ["1", "MNIST", "LAB", "1.170"]
    cell = next(cell for cell in results.cells if (cell.method, cell.column.label) == ("lab", "MNIST"))
    assert f"1.187 ± 0.025 (3)       {cell.detectable:.3f}  reproduced" in lab


def test_every_claim_has_a_line_and_each_comparison_that_was_made(mnist_runs):
    results = report.collect([mnist_runs])
    lines = report.format_cells(results).splitlines()
    claims = lines[next(i for i, line in enumerate(lines) if line.startswith("Claim ")) + 2 :]
    titles = [line for line in claims if not line.startswith("· ")]
    assert len(titles) == 9 and "LAB beats BWN" in titles[0] and "1 of 11" in titles[0]
    assert "undecided" in claims[1] and " more seeds, " in claims[1]
    assert len(claims) == 9 + 5


def test_the_summary_has_a_line_a_run_in_the_papers_order(tmp_path, new_run):
    for method, result in (("lab", 3.1), ("full-precision", 2.9)):
        new_run(tmp_path, "digits", method, result=result, seconds=75.0)
    header, _, first, second, _ = report.summary(report.collect([tmp_path])).splitlines()
    assert header.split()[:3] == ["Experiment", "Method", "Seed"]
    assert first.split() == ["digits", "full-precision", "1234", "2.900", "2.900", "50", "50/50", "1", "min"]
    assert second.split()[1] == "LAB"


def test_the_summary_names_what_was_left_out(mnist_runs):
    assert "left out: results/mnist/bwn/seed-10: test_error is nan" in report.summary(report.collect([mnist_runs]))


def test_no_runs(tmp_path):
    assert report.summary(report.collect([tmp_path])) == "no runs"
