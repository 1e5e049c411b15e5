"""The names of the glossary and of the page on the shim are in the code."""

import ast
import re

import pytest

from reproduce.methods import METHODS
from tests.docs.pages import DOCS, ROOT
from tests.docs.places import missing, places

GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"`(\w+)` in `([^`:]+): (\w+)`")


@pytest.mark.parametrize(("page", "least"), [("glossary.md", 50), ("shim.md", 10), ("reliability.md", 15)])
def test_every_place_on_a_page_is_there(page, least):
    found = list(places((DOCS / page).read_text(encoding="utf-8")))
    assert len(found) > least
    assert [problem for problem in (missing(*place) for place in found) if problem] == []


@pytest.mark.parametrize(("name", "file", "function"), VARIABLE.findall(GLOSSARY))
def test_a_variable_is_one_of_its_function(name, file, function):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    assert name in {node.arg for node in ast.walk(found) if isinstance(node, ast.arg)} | {
        node.id for node in ast.walk(found) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def test_the_methods_are_those_of_the_paper():
    section = GLOSSARY.partition("## Methods")[2].partition("\n## ")[0]
    assert re.findall(r"\| `(\w[\w-]*)` \|$", section, re.MULTILINE) == list(METHODS)
