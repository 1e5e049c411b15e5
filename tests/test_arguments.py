"""The help, the examples in it, and the completion."""

import shlex
import subprocess

import pytest

from reproduce import arguments, cli
from reproduce.errors import UserError

COMMANDS = {name: entry for entries in arguments.GROUPS.values() for name, entry in entries.items()}


@pytest.fixture(scope="module")
def commands():
    """The parser of each command."""
    (found,) = (action for action in arguments.parser()._actions if action.dest == "command")
    return found.choices


def test_every_command_of_the_grammar_does_something():
    assert COMMANDS.keys() == cli.COMMANDS.keys()


def test_the_help_lists_the_commands_in_groups(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = arguments.parser().format_help()
    place = -1
    for title, entries in arguments.GROUPS.items():
        for words in (f"\n  {title}:\n", *(f"\n    {name} " for name in entries)):
            assert (place := text.index(words, place + 1)) > 0


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example_that_can_be_given(name, commands):
    example = commands[name].format_help().rpartition(f"example:\n  {arguments.PROGRAM} ")[2]
    assert arguments.parser().parse_args(shlex.split(example)).command == name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained_in_a_group_with_its_default(name, commands):
    for action in commands[name]._actions:
        assert action.help, action.dest
        is_switch = action.nargs == 0 or action.dest in ("set", "compare")
        if action.option_strings and not action.required and not is_switch:
            assert "(default: " in action.help, action.dest
    general = next(group for group in commands[name]._action_groups if group.title == "options")
    grouped = {"help", "out", "python"} if name in ("export", "theano") else {"help"}
    assert {action.dest for action in general._group_actions} <= grouped


def test_bash_completes_commands_options_values_and_folders(capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--print-completion", "bash"])
    assert ended.value.code == 0
    (tmp_path / "runs_here").mkdir()
    (tmp_path / "runs.txt").touch()
    script = capsys.readouterr().out + """
    complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_reproduce; echo "${COMPREPLY[@]}"; }
    complete_words reproduce re
    complete_words reproduce run mnist --method l
    complete_words reproduce run mn
    complete_words reproduce run mnist --ch
    complete_words reproduce sweep table
    complete_words reproduce data prepare mn
    complete_words reproduce cells --runs runs
    """
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "report", "lab lab2", "mnist", "--checkpoint-minutes", "table1 table2 table3 table4", "mnist", "runs_here",
    ]  # fmt: skip


@pytest.mark.parametrize("shell", arguments.SHELLS)
def test_each_shell_has_a_script(shell, capsys):
    with pytest.raises(SystemExit):
        cli.main(["--print-completion", shell])
    assert "checkpoint-minutes" in capsys.readouterr().out


def test_a_mistake_names_the_help_that_explains_it():
    with pytest.raises(UserError, match="see 'python -m reproduce run --help'"):
        arguments.parser().parse_args(["run", "mnist", "--method", "lab", "--minutes", "soon"])
