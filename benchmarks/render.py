"""Writes the tables of docs/performance.md from the files of `step_time`: ``python -m benchmarks.render``."""

import json
import statistics
from pathlib import Path

from datasets.storage.files import write_text
from reproduce.report.markdown import table
from reproduce.report.readme import with_table

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "performance.md"
RESULTS = REPOSITORY / "results" / "benchmarks"
MARKS = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"


def page():
    """docs/performance.md with the tables of the committed results."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("step_time*.json"))]
    text = "\n\n".join([summary(found), *map(tables, found)]) if found else "None is committed yet."
    return with_table(PAGE.read_text(encoding="utf-8"), text, MARKS)


def tables(results):
    """One machine's results in Markdown."""
    software = results["software"]
    versions = ", ".join(f"{name} {software[name]}" for name in ("aesara", "jax", "torch", "numpy") if software[name])
    commit = (software["commit"] or "outside a checkout") + (", changed" if software["dirty"] else "")
    about = (
        f"{results['device']}; {results['threads']} threads for each contestant; {versions}; "
        f"Python {software['python']}; commit {commit}; {results['rounds']} rounds of {results['steps']} steps."
    )
    networks = results["networks"]
    notes = [
        f"- {network}: {contestant} did not take part: {reason}."
        for network, result in networks.items()
        for contestant, reason in result["skipped"].items()
    ]
    return "\n\n".join([about, _steps(networks), _floors(networks), *(["\n".join(notes)] if notes else [])])


def summary(found):
    """For each network the better backend, and the ratio of its step to the peers'."""
    rows = []
    for results in found:
        for network, result in results["networks"].items():
            steps = {name: statistics.median(result["contestants"][name]["step_ms"]) for name in result["ratios"]}
            if not steps:  # only peers took part
                continue
            best = min(steps, key=steps.get)
            ratios = result["ratios"]
            rows.append([
                f"{network}, {results['device']}",
                best,
                *(_ratio(ratios[best].get(peer)) for peer in ("pytorch", "pytorch-compiled")),
                _ratio(ratios.get("jax", {}).get("plain-jax")),
            ])  # fmt: skip
    header = ["LAB's step", "Better backend", "It / pytorch", "It / pytorch-compiled", "jax / plain-jax"]
    return table(header, rows, right=range(2, 5))


def _steps(networks):
    """A row for each contestant in each network."""
    rows = []
    for network, result in networks.items():
        for name, contestant in result["contestants"].items():
            times = contestant["step_ms"]
            rows.append([
                network,
                name,
                f"{statistics.median(times):.4g}",
                f"{min(times):.4g}–{max(times):.4g}",
                *(_ratio(result["ratios"].get(ours, {}).get(name)) for ours in ("c", "jax")),
                f"{statistics.median(times) / result['floor']['ms']:.2f}" if "floor" in result else "",
            ])  # fmt: skip
    header = ["Network", "Contestant", "Step, ms", "Range", "c / it", "jax / it", "Times the floor"]
    return table(header, rows, right=range(2, len(header)))


def _ratio(rounds):
    if not rounds:
        return ""
    return f"{statistics.median(rounds):.2f} ({min(rounds):.2f}–{max(rounds):.2f})"


def _floors(networks):
    rows = []
    for network, result in networks.items():
        if "floor" not in result:  # a run that was stopped before
            continue
        floor = result["floor"]
        ways = floor.get("convolution_gflop_s", {})
        rows.append([
            network,
            f"{floor['gflop']:.2f}",
            f"{floor['product_gflop_s']:.4g}",
            f"{floor['mbytes']:.4g}",
            f"{floor['copy_gbyte_s']:.3g}",
            f"{floor['ms']:.4g}",
            "; ".join(f"{way} {rate:.4g}" for way, rate in ways.items()),
            f"{floor['ms_by_best_convolution']:.4g}" if ways else "",
        ])  # fmt: skip
    header = ["Network", "GFLOP", "GFLOP/s", "MB", "GB/s", "Floor, ms", "Convolutions, GFLOP/s", "Floor with these, ms"]
    return table(header, rows, right=range(1, 6))


if __name__ == "__main__":
    write_text(PAGE, page())
