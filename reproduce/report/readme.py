"""Writes the tables of results in README.md and docs/results.md: ``python -m reproduce.report.readme``."""

from pathlib import Path

from datasets.storage.files import write_text
from reproduce.errors import UserError
from reproduce.report.markdown import BEGIN, END, claims_table, readme_table
from reproduce.report.tables import collect


def with_table(text, table, marks=(BEGIN, END)):
    """`text` with `table` between the two `marks`.

    Raises
    ------
    UserError
        Unless the text holds each of the marks once, in order.
    """
    begins, ends = marks
    before, begin, rest = text.partition(begins)
    _, end, after = rest.partition(ends)
    if not (begin and end) or text.count(begins) != 1 or text.count(ends) != 1:
        raise UserError(f"the page needs the lines {begins} and {ends}, once each, where its table goes")
    return f"{before}{begins}\n{table}\n{ends}{after}"


def rewrite(page, table):
    """Rewrite the table in the file `page`."""
    write_text(page, with_table(Path(page).read_text(encoding="utf-8"), table))


if __name__ == "__main__":
    found = collect(["results"])
    rewrite("README.md", readme_table(found))
    rewrite("docs/results.md", claims_table(found))
