"""CITATION.cff agrees with what the project says elsewhere."""

import re
import tomllib

from tests.docs.pages import ROOT

CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_software_has_its_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert re.findall(r"^version: (.*)$", CITATION, re.MULTILINE) == [project["version"]]
    assert re.findall(r"^license: (.*)$", CITATION, re.MULTILINE) == [project["license"]["text"]]
    assert (ROOT / "LICENSE").read_text().startswith(f"{project['license']['text']} License")


def test_the_paper_is_the_one_whose_tables_are_here():
    paper = tomllib.loads((ROOT / "original_configs" / "paper_results.toml").read_text(encoding="utf-8"))["paper"]
    given, family = (re.findall(rf"{kind}-names: (.*)$", CITATION, re.MULTILINE) for kind in ("given", "family"))
    assert ", ".join(map(" ".join, zip(given, family, strict=True))) == paper["authors"]
    assert f"title: {paper['title']}" in CITATION and f"value: {paper['preprint']}" in CITATION
    assert f"({paper['venue'].split()[0]})" in CITATION and f"year: {paper['venue'].split()[1]}" in CITATION
