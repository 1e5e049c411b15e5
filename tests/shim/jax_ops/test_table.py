"""The table in docs/jax_ops.md lists exactly the registered rules, each with a test that exists."""

import re
from pathlib import Path

from aesara.link.jax.dispatch import jax_funcify

from reproduce.shim import jax_ops

HERE = Path(__file__).resolve().parent
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| `(\w+\.py)::(\w+)` \|$", re.MULTILINE)


def rows():
    return ROW.findall((HERE.parents[2] / "docs" / "jax_ops.md").read_text())


def test_table_lists_the_registered_ops():
    ours = [
        op.__name__
        for op, rule in jax_funcify.registry.items()
        if rule.__module__.startswith(jax_ops.__name__)
    ]
    assert sorted(row[0] for row in rows()) == sorted(ours)


def test_each_row_names_a_test():
    for op, _, file, test in rows():
        assert f"def {test}(" in (HERE / file).read_text(), op
