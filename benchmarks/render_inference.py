"""Writes the tables of docs/inference.md from results/inference and results/benchmarks/inference.json.

python -m benchmarks.render_inference
"""

import json
import statistics
from pathlib import Path
from urllib.parse import quote

from datasets.storage.files import write_text
from reproduce.methods import METHODS
from reproduce.report.markdown import MODEL, table
from reproduce.report.readme import with_table

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "inference.md"
RESULTS = REPOSITORY / "results"
MODELS = "<!-- models:begin -->", "<!-- models:end -->"
SPEED = "<!-- speed:begin -->", "<!-- speed:end -->"


def page():
    """docs/inference.md with the tables of the committed results."""
    text = with_table(PAGE.read_text(encoding="utf-8"), models(), MODELS)
    found = json.loads((RESULTS / "benchmarks" / "inference.json").read_text(encoding="utf-8"))
    return with_table(text, speed(found), SPEED)


def models():
    """The sizes of the exported models, and how many predictions agree with their runs'."""
    rows = []
    for name in ("mnist", "war_and_peace"):
        path = RESULTS / "inference" / f"{name}.json"
        for run, found in json.loads(path.read_text(encoding="utf-8"))["models"].items():
            *_, method, seed = run.split("/")
            file = next((name for name in (MODEL, "record.json") if (RESULTS / run / name).exists()), None)
            own, ours = (found[key]["test_error"] for key in ("run", "c_kernels"))
            rows.append([
                name,
                METHODS[method].label,
                f"[{seed}](../results/{quote(run)}/{file})" if file else seed,
                found["epoch"],
                f"{found['bytes']:,}",
                f"{found['float32_weight_bytes'] / found['bytes']:.1f}",
                f"{own:.4g}",
                f"{ours:.4g}",
                *(f"{found[kind]['agreeing']:,}" for kind in ("c_kernels", "numpy_kernels")),
                f"{found['predictions']:,}",
            ])  # fmt: skip
    sizes = ["Bytes", "Weights in float32 / file"]
    errors = ["Run's error, %", "Its error, %", "Agreeing, C", "Agreeing, NumPy", "Of"]
    return table(["Experiment", "Method", "Run", "Epoch", *sizes, *errors], rows, right=range(3, 11))


def speed(results):
    """The times of `benchmarks.inference`, with their ratios."""
    rows = []
    for case in results["cases"]:
        for name, times in case["ms"].items():
            ratios = case["speedup"][name]
            rows.append([
                case["what"],
                case["binarized"],
                case["minibatch"],
                name,
                f"{statistics.median(times):.3g}",
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
            ])  # fmt: skip
    software = results["software"]
    about = (
        f"{results['device']}; numpy {software['numpy']}; Python {software['python']}; "
        f"commit {software['commit']}{', changed' if software['dirty'] else ''}; medians of {results['rounds']} rounds."
    )
    header = ["What", "Binarized", "Minibatch", "How", "ms", "Times as fast as float32 BLAS"]
    return f"{about}\n\n{table(header, rows, right=(2, 4, 5))}"


if __name__ == "__main__":
    write_text(PAGE, page())
