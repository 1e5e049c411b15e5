"""The report as one self-contained HTML page."""

import itertools
import json
import os
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import jinja2

from reproduce.methods import METHODS
from reproduce.report import agreement, claims, figure1, formats, overview, plots, statistics
from reproduce.report.gradients import SHARE
from reproduce.report.run_folders import RunFolder
from reproduce.report.tables import command_of, paper


@dataclass(frozen=True)
class Row:
    """One run in the page's list, with its anchor and the letters of its environment and data."""

    run: RunFolder
    anchor: str
    title: str
    command: str
    environment: str
    software: dict
    data: str
    note: str


@dataclass(frozen=True)
class Figures:
    """One row of panels, each an ``<svg>``, with a caption and a legend of (name, colour) pairs."""

    title: str
    caption: str
    legend: list
    panels: list


def render(results, out):
    """The page.

    Parameters
    ----------
    results : reproduce.report.tables.Results
    out : Path
        The folder of the page; links to records are relative to it.

    Returns
    -------
    str
    """
    rows = listing(results)
    figures, unused = figure1.collect(results)
    judged = claims.check(results.cells, figures)
    return template("page.html.j2").render(
        paper=paper(),
        results=results,
        counts=formats.counts([cell.state for cell in results.cells]),
        sentences=overview.sentences(results, judged),
        agreement=agreement.panels(results.cells, "agreement"),
        standardized=agreement.standardized(results.cells, "standardized"),
        tally=overview.tally(results.cells),
        time=overview.time,
        percent=overview.percent,
        tables=layout(results),
        columns=_measured_columns(results.cells),
        claims=judged,
        gradients=[(figure, _gradient_figures(figure, f"gradients-{i}")) for i, figure in enumerate(figures)],
        unused_gradients=unused,
        matrix=figure1.MATRIX,
        share=f"{SHARE:.0%}",
        training=_training(rows),
        rows=rows,
        ended_early=ended_early(rows),
        anchors={row.run: row.anchor for row in rows},
        environments=distinct(rows, lambda row: (row.environment, row.software)),
        data=distinct(rows, lambda row: (row.data, row.run.record.data)),
        link=lambda run, name: link(run, name, out),
        coverage=f"{statistics.COVERAGE:.0%}",
    )


def template(name):
    """A template of this folder, with the page's style, formats and links."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reproduce.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (resources.files("reproduce.report") / "style.css").read_text(encoding="utf-8")
    environment.globals |= {"f": formats, "anchor_of": anchor_of, "command_of": command_of, "style": style}
    return environment.get_template(name)


def link(run, name, base):
    """A relative link from folder `base` to file `name` of a run."""
    return quote(Path(os.path.relpath((run.folder / name).resolve(), Path(base).resolve())).as_posix())


def anchor_of(cell):
    """The page's anchor of a cell's line, or of Figure 1 for a spread."""
    if isinstance(cell, figure1.Spread):
        return "figure-1"
    return f"table-{cell.table.number}-{_slug(cell.column.label)}-{cell.method}"


def layout(results):
    """Arrange the cells as the paper's tables.

    Returns
    -------
    list of (table, columns, groups, rest)
        The columns with a run; groups of (title, rows of (label, cells)); and the table's `NotRun`, or None.
    """
    rest = {missing.table: missing for missing in overview.not_run(results)}
    tables = {}
    for cell in results.cells:
        tables.setdefault(cell.table, {}).setdefault(cell.column, {})[cell.method] = cell
    return [(table, *_shown(columns), rest.get(table)) for table, columns in tables.items()]


def _shown(columns):
    """The columns in which anything ran, and their rows in groups."""
    shown = {c: own for c, own in columns.items() if any(cell.runs or cell.diverged for cell in own.values())}
    present = {method for own in shown.values() for method in own}
    rows = [method for method in METHODS.values() if method.name in present]
    groups = [
        (title, [(method.label, [own[method.name] for own in shown.values()]) for method in methods])
        for title, methods in itertools.groupby(rows, key=lambda method: method.group)
    ]
    return list(shown), groups


def _measured_columns(cells):
    """(column, measured cells, figure) for every column with a run."""
    columns = {}
    for cell in cells:
        if cell.runs:
            columns.setdefault(cell.column, []).append(cell)
    return [
        (column, measured, plots.intervals(measured, f"interval-{index}"))
        for index, (column, measured) in enumerate(columns.items())
    ]


def listing(results):
    """A `Row` for every finished run with a result; runs that count for cells come first."""
    notes = {}
    for cell in results.cells:
        for run in cell.runs:
            notes.setdefault(run, []).append(f"Table {cell.table.number}")
    runs = [(run, ", ".join(where), "") for run, where in notes.items()]
    runs += [(run, "", why) for run, why in results.others]
    titles = {cell.column.setup: cell.column.title for cell in reversed(results.cells)}
    environments, data, taken = {}, {}, {}
    unofficial = {True: "", False: ", unofficial data"}
    rows = []
    for run, where, why in runs:
        slug = _slug(f"run-{run.path}")
        taken[slug] = taken.get(slug, 0) + 1
        rows.append(
            Row(
                run,
                slug if taken[slug] == 1 else f"{slug}-{taken[slug]}",
                titles.get(run.record.setup, formats.setup(run.record.setup)) + unofficial[run.record.official],
                command_of(run),
                _letter(environments, _environment(run)),
                _environment(run),
                _letter(data, run.record.data),
                where or why,
            )
        )
    return rows


def ended_early(rows):
    """Whether a run with a result ended early because its model was no longer finite."""
    return any(row.run.record.diverged_at for row in rows)


def distinct(rows, pair):
    """The distinct (letter, meaning) pairs of `rows`, sorted by letter."""
    return sorted(dict(map(pair, rows)).items(), key=lambda item: (len(item[0]), item[0]))


def _environment(run):
    """The device, backend and software of a run, by name; unknown ones are left out."""
    software = {name: value for name, value in run.record.software.items() if value is not None}
    changed = " with changes" if software.pop("dirty", False) else ""
    if "commit" in software:
        software["commit"] = software["commit"][:12] + changed
    return {"device": run.record.device, "backend": run.record.backend} | software


def _letter(letters, value):
    """The letter of `value`: A, B, … in the order of first use."""
    key = json.dumps(value, sort_keys=True)
    if key not in letters:
        index = len(letters)
        letters[key] = (chr(64 + index // 26) if index >= 26 else "") + chr(65 + index % 26)
    return letters[key]


def _slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _gradient_figures(figure, name):
    """Rows of panels of Figure 1: each matrix at both numbers of steps, by value as in the paper, and by magnitude."""
    legend = [(METHODS[name].label, METHODS[name].color) for name in figure1.METHODS]
    missing = f" Not run: {'; '.join(spread.label for spread in figure.missing)}." if figure.missing else ""
    captions = {
        "hidden_to_cell": "The matrix whose gradient the released script returns.",
        "hidden_to_hidden": "The matrices of all four gates together.",
    }
    for matrix, caption in captions.items():
        panels = [
            plot(figure, matrix, steps, f"{name}-{matrix.replace('_', '-')}-{kind}-{steps}")
            for kind, plot in (("value", plots.gradients), ("magnitude", plots.gradient_magnitudes))
            for steps in figure1.STEPS
        ]
        caption += (
            f" The first panels are by value, in {plots.GRADIENT_BINS} bins: the horizontal axis holds {SHARE:.0%} of "
            "the widest method’s gradients, and the axis of shares is logarithmic. The others are by magnitude: the "
            "share of the gradients per decade. Each line is one seed."
        )
        yield Figures(f"Gradients, {matrix.replace('_', '-')}", caption + missing, legend, panels)


def _training(rows):
    """(title, rows of `Figures`) for every setup whose runs kept a log."""
    setups = {}
    for row in rows:
        if row.run.log:
            setups.setdefault(row.title, []).append(row.run)
    return [(title, _figures(runs, f"training-{i}")) for i, (title, runs) in enumerate(setups.items())]


BY_LAYER = (
    (plots.ALPHA, plots.scales, "Scale α of each layer", "At the end of each epoch. Each line is one seed."),
    (
        plots.FLIP_RATIO,
        plots.flip_ratios,
        "Flip ratio of each layer",
        "The share of the layer’s binary weights whose sign changed in the epoch. Each line is one seed.",
    ),
)
"""Panels with a line for each layer: the beginning of the log's columns, the plot, title and caption."""


def _figures(runs, name):
    methods = {}
    for method in sorted({run.record.method for run in runs}, key=formats.place):
        methods[method] = [run for run in runs if run.record.method == method]
    metric = runs[0].record.metric
    what = "error, %" if metric == "test_error" else "cross-entropy, nats/character"
    kinds = [
        Figures(
            f"Validation and test {what}",
            "Each line is one seed. The test set is measured only when validation is the best so far, so its line is "
            "a staircase. The dot is the number reported.",
            [("validation", plots.VALIDATION), ("test", plots.TEST)],
            _panels(plots.results, methods, [metric, metric.replace("test", "valid")], f"{name}-result"),
        ),
        Figures(
            "Training loss",
            "Mean over the minibatches of the epoch, each before its own update.",
            [("training", plots.TRAINING)],
            _panels(plots.losses, methods, ["train_loss"], f"{name}-loss"),
        ),
    ]
    for prefix, plot, title, caption in BY_LAYER:
        columns = next((found for run in runs if (found := plots.layer_columns(run, prefix))), None)
        if columns:
            layers = _layers([column.removeprefix(prefix) for column in columns])
            panels = _panels(plot, methods, columns, f"{name}-{prefix.strip('_').replace('_', '-')}")
            kinds.append(Figures(title, caption, layers, panels))
    kept = {m: next((run for run in own if run.histogram.get("layers")), None) for m, own in methods.items()}
    kept = {m: run for m, run in kept.items() if run}
    if kept:
        kinds.append(
            Figures(
                "Latent weights w at the end",
                "Density of the latent weights of the first seed, on a logarithmic axis.",
                _layers(next(iter(kept.values())).histogram["layers"]),
                [plots.histograms(m, run, f"{name}-weights-{i}") for i, (m, run) in enumerate(kept.items())],
            )
        )
    return [kind for kind in kinds if kind.panels]


def _layers(names):
    return list(zip(names, plots.layer_colours(len(names)), strict=True))


def _panels(plot, methods, columns, name):
    """One panel for each method that logged all of `columns`, on common limits."""
    methods = {m: [run for run in own if set(columns) <= set(run.log)] for m, own in methods.items()}
    methods = {m: own for m, own in methods.items() if own}
    limits = plots.limits([run for own in methods.values() for run in own], columns)
    if limits is None:
        return []
    return [plot(m, own, limits, f"{name}-{index}") for index, (m, own) in enumerate(methods.items())]
