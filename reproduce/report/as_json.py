"""The report's content as values for JSON: what `cells --json` and `report --json` print."""

from reproduce.report import claims
from reproduce.report.tables import in_order


def cells(results):
    """Every cell of the paper's tables and every claim.

    Parameters
    ----------
    results : reproduce.report.tables.Results

    Returns
    -------
    dict
        ``cells`` and ``claims``, each a list of dicts. None stands for what is not known.
    """
    return {
        "cells": [_cell(cell) for cell in results.cells],
        "claims": [_claim(claim) for claim in claims.of(results)],
    }


def runs(results):
    """Every run that could be read, and the folders that do not count.

    Returns
    -------
    dict
        ``runs`` and ``left_out``, each a list of dicts.
    """
    return {
        "runs": [_run(run) for run in sorted(results.runs, key=in_order)],
        "left_out": [{"path": item.path, "reason": item.reason} for item in results.left_out],
    }


def comparison(found):
    """What `report --compare` found.

    Parameters
    ----------
    found : reproduce.report.comparison.Comparison

    Returns
    -------
    dict
        ``sides``, and ``pairs``: every setup and method with its results in A and B by seed.
    """
    sides = [
        {
            "letter": side.letter,
            "folder": side.folder,
            "runs": side.runs,
            "made_with": side.about,
            "left_out": [{"path": item.path, "reason": item.reason} for item in side.left_out],
        }
        for side in found.sides
    ]
    return {"sides": sides, "pairs": [_pair(pair) for pair in found.pairs]}


def _cell(cell):
    return {
        "table": cell.table.number,
        "column": cell.column.title,
        "experiment": cell.column.experiment,
        "overrides": cell.column.overrides,
        "method": cell.method,
        "metric": cell.table.metric,
        "unit": cell.table.unit,
        "paper": cell.paper,
        "seeds": _by_seed(cell.by_seed),
        "diverged": [run.record.seed for run in cell.diverged],
        "sd": cell.sd,
        **_estimate(cell.estimate),
        "difference": cell.difference,
        "detectable": cell.detectable,
        "state": cell.state,
        "verdict": cell.verdict,
        "command": cell.command,
    }


def _claim(claim):
    made = [comparison for comparison in claim.comparisons if not comparison.missing]
    return {
        "title": claim.title,
        "state": claim.state,
        "comparisons": len(claim.comparisons),
        "made": [
            {
                "label": comparison.label,
                "formula": comparison.formula,
                "paper": comparison.paper,
                **_estimate(comparison.estimate),
                "holds_if": comparison.rule.text,
                "verdict": comparison.verdict,
            }
            for comparison in made
        ],
    }


def _run(run):
    record = run.record
    return {
        "path": run.path,
        "experiment": record.experiment,
        "overrides": record.overrides,
        "method": record.method,
        "seed": record.seed,
        "metric": record.metric,
        "test": record.result,
        "valid": record.valid_result,
        "best_epoch": record.best_epoch,
        "epochs_done": record.epochs_done,
        "epochs_planned": record.epochs_planned,
        "complete": record.complete,
        "diverged": record.diverged,
        "seconds": record.seconds,
        "official": record.official,
    }


def _pair(pair):
    return {
        "setup": pair.title,
        "method": pair.method,
        **{letter: _by_seed(sample) for letter, sample in zip(("A", "B"), pair.samples, strict=True)},
        **(_estimate(pair.estimate) | {"verdict": pair.verdict} if pair.in_both else {}),
    }


def _by_seed(results):
    return {str(seed): result for seed, result in results.items()}


def _estimate(estimate):
    """Its value, the mean of ours or a difference, and its 95% interval where that is known."""
    if estimate is None:
        return {"ours": None, "interval": None, "basis": None}
    interval = None if estimate.half_width is None else [float(end) for end in estimate.interval]
    return {"ours": float(estimate.value), "interval": interval, "basis": estimate.basis}
