"""The report's tables for a terminal."""

from datasets.errors import printable
from reproduce.report import claims, formats
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


def format_cells(results):
    """A table of all cells: the paper's number, ours, the smallest difference that the seeds could show, the state, and
    the command; then one of the paper's claims as far as they were tested.

    Parameters
    ----------
    results : reproduce.report.tables.Results

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
            formats.number(cell.detectable),
            cell.verdict,
            cell.command,
        )
        for cell in results.cells
    ]
    header = ("Table", "Column", "Method", "Paper", "Ours (n)", "Could show", "State", "Command")
    total = f"{len(rows)} cells: {formats.counts([cell.state for cell in results.cells])}"
    return f"{grid(header, rows, right=(0, 3, 5))}\n\n{total}\n\n{_format_claims(claims.of(results))}"


def _format_claims(judged):
    rows = []
    for claim in judged:
        rows.append((claim.title, f"{claim.measured} of {len(claim.comparisons)}", "", "", claim.state, ""))
        rows += [
            (
                f"· {comparison.label}",
                "",
                formats.contrast(comparison),
                formats.interval(comparison.estimate),
                comparison.verdict,
                formats.more_seeds(comparison),
            )
            for comparison in claim.comparisons
            if not comparison.missing
        ]
    return grid(("Claim", "Measured", "Ours", "95% interval", "State", "Would decide it"), rows, right=(2,))


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
