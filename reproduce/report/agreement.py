"""The figures of all measured cells: the paper's numbers against ours, and their differences in standard errors."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reproduce.report import formats
from reproduce.report.overview import distinct
from reproduce.report.plots import FAINT, STYLE, VERDICTS, svg
from reproduce.report.statistics import NOT_REPRODUCED, PROVISIONAL, REPRODUCED

YES, NO, MAYBE = VERDICTS
MARKS = {REPRODUCED: (YES, "o"), NOT_REPRODUCED: (NO, "X"), PROVISIONAL: (MAYBE, "^")}
"""Colour and shape of a cell's point."""
PANEL = (4.2, 3.3)
GAP = 0.055
"""The smallest distance of two labels, as a fraction of the panel's width."""


def panels(cells, name):
    """The paper's number against ours with its interval, a panel for each setup that was measured.

    Parameters
    ----------
    cells : list of Cell
        All cells.
    name : str
        Unique on the page.

    Returns
    -------
    list of str
        ``<svg>`` elements.
    """
    columns = _by_column(cell for cell in cells if cell.runs)
    return [_panel(measured, f"{name}-{index}") for index, measured in enumerate(columns.values())]


def _by_column(cells):
    """The distinct ones of `cells`, by column."""
    columns = {}
    for cell in distinct(cells):
        columns.setdefault(cell.column, []).append(cell)
    return columns


def _panel(cells, name):
    cells = sorted(cells, key=lambda cell: cell.paper)
    where, unit = cells[0].column.title, cells[0].table.unit
    ends = [cell.paper for cell in cells] + [end for cell in cells for end in cell.estimate.interval]
    margin = 0.06 * (max(ends) - min(ends)) or 0.1
    low, high = min(ends) - margin, max(ends) + margin
    with rc_context(STYLE):
        figure = Figure(figsize=PANEL)
        axes = figure.add_axes((0.12, 0.13, 0.77, 0.6))
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.plot([low, high], [low, high], color=FAINT, lw=1, ls=(0, (4, 2)))
        places = _spread((cell.paper - low) / (high - low) for cell in cells)
        for cell, place in zip(cells, places, strict=True):
            colour, mark = MARKS[cell.state]
            bottom, top = cell.estimate.interval
            axes.plot([cell.paper] * 2, [bottom, top], color=colour, lw=1.3, solid_capstyle="butt")
            axes.plot(cell.paper, cell.estimate.value, mark, color=colour, ms=6, mew=0)
            at = (cell.paper - low) / (high - low)
            leader = {"color": FAINT, "lw": 0.6, "transform": axes.transAxes, "clip_on": False}
            axes.plot([at, at, place], [(top - low) / (high - low) + 0.01, 1.0, 1.045], **leader)
            turned = {"rotation": 50, "rotation_mode": "anchor", "ha": "left", "va": "bottom"}
            axes.text(place, 1.055, cell.label, fontsize=7.5, transform=axes.transAxes, **turned)
        axes.set_xlabel(f"the paper, {unit}")
        axes.set_ylabel(f"ours, {unit}")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
        figure.text(0.02, 0.97, where, fontsize=9, fontweight="bold", va="top")
        alt = "; ".join(
            f"{cell.label}: paper {formats.number(cell.paper)}, ours {formats.ours(cell)}, "
            f"interval {formats.interval(cell.estimate)}, {cell.short_verdict}"
            for cell in cells
        )
        return svg(figure, name, f"{where}: the paper’s numbers against ours, {unit}. {alt}")


def _spread(places):
    """`places` in ascending order, moved apart to at least `GAP`, each group about its middle, within 0 and 1."""
    groups = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _start(groups[-1]) < _start(groups[-2]) + GAP * len(groups[-2]):
            last = groups.pop()
            groups[-1] += last
    return [_start(group) + GAP * index for group in groups for index in range(len(group))]


def _start(group):
    """Where the labels of a group begin."""
    width = GAP * (len(group) - 1)
    return float(np.clip(np.mean(group) - width / 2, 0.0, max(0.0, 1.0 - width)))


def standardized(cells, name):
    """The differences of all measured cells in standard errors, a line for each setup, and the bounds of verdicts.

    Parameters
    ----------
    cells : list of Cell
        All cells.
    name : str
        Unique on the page.

    Returns
    -------
    str
        An ``<svg>`` element; empty if no cell has a yardstick.
    """
    columns = _by_column(cell for cell in cells if cell.standard_errors is not None)
    if not columns:
        return ""
    with rc_context(STYLE):
        lines = sum(map(len, columns.values()))
        figure = Figure(figsize=(5.6, 0.65 + 0.15 * lines + 0.1 * len(columns)), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y", visible=False)
        height, ticks = 0.0, []
        for measured in columns.values():
            ticks.append(height + (len(measured) - 1) / 2)
            for cell in measured:
                bound, (colour, mark) = cell.estimate.quantile, MARKS[cell.state]
                axes.plot([-bound, bound], [height, height], color=FAINT, lw=2, solid_capstyle="butt")
                axes.plot(cell.standard_errors, height, mark, color=colour, ms=5, mew=0)
                axes.annotate(cell.label, (cell.standard_errors, height), (5, 0), textcoords="offset points",
                              va="center", fontsize=7)  # fmt: skip
                height += 1
            height += 0.7
        axes.axvline(0, color=FAINT, lw=0.8)
        axes.set_yticks(ticks, [column.title for column in columns])
        axes.set_ylim(height - 0.9, -0.8)
        reach = max(max(abs(cell.standard_errors), cell.estimate.quantile) for own in columns.values() for cell in own)
        axes.set_xlim(-1.15 * reach, 1.4 * reach)
        axes.set_xlabel("ours less the paper’s, in standard errors")
        alt = "; ".join(
            f"{cell.label}, {column.title}: {formats.signed(cell.standard_errors, 1)} of ±{cell.estimate.quantile:.1f}"
            for column, own in columns.items()
            for cell in own
        )
        return svg(figure, name, f"Differences in standard errors, and the bounds of each. {alt}")
