"""The pages of the documentation, and the commands on them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OUTSIDE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "original_configs/README.md")
PAGES = [*(ROOT / name for name in OUTSIDE), *sorted(DOCS.glob("*.md"))]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
INDENTED = re.compile(r"^    (.+)$", re.MULTILINE)
PROGRAM = re.compile(r"(python|reproduce|eval|make|pip|conda|snakemake|git|cd|\.venv\S*/bin/\S+) (-m \S|\S)")
"""How a command begins that is not in a block of its own."""


def commands(text):
    """Yield each command of a page: the lines of blocks without a language, and code that begins as a command does."""
    for language, block in FENCE.findall(text):
        if not language:
            lines = block.replace("\\\n", " ").splitlines()
            yield from (command for line in lines if (command := _tidy(line)))
    rest = FENCE.sub("", text)
    for code in [*CODE.findall(rest), *INDENTED.findall(rest)]:
        command = _tidy(code)
        if PROGRAM.match(command):
            yield command


def _tidy(line):
    """The command of a line, without its comment and without the spaces that align it."""
    return " ".join(re.sub(r"(^|\s)#.*", "", line).replace(r"\|", "|").split())


def blocks(text, language):
    """The blocks of a page that are in `language`."""
    return [block for found, block in FENCE.findall(text) if found == language]
