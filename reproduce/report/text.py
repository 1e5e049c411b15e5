"""The report's tables for a terminal."""

from datasets.errors import printable
from reproduce.report import formats
from reproduce.report.tables import in_order


def grid(header, rows, right=()):
    """A table of text, its columns separated by two spaces; those whose numbers are in `right` are aligned right.

    Examples
    --------
    >>> print(grid(("Method", "Error"), [("LAB", 1.17), ("BinaryConnect", 1.28)], right=(1,)))
    Method         Error
    --------------------
    LAB             1.17
    BinaryConnect   1.28
    """
    table = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def format_cells(cells):
    """A table of all cells: the paper's number, ours, the state, and the command.

    Parameters
    ----------
    cells : list of reproduce.report.tables.Cell

    Returns
    -------
    str
    """
    rows = [
        (
            cell.table.number,
            cell.column.title,
            cell.label,
            formats.number(cell.paper),
            formats.ours(cell),
            cell.verdict,
            cell.command,
        )
        for cell in cells
    ]
    header = ("Table", "Column", "Method", "Paper", "Ours (n)", "State", "Command")
    total = f"{len(cells)} cells: {formats.counts([cell.state for cell in cells])}"
    return f"{grid(header, rows, right=(0, 3))}\n\n{total}"


def summary_table(runs):
    """A table with one line per run: experiment, method, test and validation result, best epoch, epochs, time.

    Parameters
    ----------
    runs : iterable of reproduce.report.run_folders.RunFolder

    Returns
    -------
    str
    """
    rows = [
        (
            formats.setup(run.record.setup),
            formats.label(run.record.method),
            run.record.seed,
            "diverged" if run.record.diverged else formats.result(run.record),
            formats.number(run.record.valid_result),
            run.record.best_epoch,
            f"{run.record.epochs_done}/{run.record.epochs_planned}",
            formats.duration(run.record.seconds),
        )
        for run in sorted(runs, key=in_order)
    ]
    header = ("Experiment", "Method", "Seed", "Test", "Valid", "Best epoch", "Epochs", "Time")
    units = "Test and valid: error in %; for language models, cross-entropy in nats per character."
    notes = [units, formats.ABOUT_ENDED_EARLY] if any(formats.ENDED_EARLY in row[3] for row in rows) else [units]
    return "\n".join([grid(header, rows, right=(2, 3, 4, 5, 6, 7)), *notes]) if rows else "no runs"
