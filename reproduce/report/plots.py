"""Figures as inline SVG: small panels for the page's grid, whose text and axes follow its colour theme.

Text and axes are drawn in ``currentColor``; the same input always gives the same bytes.
"""

import io
import re

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from reproduce.methods import METHODS
from reproduce.report import figure1, formats
from reproduce.report.gradients import SHARE

VALIDATION, TEST, TRAINING = "#2b83ba", "#d95f0e", "#5f8f3e"
INK, FAINT = "#010203", "#040506"
"""Placeholders for ``currentColor`` and the theme's ``--rule`` until the SVG is written."""
VERDICTS = {"#070809": "var(--yes)", "#0a0b0c": "var(--no)", "#0d0e0f": "var(--maybe)"}
"""Placeholders for the theme's colours of verdicts."""

STYLE = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.4,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "lines.linewidth": 1.0,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "reproduce",
}
PANEL = (2.7, 1.85)
"""Width and height of a panel in inches, about its size in the page's grid."""
TICKS = ((6, (1, 1.5, 2, 3, 5, 7)), (200, (1, 2, 5)), (np.inf, (1,)))
"""Ticks in each decade of a logarithmic axis, by the largest ratio of its limits."""
MARGINS = (0.155, 0.21, 0.815, 0.66)
"""Left, bottom, width and height of a panel's axes, as fractions; the same for all, so that panels align."""
LARGEST = 1e300
"""Larger numbers cannot be drawn: the limits of their axis would overflow."""
GRADIENT_BINS = 61
"""An odd number, so that the middle bin is centred at 0."""

ALPHA, FLIP_RATIO = "alpha_", "flip_ratio_"
"""How the log's columns of scales and of flip ratios begin; the layer's name follows."""

LAYERS = LinearSegmentedColormap.from_list("layers", ["#3f7fd0", "#9a68c8", "#d5567f", "#cf8420"])
"""Colours from the first layer to the last, all legible on white and on black."""


def layer_colours(count):
    """One colour for each weight tensor, from the first to the last."""
    return [to_hex(colour) for colour in LAYERS(np.linspace(0, 1, count))]


def intervals(cells, name):
    """The seeds of measured cells, the interval that the paper's run is expected in, and the paper's number.

    Parameters
    ----------
    cells : list of Cell
        Measured cells of one column.
    name : str
        Unique on the page.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 0.62 + 0.29 * len(cells)), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y", visible=False)
        for row, cell in enumerate(cells):
            low, high = cell.estimate.interval
            dashes = (0, (2, 1.2)) if cell.estimate.provisional else "solid"
            axes.plot([low, high], [row, row], color=VALIDATION, lw=1.2, ls=dashes, solid_capstyle="butt")
            if cell.estimate.half_width is not None:
                axes.plot([low, high], [row, row], "|", color=VALIDATION, ms=7, mew=1.2)
            axes.plot(cell.values, [row] * len(cell.values), "o", color=VALIDATION, ms=4, alpha=0.7, mew=0)
            axes.plot(cell.estimate.value, row, "|", color=VALIDATION, ms=12, mew=1.6)
            axes.plot(cell.paper, row, "D", mfc="none", mec=TEST, ms=5.5, mew=1.4)
        axes.set_yticks(range(len(cells)), [cell.label for cell in cells])
        axes.set_ylim(len(cells) - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.set_xlabel(_label(cells[0].table))
        alt = "; ".join(
            f"{cell.label}: ours {formats.ours(cell)}, interval {formats.interval(cell.estimate)}, "
            f"paper {formats.number(cell.paper)}"
            for cell in cells
        )
        return svg(figure, name, f"{cells[0].column.title}, {_label(cells[0].table)}. {alt}")


def _label(table):
    return "test error, %" if table.metric == "test_error" else "test cross-entropy, nats/character"


def results(method, runs, limits, name):
    """Validation and test results of one method over epochs, a line for each seed and a dot at the best epoch."""
    metric = runs[0].record.metric
    valid = metric.replace("test", "valid")
    lines = [(valid, VALIDATION), (metric, TEST)]
    alt = "; ".join(
        f"seed {record.seed}: best validation {formats.number(record.valid_result)} at epoch {record.best_epoch}, "
        f"test there {formats.number(record.result)}"
        for record in (run.record for run in runs)
    )
    marks = [(run.record.best_epoch, run.record.result) for run in runs]
    unit = "error in %" if metric == "test_error" else "cross-entropy in nats per character"
    return _curves(method, runs, lines, limits, marks, name, f"Validation and test {unit}. {alt}")


def losses(method, runs, limits, name):
    """Training loss of one method over epochs."""
    ends = "; ".join(f"seed {run.record.seed}: {run.log['train_loss'][-1]:.4g}" for run in runs)
    alt = f"Training loss; at the end, {ends}"
    return _curves(method, runs, [("train_loss", TRAINING)], limits, [], name, alt)


def scales(method, runs, limits, name):
    """α of every weight tensor of one method over epochs."""
    return _by_layer(method, runs, limits, name, ALPHA, "Scale α")


def flip_ratios(method, runs, limits, name):
    """The flip ratio of every weight tensor of one method over epochs."""
    return _by_layer(method, runs, limits, name, FLIP_RATIO, "Flip ratio")


def _by_layer(method, runs, limits, name, prefix, what):
    columns = layer_columns(runs[0], prefix)
    lines = list(zip(columns, layer_colours(len(columns)), strict=True))
    ends = ", ".join(f"{column.removeprefix(prefix)} {runs[0].log[column][-1]:.3g}" for column in columns)
    alt = f"{what} of each layer; at the end, seed {runs[0].record.seed}: {ends}"
    return _curves(method, runs, lines, limits, [], name, alt)


def layer_columns(run, prefix):
    """The log's columns that begin with `prefix`, one for each weight tensor in network order."""
    return [column for column in run.log if column.startswith(prefix)]


def histograms(method, run, name):
    """Density of every latent weight tensor at the end of `run`."""
    layers = run.histogram["layers"]
    with matplotlib.rc_context(STYLE):
        figure, axes = _panel(method)
        for colour, layer in zip(layer_colours(len(layers)), layers.values(), strict=True):
            edges, counts = np.asarray(layer["edges"], "float64"), np.asarray(layer["counts"], "float64")
            density = counts / max(counts.sum(), 1) / np.diff(edges)
            axes.stairs(np.where(density > 0, density, np.nan), edges, color=colour, lw=0.9)
        _log_scale(axes)
        axes.set_xlabel("w")
        alt = f"{formats.label(method)}, seed {run.record.seed}: density of the latent weights of " + ", ".join(layers)
        return svg(figure, name, alt)


def gradients(figure, matrix, steps, name):
    """Figure 1's panel at `steps`, as in the paper: the share of the gradients of `matrix` by value, a line per run.

    The axis ends at the spread of the widest method.
    """
    runs = _recorded(figure, matrix, steps)
    widest = max((kept.spread if np.isfinite(kept.spread) else kept.largest for _, kept in runs), default=0) or 1.0
    edges = np.linspace(-widest, widest, GRADIENT_BINS + 1)
    with matplotlib.rc_context(STYLE):
        panel, axes = _panel(f"{steps} steps")
        for method, kept in runs:
            share = kept.between(edges)
            axes.stairs(np.where(share > 0, share, np.nan), edges, color=METHODS[method].color, lw=0.9)
        if runs:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(numticks=5))
            axes.yaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.ticklabel_format(axis="x", scilimits=(-3, 4))
        axes.set_xlabel("gradient")
        return svg(panel, name, f"{steps} steps: share of the gradients by value. {_widths(figure, matrix, steps)}")


def gradient_magnitudes(figure, matrix, steps, name):
    """The same gradients by magnitude, on a logarithmic axis that fits all runs of `figure`."""
    everywhere = [kept for n in figure1.STEPS for _, kept in _recorded(figure, matrix, n)]
    with matplotlib.rc_context(STYLE):
        panel, axes = _panel(f"{steps} steps")
        for method, kept in _recorded(figure, matrix, steps):
            edges, share = kept.by_magnitude()
            if len(edges) and edges[0] == 0:
                edges, share = edges[1:], share[1:]
            if len(share):
                axes.stairs(share / np.diff(np.log10(edges)), edges, color=METHODS[method].color, lw=0.9)
        axes.set_xscale("log")
        held = np.concatenate([kept.bins["low"][kept.bins["low"] > 0] for kept in everywhere])
        if len(held):
            axes.set_xlim(held.min(), max(kept.bins["high"].max(initial=0) for kept in everywhere))
        axes.xaxis.set_major_locator(LogLocator(numticks=5))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.set_xlabel("magnitude of the gradient")
        widths = _widths(figure, matrix, steps)
        return svg(panel, name, f"{steps} steps: share of the gradients per decade of their magnitude. {widths}")


def _recorded(figure, matrix, steps):
    """(method, gradients) for every run of `figure` at `steps`."""
    return [(spread.method, run.gradients[matrix]) for spread, run in figure.recorded if spread.steps == steps]


def _widths(figure, matrix, steps):
    widths = [
        f"{spread.label}, seed {recorded.run.record.seed}: {SHARE:.0%} within ±{recorded.gradients[matrix].spread:.3g}"
        for spread, recorded in figure.recorded
        if spread.steps == steps
    ]
    missing = [f"{spread.label}: not run" for spread in figure.missing if spread.steps == steps]
    return "; ".join(widths + missing)


def limits(runs, columns):
    """Common limits of `columns` over `runs`, and whether the axis is logarithmic.

    Returns
    -------
    (low, high, logarithmic), or None if no value can be drawn
    """
    values = np.concatenate([run.log[column] for run in runs for column in columns if column in run.log] or [[]])
    values = values[np.abs(values) < LARGEST]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if low > 0:
        return low / 1.08, high * 1.08, True
    return low, high + 0.04 * (high - low) + 1e-9, False


def _curves(method, runs, lines, limits, marks, name, alt):
    low, high, logarithmic = limits
    with matplotlib.rc_context(STYLE):
        figure, axes = _panel(method)
        for column, colour in lines:
            for run in runs:
                axes.plot(run.log["epoch"], run.log[column], color=colour, lw=0.8, alpha=0.8)
        for epoch, value in marks:
            axes.plot(epoch, value, "o", color=TEST, ms=3.2, mew=0, zorder=5)
        axes.set_ylim(low, high)
        if logarithmic:
            _log_scale(axes)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel("epoch")
        return svg(figure, name, f"{formats.label(method)}. {alt}")


def _panel(method):
    figure = Figure(figsize=PANEL)
    axes = figure.add_axes(MARGINS)
    axes.set_title(formats.label(method))
    return figure, axes


def _log_scale(axes):
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    subs = next(steps for ratio, steps in TICKS if high / low <= ratio)
    axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=7))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def svg(figure, name, alt):
    """`figure` as an inline element with accessible text `alt`, its identifiers prefixed with `name`."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    box = re.search(r'viewBox="([^"]*)"', text)[1]
    alt = alt.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    head = f'<svg viewBox="{box}" role="img" aria-label="{alt}" xmlns="http://www.w3.org/2000/svg" '
    text = head + 'xmlns:xlink="http://www.w3.org/1999/xlink">' + text[text.index(">") + 1 :]
    text = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(url\(|href=")#', rf"\1#{name}-", text)
    for placeholder, colour in ({INK: "currentColor", FAINT: "var(--rule)"} | VERDICTS).items():
        text = text.replace(placeholder, colour)
    text = re.sub(r"font: ?([^;\"]*?)'DejaVu Sans'[^;\"]*", r"font: \1var(--sans)", text)
    return re.sub(r"\n\s*", "\n", text).strip()
