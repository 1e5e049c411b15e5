"""Holds our runs against the paper's numbers: cells, statistics, claims, figures, one HTML page and its Markdown."""

from pathlib import Path

from datasets.storage.files import write_text
from reproduce.report import markdown, page
from reproduce.report.markdown import readme_table
from reproduce.report.records import read
from reproduce.report.tables import collect
from reproduce.report.text import format_cells, summary_table

__all__ = ["cells", "collect", "format_cells", "read", "readme_table", "summary", "summary_table", "write"]


def write(folders, out):
    """Write the report on the runs below `folders`.

    Parameters
    ----------
    folders : iterable of path, or None
        Trees of run folders; those of `records.DEFAULT_RUNS` that exist if None.
    out : path
        Where index.html and report.md go; made if missing.

    Returns
    -------
    Path
        index.html.

    Raises
    ------
    UserError
        Where one of `folders` is not a folder.
    datasets.errors.CannotWriteError
        Where `out` cannot be written; FullDiskError where the disk is full.
    """
    out = Path(out)
    results = collect(folders)
    write_text(out / "report.md", markdown.render(results, out))
    write_text(out / "index.html", page.render(results, out))
    return out / "index.html"


def cells(folders=None):
    """Every cell of the paper's tables with the runs below `folders` that count for it."""
    return collect(folders).cells


def summary(folders=None):
    """`summary_table` of the runs below `folders`, and what was left out."""
    records, left_out = read(folders)
    lines = [summary_table(records), *(f"left out: {item.path}: {item.reason}" for item in left_out)]
    return "\n".join(lines)
