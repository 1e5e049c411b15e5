"""Each message on the page of symptoms is one that the program can print."""

import ast
import functools
import re

import pytest

from tests.docs.pages import DOCS, ROOT, blocks

MESSAGES = [block.strip() for block in blocks((DOCS / "troubleshooting.md").read_text(encoding="utf-8"), "text")]
WORDS = 5
"""What is filled in to a message, if it has more words than this, must be a text of the sources too."""
FOREIGN = ("Name or service not known",)
"""Words of the operating system's."""


@functools.cache
def texts():
    """The texts of the sources, each a list of its fixed parts with None where a value is filled in."""
    return [parts for parts in _texts() if sum(len(part) for part in parts if part) > 10]


def _texts():
    for folder in ("reproduce", "datasets"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield with_gaps("%s|%d", node.value)
    for line in re.findall(r'echo "error: (.*?)"', (ROOT / "Makefile").read_text(encoding="utf-8")):
        yield with_gaps(r"\$\(\w+\)", line)


def with_gaps(gap, text):
    return [part for fixed in re.split(gap, text) for part in (fixed, None)][:-1]


def is_printed(message):
    """Whether a text of the sources, with its gaps filled in, is the message."""
    for parts in texts():
        if all(part in message for part in parts if part):
            pattern = "".join("(.*?)" if part is None else re.escape(part) for part in parts)
            match = re.fullmatch(pattern, message)
            if match and all(is_value(filled) for filled in match.groups()):
                return True
    return False


def is_value(filled):
    for words in FOREIGN:
        filled = filled.replace(words, "")
    return len(filled.split()) <= WORDS or is_printed(filled)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message[:40])
def test_a_message_is_one_of_the_programs(message):
    assert is_printed(message) or is_printed(message.removeprefix("error: "))


def test_another_message_is_noticed():
    assert len(MESSAGES) > 25
    right = "a real theano is imported already; import reproduce first, or leave 'import theano' out"
    assert is_printed(right)
    assert not is_printed(right.replace("first", "later"))
    assert not is_printed(right.replace("a real", "the real"))
