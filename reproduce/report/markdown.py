"""The report's tables as Markdown: the page without its figures, and the README's table."""

import html
import re

from datasets.errors import printable
from reproduce.report import claims, figure1, formats, overview
from reproduce.report.gradients import SHARE
from reproduce.report.page import distinct, ended_early, layout, link, listing
from reproduce.report.tables import paper

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
"""The README's table is generated between these lines."""

MODEL = "model.safetensors"
"""The name of an exported model beside its record."""


def plain(text):
    """`text` of a record on one line, in which no character means Markdown or HTML."""
    return re.sub(r"([\\`*\[\]])", r"\\\1", html.escape(printable(text), quote=False))


def code(text):
    """`text` of a record on one line, as code."""
    text = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def table(header, rows, right=()):
    """A Markdown table; the columns whose numbers are in `right` are aligned right."""
    rule = ["---:" if index in right else "---" for index in range(len(header))]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def render(results, out):
    """The content of report.md: the page in tables.

    Parameters
    ----------
    results : reproduce.report.tables.Results
    out : Path
        The folder of the file.

    Returns
    -------
    str
    """
    rows = listing(results)
    figures, unused = figure1.collect(results)
    about = paper()
    early = [formats.ABOUT_ENDED_EARLY] if ended_early(rows) else []
    judged = claims.check(results.cells, figures)
    parts = [
        f"# {about['title']}: what was reproduced",
        f"{about['authors']}, {about['venue']}, {about['preprint']}.",
        _found(results, judged),
        "## Results",
        *_tables(results),
        "\n".join(f"- {note}" for note in [*_versions(about), *about["notes"], *early]),
        *_measured(results.cells, out),
        "## Claims",
        *_claims(judged),
        *_gradients(figures, unused, out),
    ]
    if results.others:
        parts += [
            "## Other runs",
            "Finished runs that do not belong to any number in the paper's tables.",
            _others(results, out),
        ]
    if results.left_out:
        left_out = table(("Run", "Why"), [(code(item.path), plain(item.reason)) for item in results.left_out])
        parts += ["## Left out", "Run folders that do not count for any number here.", left_out]
    if rows:
        parts += ["## Runs", *_runs(rows, out)]
    return "\n\n".join(parts) + "\n"


def readme_table(results, base="."):
    """The README's table: what was found, every measured cell, and the number of cells of each table in each state.

    Parameters
    ----------
    results : reproduce.report.tables.Results
    base : path
        The README's folder; links to records are relative to it.

    Returns
    -------
    str
        Markdown, without the lines that mark the table's place.
    """
    lines = []
    for number in sorted({cell.table.number for cell in results.cells}):
        states = [cell.state for cell in results.cells if cell.table.number == number]
        lines.append(f"- Table {number}: {formats.counts(states)}.")
    measured = _cells_table([cell for cell in results.cells if cell.runs], base)
    return "\n\n".join([_found(results, claims.of(results)), *([measured] if measured else []), "\n".join(lines)])


def claims_table(results):
    """Every comparison behind the paper's claims that was made: numbers, verdict, and what would decide it."""
    rows = [
        (claim.title, *_comparison(comparison))
        for claim in claims.of(results)
        for comparison in claim.comparisons
        if not comparison.missing
    ]
    return table(("Claim", *COMPARISON), rows, right=(3, 4, 5)) if rows else "No claim was tested."


def _found(results, judged):
    return "\n".join(f"- {sentence}" for sentence in overview.sentences(results, judged))


def _versions(about):
    return [f"The paper's numbers are from {version}, {what}." for version, what in about["versions"].items()]


def _tables(results):
    for published, columns, groups, rest in layout(results):
        about = f"**Table {published.number}.** {published.title}, {published.unit}"
        if columns:
            yield f"{about}: the paper's number, then our mean ± sd (seeds)."
            header = [published.columns]
            for column in columns:
                header += [column.label, "ours"]
            rows = []
            for _, lines in groups:
                for label, row in lines:
                    pairs = [(formats.number(cell.paper), formats.ours(cell)) for cell in row]
                    rows.append([label, *(text for pair in pairs for text in pair)])
            yield table(header, rows, right=range(1, len(header)))
        if rest:
            yield _not_run(rest, "" if columns else f"{about}: ")


def _not_run(rest, about):
    """One line on the cells of a table that were not run, which opens to the cells."""
    rows = [
        (cell.column.label, cell.label, formats.number(cell.paper), overview.time([seconds]), f"`{cell.command}`")
        for cell, seconds in rest.pairs
    ]
    cells = table((rest.table.columns, "Method", "Paper", "One run", "Command"), rows, right=(2, 3))
    line = f"{about}{len(rest.cells)} numbers not run; one run of each: {rest.time}. `{rest.command}`"
    return f"{line}\n\n<details><summary>Which</summary>\n\n{cells}\n\n</details>"


def _measured(cells, out):
    measured = [cell for cell in cells if cell.runs]
    if not measured:
        return []
    yardsticks = "\n".join(
        f"- Table {cell.table.number}, {cell.column.title}, {cell.label}: {cell.column.test_size:,} test "
        f"{cell.column.test_unit}; {cell.estimate.basis}; 95% interval {formats.interval(cell.estimate)}; the smallest "
        f"difference that the seeds could show: {formats.number(cell.detectable)}."
        for cell in measured
    )
    found = overview.tally(cells)
    outside = (
        f"{len(found.outside)} of {len(found.judged)} cells with a known spread lie outside; chance alone would put "
        f"{found.expected:.1f} there, and as many or more in {overview.percent(found.chance)} of cases."
    )
    return ["## Cell by cell", _cells_table(measured, out), yardsticks, *([outside] if found.judged else [])]


def _cells_table(cells, base):
    """Measured cells with their verdicts; each number of ours is linked to its record."""
    if not cells:
        return ""
    header = (
        "Table",
        "Column",
        "Method",
        "Paper",
        "Ours: mean ± sd (n)",
        "Difference",
        "Std. errors",
        "Verdict",
        "Seeds",
    )
    rows = [
        (
            cell.table.number,
            cell.column.title,
            cell.label,
            formats.number(cell.paper),
            formats.ours(cell),
            formats.signed(cell.difference),
            formats.signed(cell.standard_errors, 1),
            cell.short_verdict,
            ", ".join(_result(run, base) for run in cell.runs),
        )
        for cell in cells
    ]
    return table(header, rows, right=(3, 4, 5, 6))


def _result(run, base):
    """A run's result, linked to its record, and to its exported model if that lies beside it."""
    model = f" ([model]({link(run, MODEL, base)}))" if (run.folder / MODEL).exists() else ""
    return f"[{formats.result(run.record)}]({link(run, 'record.json', base)}){model}"


COMPARISON = ("Where", "Cells", "Paper", "Ours", "95% interval", "Holds if", "Verdict", "Would decide it")


def _claims(judged):
    for claim in judged:
        yield f"### {claim.title}: {claim.state}"
        if claim.note:
            yield claim.note
        rows = [_comparison(comparison) for comparison in claim.comparisons]
        if rows:
            yield table(COMPARISON, rows, right=(2, 3, 4))


def _comparison(comparison):
    return (
        comparison.label,
        comparison.formula,
        formats.signed(comparison.paper),
        formats.contrast(comparison),
        formats.interval(comparison.estimate),
        comparison.rule.text,
        comparison.verdict,
        formats.more_seeds(comparison),
    )


def _gradients(figures, unused, out):
    """Figure 1 in numbers, for the matrix that the claims are tested on."""
    if figures:
        yield "## Figure 1"
    numbers = (f"{SHARE:.0%} within ±", "Standard deviation", "Largest", "Not finite")
    header = ("Steps", "Method", "Seed", *numbers, "Remark")
    for figure in figures:
        yield f"**{figure.title[0].upper()}{figure.title[1:]}**, with respect to the hidden-to-cell weights."
        rows = []
        for spread in figure.spreads.values():
            label = formats.label(spread.method)
            for recorded in spread.recorded:
                gradients, seed = recorded.gradients[figure1.MATRIX], recorded.run.record.seed
                numbers = map(formats.scientific, (gradients.spread, gradients.std, gradients.largest))
                seed = f"[{seed}]({link(recorded.run, 'figure1.json', out)})"
                rows.append((spread.steps, label, seed, *numbers, gradients.nonfinite, recorded.note))
            if not spread.recorded:
                rows.append((spread.steps, label, *["not run"] * 5, f"`{spread.command}`"))
        yield table(header, rows, right=(3, 4, 5, 6))
    if unused:
        yield "Recorded, but not drawn: " + "; ".join(f"{code(run.path)} ({plain(why)})" for run, why in unused) + "."


def _others(results, out):
    header = ("Experiment", "Method", "Seed", "Test", "Validation", "Epochs", "Why it is in no table")
    rows = [
        (
            plain(formats.setup(run.record.setup)),
            plain(formats.label(run.record.method)),
            run.record.seed,
            f"[{formats.result(run.record)}]({link(run, 'record.json', out)})",
            formats.number(run.record.valid_result),
            run.record.epochs_done,
            plain(why),
        )
        for run, why in results.others
    ]
    return table(header, rows, right=(2, 3, 4, 5))


def _runs(rows, out):
    header = ("Run", "Test", "Validation", "Best epoch", "Time", "Environment", "Data", "Command")
    yield table(
        header,
        [
            (
                f"[{plain(row.run.path)}]({link(row.run, 'record.json', out)})",
                formats.result(row.run.record),
                formats.number(row.run.record.valid_result),
                f"{row.run.record.best_epoch} of {row.run.record.epochs_done}",
                formats.duration(row.run.record.seconds),
                row.environment,
                row.data,
                code(row.command),
            )
            for row in rows
        ],
        right=(1, 2, 3, 4),
    )
    environments = distinct(rows, lambda row: (row.environment, row.software))
    yield "\n".join(
        f"- Environment {letter}: " + ", ".join(f"{plain(name)} {plain(value)}" for name, value in software.items())
        for letter, software in environments
    )
    yield "\n".join(
        f"- Data {letter}: {plain(data.get('name', ''))}, {'official' if data['official'] else 'unofficial'}; "
        + ", ".join(f"{plain(name)} sha256 {plain(digest)}" for name, digest in data.get("sha256", {}).items())
        for letter, data in distinct(rows, lambda row: (row.data, row.run.record.data))
    )
