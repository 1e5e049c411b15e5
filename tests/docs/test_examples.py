"""Examples and commands of the pages that no other test runs."""

import subprocess

import aesara
import numpy as np
from aesara import tensor
from aesara.graph.basic import Apply
from aesara.graph.op import Op

from reproduce import cli
from reproduce.shim import jax_ops
from tests.docs.pages import DOCS, ROOT, blocks


def python_blocks(page):
    return blocks((DOCS / page).read_text(encoding="utf-8"), "python")


def test_a_committed_model_loads_in_one_line(monkeypatch):
    monkeypatch.chdir(ROOT)
    (example,) = python_blocks("inference.md")
    names = {}
    exec(example, names)
    assert names["model"].predict(np.zeros((2, 784), "float32")).shape == (2,)


def test_a_function_is_compiled_for_jax_and_an_op_gets_a_rule():
    class MyOp(Op):
        def make_node(self, x):
            return Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            raise AssertionError("the rule was not used")

    function, rule = python_blocks("jax_ops.md")
    exec(rule.replace("lambda x: ...", "lambda x: x + 1"), {"MyOp": MyOp})
    x, count = tensor.vector(dtype="float32"), aesara.shared(np.float32(0))
    names = {"inputs": [x], "outputs": [MyOp()(x)], "updates": [(count, count + 1)]}
    exec(function, names)
    (found,) = names["step"](np.float32([1, 2]))
    np.testing.assert_array_equal(found, [2, 3])
    assert count.get_value() == 1 and names["jax_ops"] is jax_ops


def test_theanos_names_can_be_imported():
    (example,) = python_blocks("shim.md")
    names = {}
    exec(example, names)
    assert names["double"]([[1, 2]]).tolist() == [[2, 4]] and names["MNIST"].__module__.startswith("datasets.")
    assert names["T"].TensorVariable is tensor.TensorVariable


def test_the_checksums_of_the_models_hold():
    command = "cd results && sha256sum --check models.sha256"
    assert f"`{command}`" in (DOCS / "inference.md").read_text(encoding="utf-8")
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count(": OK") == 6


def test_a_dry_run_of_a_sweep_prints_what_is_missing(tmp_path, capsys):
    assert cli.main(["sweep", "table1", "--dry-run", "--runs", str(tmp_path)]) == 0
    *runs, total = capsys.readouterr().out.splitlines()
    assert runs and "run" in total and not any(tmp_path.iterdir())
