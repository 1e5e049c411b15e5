"""Every command on the pages is run by a test or says why not, and is one that there is."""

import importlib.util
import re
import shlex
import tomllib

import pytest

from reproduce import cli
from tests.docs.pages import PAGES, ROOT, commands

LISTED = tomllib.loads((ROOT / "tests" / "docs" / "commands.toml").read_text(encoding="utf-8"))
FOUND = {command: page for page in PAGES for command in commands(page.read_text(encoding="utf-8"))}
NAME = "a name or a synopsis, nothing to type"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_command_is_listed_once_and_every_listed_one_is_on_a_page():
    tested, untested = LISTED["tests"], LISTED["not_run"]
    assert not tested.keys() & untested.keys()
    unlisted = {f"{page.name}: {command}" for command, page in FOUND.items() if command not in tested | untested}
    assert not unlisted, "name the test that runs it, or why none does, in tests/docs/commands.toml"
    assert (tested | untested).keys() == FOUND.keys()
    assert all(len(why) > 10 for why in untested.values())


@pytest.mark.parametrize(("command", "test"), LISTED["tests"].items(), ids=str)
def test_the_test_of_a_command_is_there_and_names_what_it_runs(command, test):
    file, name = test.split("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text
    assert re.search(rf"\b{what(command)}\b", text)


def what(command):
    """The word that says what a command runs: the subcommand of ours, the module, the script or the program."""
    words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", command))
    if words[0] == "make":
        recipe = re.search(rf"^{words[1]}:[^=\n]*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
        words = shlex.split(recipe.replace("\\\n", " "), comments=True)
    if "reproduce" in words:
        return words[words.index("reproduce") + 1].lstrip("-")
    if "-m" in words:
        return words[words.index("-m") + 1].rpartition(".")[2]
    scripts = [word for word in words if word.endswith(".py")]
    return scripts[0].rpartition("/")[2].removesuffix(".py") if scripts else words[0]


@pytest.mark.parametrize("command", [command for command in FOUND if "-m reproduce " in command])
def test_the_programs_grammar_takes_the_command(command):
    if LISTED["not_run"].get(command) == NAME:
        return
    words = shlex.split(command)
    cli.parser().parse_args(words[words.index("reproduce") + 1 :])


@pytest.mark.parametrize("command", FOUND)
def test_modules_scripts_and_targets_are_there(command):
    words = shlex.split(command)
    if words[0] == "make":
        assert all(re.search(rf"^{word}:", MAKEFILE, re.MULTILINE) for word in words[1:] if "=" not in word)
    elif "-m" in words:
        module = words[words.index("-m") + 1]
        assert module in ("venv", "pip") or importlib.util.find_spec(module)
    elif words[0] == "python":
        assert (ROOT / words[1]).is_file() or words[1].isupper() or words[1] == "SCRIPT.py"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nmake a   # b\n\nmake c \\\n  d\n```\n", ["make a", "make c d"]),
        ("```python\nmake a\n```\n", []),
        ("run `make\n  a` and `make`, `b.py`", ["make a"]),
        (r"| `python -m x a\|b` |", ["python -m x a|b"]),
        ("text\n\n    make a  # b\n", ["make a"]),
        ("```\nx --set 'a=#1'\n```\n", ["x --set 'a=#1'"]),
    ],
)
def test_commands_are_found_wherever_they_stand(text, expected):
    assert list(commands(text)) == expected
