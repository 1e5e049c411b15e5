"""The tables of README.md and docs/results.md are what the committed records give."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reproduce.errors import UserError
from reproduce.report import claims, power, readme
from reproduce.report.markdown import BEGIN, END, claims_table, readme_table
from reproduce.report.tables import collect

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_readmes_table_equals_the_results():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert BEGIN in text and END in text, "the README lacks the marks of its table of results"
    table = readme_table(collect([REPOSITORY / "results"]), REPOSITORY)
    assert readme.with_table(text, table) == text, "run: python -m reproduce.report.readme"


def test_the_table_of_claims_in_the_docs_equals_the_results():
    text = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")
    table = claims_table(collect([REPOSITORY / "results"]))
    assert readme.with_table(text, table) == text, "run: python -m reproduce.report.readme"


def test_the_docs_discuss_what_is_outside_or_undecided_on_mnist_and_nothing_else():
    """Each in a paragraph of its own; of the undecided they say that the paper's difference lies in our interval."""
    text = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")
    results = collect([REPOSITORY / "results"])
    undecided = {
        claim.title: comparison
        for claim in claims.of(results)
        for comparison in claim.comparisons
        if comparison.label == "MNIST" and comparison.state in ("undecided", "not reproduced")
    }
    outside = [cell.label for cell in results.cells if cell.column.title == "MNIST" and cell.inside is False]
    discussed = text.partition("## How a number is judged")[0]
    assert re.findall(r"^\*\*(.+?)\.\*\*", discussed, re.MULTILINE) == [*outside, *undecided]
    for title, comparison in undecided.items():
        low, high = comparison.estimate.interval
        assert low < comparison.paper < high
        as_published = replace(comparison.estimate, value=comparison.paper)
        more = power.more_seeds(as_published, (comparison.rule.low, comparison.rule.high))
        paragraph = " ".join(discussed.partition(f"**{title}.**")[2].partition("\n\n")[0].split())
        assert re.search(rf"\b{more} more seeds? would show it", paragraph), title


def test_only_what_lies_between_the_marks_changes(tmp_path, mnist_runs):
    file = tmp_path / "README.md"
    file.write_text(f"# Before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    table = readme_table(collect([mnist_runs]), tmp_path)
    readme.rewrite(file, table)
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"# Before\n{BEGIN}\n- Of the 59 distinct") and text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text and "- Table 1: 6 reproduced, 1 not reproduced, 14 not run." in text
    readme.rewrite(file, table)
    assert file.read_text(encoding="utf-8") == text


def test_each_number_links_to_its_record(tmp_path, new_run):
    new_run(tmp_path / "results")
    table = readme_table(collect([tmp_path / "results"]), tmp_path)
    assert "[1.200](results/mnist/lab/seed-1234/record.json) |" in table


def test_an_exported_model_is_linked_beside_its_number(tmp_path, new_run):
    (new_run(tmp_path / "results") / "model.safetensors").write_bytes(b"")
    table = readme_table(collect([tmp_path / "results"]), tmp_path)
    folder = "results/mnist/lab/seed-1234"
    assert f"[1.200]({folder}/record.json) ([model]({folder}/model.safetensors)) |" in table


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_readme_without_both_marks_is_refused(text):
    with pytest.raises(UserError, match="needs the lines"):
        readme.with_table(text, "table")
