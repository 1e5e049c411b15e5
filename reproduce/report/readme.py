"""Writes the README's table of results: ``python -m reproduce.report.readme`` in the checkout."""

from pathlib import Path

from reproduce.errors import UserError
from reproduce.files import write_text
from reproduce.report.markdown import BEGIN, END, readme_table
from reproduce.report.tables import collect


def with_table(text, table):
    """`text` with `table` between the two marks.

    Raises
    ------
    UserError
        Where the text does not hold the marks, once each and in order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or text.count(BEGIN) != 1 or text.count(END) != 1:
        raise UserError(f"the README needs the lines {BEGIN} and {END}, once each, where its table goes")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def rewrite(readme="README.md", results="results"):
    """Bring the table in `readme` up to the records in `results`."""
    readme = Path(readme)
    table = readme_table(collect([results]).cells, readme.resolve().parent)
    write_text(readme, with_table(readme.read_text(encoding="utf-8"), table))


if __name__ == "__main__":
    rewrite()
