"""Links lead somewhere; the page of implementation details names places, tests, keys and metrics that are there."""

import ast
import re
from urllib.parse import unquote

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT
from tests.docs.places import missing, names_in, places

PAGE = (DOCS / "implementation_details.md").read_text(encoding="utf-8")

ITEM = re.compile(r"^(\d+)\. (.+?)(?=^\d+\. |^## |\Z)", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"\*Status:\* (matched|switchable by|differs because)\b(.*)")

ITEMS = {int(number): " ".join(text.split()) for number, text in ITEM.findall(PAGE)}


def configured_keys():
    files = {file.name for file in (ROOT / "original_configs").glob("*.toml")} - {"paper_results.toml"}
    return set().union(*(names_in(f"original_configs/{name}") for name in files))


def test_every_place_on_the_page_is_there():
    found = list(places(" ".join(PAGE.split())))
    assert len(found) > 150
    assert [problem for problem in (missing(*place) for place in found) if problem] == []


@pytest.mark.parametrize(
    "place",
    [
        "`reproduce/nowhere.py`",
        "`reproduce/methods.py: no_such_name`",
        "`reproduce/methods.py: Method.no_such_name`",
        "`reproduce/methods.py: METHODS, no_such_name`",
        "`tests/docs/test_places.py: test_that_does_not_exist`",
        "`original_configs/mnist.toml: training.no_such_key`",
    ],
)
def test_a_place_that_is_not_there_is_noticed(place):
    assert any(missing(*found) for found in places(place))


def test_items_are_numbered_through():
    assert list(ITEMS) == list(range(1, len(ITEMS) + 1)) and len(ITEMS) > 60


@pytest.mark.parametrize("number", ITEMS)
def test_an_item_has_a_source_a_place_and_one_status(number):
    text = ITEMS[number]
    fields = re.findall(r"\*(\w+):\*", text)
    assert fields == ["From", "Here", "Status"] and STATUS.search(text)
    assert list(places(text)), "no place of ours"


def test_switchable_items_name_configuration_keys():
    known, named = configured_keys(), set()
    for number, text in ITEMS.items():
        kind, rest = STATUS.search(text).groups()
        if kind == "switchable by":
            keys = re.findall(r"`([^`]+)`", rest)
            assert keys, f"item {number} names no key"
            named |= set(keys)
    assert named <= known


def test_items_that_are_referred_to_exist():
    referred = re.findall(r"\bitems? (\d+)(?:(?:,| and| to) (\d+))*", PAGE)
    numbers = {int(number) for pair in referred for number in pair if number}
    assert numbers and numbers <= set(ITEMS)


def test_every_column_of_the_log_is_explained():
    tree = ast.parse((ROOT / "reproduce" / "runs" / "run.py").read_text(encoding="utf-8"))
    columns = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "LOG_COLUMNS"
    )
    explained = set(re.findall(r"^\| `([^`]+)`", PAGE, re.MULTILINE))
    assert set(columns) <= explained


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / unquote(target)).exists(), target


def test_the_index_names_every_page():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name
