"""Compares our runs with the paper's numbers: cells, statistics, claims, figures, one HTML page and its Markdown."""

from pathlib import Path

from datasets.errors import printable
from datasets.storage.files import write_text
from reproduce.report import comparison, markdown, page
from reproduce.report.markdown import readme_table
from reproduce.report.run_folders import default_folders
from reproduce.report.tables import collect
from reproduce.report.text import format_cells, summary_table

__all__ = ["collect", "comparison", "default_folders", "format_cells", "readme_table", "summary", "write"]


def write(results, out):
    """Write the report.

    Parameters
    ----------
    results : reproduce.report.tables.Results
        The result of `collect`.
    out : path
        Folder for index.html and report.md; made if missing.

    Returns
    -------
    Path
        index.html.

    Raises
    ------
    datasets.errors.CannotWriteError
        If `out` cannot be written; FullDiskError if the disk is full.
    """
    out = Path(out)
    write_text(out / "report.md", markdown.render(results, out))
    write_text(out / "index.html", page.render(results, out))
    return out / "index.html"


def summary(results):
    """`summary_table` of all runs, followed by the folders that could not be read."""
    unreadable = (printable(f"left out: {item.path}: {item.reason}") for item in results.unreadable)
    return "\n".join([summary_table(results.runs), *unreadable])
