"""The README's table is what the committed records give."""

from pathlib import Path

import pytest

from reproduce.errors import UserError
from reproduce.report import readme
from reproduce.report.markdown import BEGIN, END, readme_table
from reproduce.report.tables import collect

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_readmes_table_equals_the_results():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert BEGIN in text and END in text, "the README lacks the marks of its table of results"
    table = readme_table(collect([REPOSITORY / "results"]).cells, REPOSITORY)
    assert readme.with_table(text, table) == text, "run: python -m reproduce.report.readme"


def test_only_what_lies_between_the_marks_changes(tmp_path, mnist_runs):
    file = tmp_path / "README.md"
    file.write_text(f"# Before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    readme.rewrite(file, mnist_runs)
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"# Before\n{BEGIN}\n| Table |") and text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text and "- Table 1: 6 reproduced, 1 not reproduced, 14 not run." in text
    readme.rewrite(file, mnist_runs)
    assert file.read_text(encoding="utf-8") == text


def test_each_number_links_to_its_record(tmp_path, new_run):
    new_run(tmp_path / "results")
    table = readme_table(collect([tmp_path / "results"]).cells, tmp_path)
    assert "[1.200](results/mnist/lab/seed-1234/record.json)" in table


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_readme_without_both_marks_is_refused(text):
    with pytest.raises(UserError, match="needs the lines"):
        readme.with_table(text, "table")
