"""The table of differences from the released scripts in docs/fidelity.md is what the committed traces give."""

import importlib.util
import json
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- trajectories:begin -->\n", "\n<!-- trajectories:end -->"


def benchmark():
    spec = importlib.util.spec_from_file_location("trajectories", REPOSITORY / "benchmarks" / "trajectories.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_on_the_page_equals_the_traces():
    text = (REPOSITORY / "docs" / "fidelity.md").read_text(encoding="utf-8")
    table = text.partition(BEGIN)[2].partition(END)[0]
    assert table == benchmark().table()


def test_traces_say_where_they_are_from():
    trajectories = benchmark()
    for path in trajectories.FOLDER.iterdir():
        reference, place = trajectories.TRACES[path.stem]
        backend, device, _ = trajectories.PLACES[place]
        trace = json.loads(path.read_text(encoding="utf-8"))
        experiment, method, *_ = trajectories.REFERENCES[reference][1]
        assert (trace["experiment"], trace["method"], trace["backend"], trace["seed"]) == (
            experiment, method, backend, 1234,
        )  # fmt: skip
        assert trace["device"].startswith("gpu") == (device == "gpu")
        assert trace["software"]["commit"] and not trace["software"]["dirty"], path.stem


def test_every_trajectory_is_traced_on_both_backends():
    trajectories = benchmark()
    for name in trajectories.REFERENCES:
        assert all((trajectories.FOLDER / f"{name}-{backend}.json").exists() for backend in ("c", "jax"))
