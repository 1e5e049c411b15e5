"""The site of docs/: every page is in it, and links that leave docs/ lead to copies in it."""

import importlib.util
import re

import pytest

from tests.docs.pages import DOCS, ROOT

spec = importlib.util.spec_from_file_location("hooks", DOCS / "site" / "hooks.py")
hooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hooks)


def test_the_navigation_names_every_page_once():
    named = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    pages = [f"docs/{path.name}" for path in DOCS.glob("*.md")]
    outside = [path for path in hooks.linked(pages) if path.endswith(".md")]
    assert sorted(named) == sorted(hooks.in_site(path) for path in [*pages, *outside])


@pytest.mark.parametrize(
    ("uri", "written", "shown"),
    [
        ("sweeps.md", "[a](results.md#x)", "[a](results.md#x)"),
        ("sweeps.md", "[a](../Makefile)", "[a](repository/Makefile)"),
        ("sweeps.md", "[a](../README.md#results)", "[a](repository/README.md#results)"),
        ("sweeps.md", "[`a`](../original_configs/)", "[`a`](repository/original_configs/README.md)"),
        ("sweeps.md", "in [a](../results/) and", "in a and"),
        ("sweeps.md", "[a](../results/x%2By.json)", "[a](repository/results/x%2By.json)"),
        ("sweeps.md", "[a](https://example.org/b.md)", "[a](https://example.org/b.md)"),
        ("repository/README.md", "[a](docs/sweeps.md)", "[a](../sweeps.md)"),
        ("repository/original_configs/README.md", "[a](mnist.toml)", "[a](mnist.toml)"),
        ("sweeps.md", r"| `a\|b` | c |", "| `a|b` | c |"),
        ("sweeps.md", r"`a\|b`", r"`a\|b`"),
    ],
)
def test_links_and_code_in_tables_are_turned_into_the_sites(uri, written, shown):
    assert hooks.shown(written, uri) == shown


def test_files_are_found_through_pages_outside_docs():
    found = hooks.linked(["docs/model_card.md"])
    assert {"original_configs/mnist.toml", "README.md"} <= set(found)
    assert any(path.startswith("results/mnist/lab/") for path in found), "README.md leads to the records"
    assert not any(path.startswith("docs/") for path in found)


def test_the_lock_pins_mkdocs_and_all_that_it_needs():
    lines = (ROOT / "requirements-docs.lock").read_text(encoding="utf-8").splitlines()[1:]
    assert lines and all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in lines)
    assert any(line.startswith("mkdocs==1.") for line in lines), "the hooks are those of MkDocs 1"
