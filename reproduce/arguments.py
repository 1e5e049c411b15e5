"""The command line's grammar: the commands and their options, each in groups, and an example of each command."""

import argparse
import math
import os

from reproduce.errors import UserError
from reproduce.methods import METHODS

PROGRAM = "python -m reproduce"
SCRIPT = "reproduce"
"""The script that pip installs. Shells complete its words; of ``python -m reproduce`` they see ``python``."""
BACKEND, DEVICE = "what computes, Aesara's C code or JAX", "where it computes"
SHELLS = ("bash", "zsh", "fish", "tcsh")


class Parser(argparse.ArgumentParser):
    """Reports a mistake in the house's style: one line, exit code 2."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message):
        raise UserError(f"{message}; see '{self.prog} --help'")


class Listing(argparse.RawDescriptionHelpFormatter):
    """Help in which a command that begins a group is preceded by the group's title."""

    def _format_action(self, action):
        title = FIRST.get(action.dest)
        return (f"\n  {title}:\n" if title else "") + super()._format_action(action)


def parser(program=PROGRAM):
    """The parser of the whole command line; it sets `command` to the name of the command."""
    about = "Reproduces Loss-aware Binarization of Deep Networks (ICLR 2017) on Aesara and Lasagne."
    more = f"Every command explains itself: {program} run --help"
    top = Parser(prog=program, description=about, epilog=more, formatter_class=Listing)
    words = "print a script that lets a shell complete the words of 'reproduce'; it is one of " + ", ".join(SHELLS)
    top.add_argument("--print-completion", action=PrintCompletion, choices=SHELLS, metavar="SHELL", help=words)
    commands = top.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND", parser_class=Parser
    )
    for entries in GROUPS.values():
        for name, (add_arguments, about, example) in entries.items():
            command = commands.add_parser(
                name,
                help=about,
                description=f"{about[0].upper()}{about[1:]}.",
                epilog=f"example:\n  {program} {example}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            add_arguments(command)
    return top


def _run(command):
    trained = command.add_argument_group("what to train")
    _experiment_options(trained)
    trained.add_argument("--epochs", type=int, metavar="N", help="epochs (default: the experiment's)")
    _machine_options(command)
    folders = _data_options(command)
    _written_runs_option(folders)
    stops = command.add_argument_group("stopping and going on")
    _minutes_option(stops)
    interval = "time between checkpoints (default: %(default)g); Ctrl-C, SIGTERM and SIGHUP save too"
    stops.add_argument("--checkpoint-minutes", type=minutes, default=5.0, metavar="N", help=interval)
    stops.add_argument("--restart", action="store_true", help="start anew and remove what an earlier run left")
    _output_options(command, quiet="show no progress, only the result and what needs attention")


def _sweep(command):
    runs = command.add_argument_group("which runs")
    runs.add_argument("target", metavar="TARGET", help="table1 … table4, figure1, all, or an experiment")
    seeds = "seeds (default: 1234 1 2)"
    runs.add_argument("--seeds", type=int, nargs="+", default=[1234, 1, 2], metavar="N", help=seeds)
    runs.add_argument("--methods", nargs="+", metavar="METHOD", help="only these methods (default: all)")
    runs.add_argument("--dry-run", action="store_true", help="list the missing runs with estimated times")
    machine = _machine_options(command)
    machine.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time (default: %(default)s)")
    _written_runs_option(_data_options(command))
    _minutes_option(command.add_argument_group("stopping and going on"))
    _output_options(command, quiet="print a line of failed runs only")


def _trace(command):
    trained = command.add_argument_group("what to train")
    _experiment_options(trained)
    trained.add_argument("--steps", type=int, default=10, metavar="N", help="minibatches (default: %(default)s)")
    _machine_options(command)
    _data_options(command)
    output = command.add_argument_group("output")
    output.add_argument("--out", metavar="FILE.json", help="file to write (default: stdout)")


def _cells(command):
    _read_runs_option(command.add_argument_group("folders"))
    _output_options(command, json=True)


def _report(command):
    folders = command.add_argument_group("folders")
    which = folders.add_mutually_exclusive_group()
    _read_runs_option(which)
    sides = "set two folders of runs side by side instead: OUT/compare.html and OUT/compare.md"
    which.add_argument("--compare", nargs=2, metavar=("A", "B"), help=sides)
    folders.add_argument("--out", default="report", metavar="DIR", help="folder to write to (default: %(default)s)")
    _output_options(command, json=True)


def _evaluate(command):
    model = command.add_argument_group("what to measure")
    model.add_argument("model", metavar="RUN|MODEL", help="the folder of a run, or a file that 'export' wrote")
    _machine_options(command, "the run's own")
    _data_options(command)
    _output_options(command, json=True)


def _sample(command):
    text = command.add_argument_group("which text")
    text.add_argument("run", metavar="RUN", help="the folder of a run, as 'run' prints it")
    prompt = "beginning of the text (default: a line feed, if the model knows it)"
    text.add_argument("--prompt", metavar="TEXT", help=prompt)
    temperature = "randomness of the draws; 0 takes the most probable character (default: %(default)s)"
    text.add_argument("--temperature", type=float, default=1.0, metavar="T", help=temperature)
    text.add_argument("--length", type=int, default=1000, metavar="N", help="characters (default: %(default)s)")
    text.add_argument("--seed", type=int, default=1234, metavar="N", help="seed of the draws (default: %(default)s)")
    _machine_options(command)
    _output_options(command, quiet="do not say which epoch the model is of")


def _export(command):
    command.add_argument("run", metavar="RUN", help="the folder of a run, as 'run' prints it")
    command.add_argument("--out", required=True, metavar="FILE.safetensors", help="file to write")


def _data(command):
    command.add_argument("action", choices=("list", "prepare", "verify"), help="what to do")
    command.add_argument("name", nargs="?", metavar="NAME", help="a data set (default: all, but for prepare)")
    folders = _data_options(command)
    where = "folder or file to prepare from, plain or .gz (default: a download)"
    folders.add_argument("--from", dest="from_path", metavar="PATH", help=where)
    _output_options(command, quiet="show no progress", json="print JSON (list only)")


def _doctor(command):
    _data_option(command.add_argument_group("folders"))
    _output_options(command, json=True)


def _theano(command):
    machine = command.add_argument_group("machine")
    backend = f"{BACKEND} (default: c, unless a GPU is requested)"
    machine.add_argument("--backend", choices=("c", "jax"), help=backend)
    device = f"{DEVICE} (default: as THEANO_FLAGS and .theanorc say)"
    machine.add_argument("--device", choices=("cpu", "gpu"), help=device)
    version = "the script's Python version (default: %(default)s, decided for each file by its content)"
    command.add_argument("--python", choices=("auto", "2", "3"), default="auto", help=version)
    command.add_argument("script", metavar="SCRIPT.py", help="the script")
    rest = command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="arguments of the script")
    rest.required = False  # so that a missing script is not said to lack arguments too


GROUPS = {
    "train": {
        "run": (_run, "train an experiment with a method, to the end of the schedule", "run mnist --method lab"),
        "sweep": (_sweep, "train the runs of a target that are missing, the cheapest first", "sweep table1 --jobs 2"),
        "trace": (_trace, "print the losses of the first minibatches as JSON", "trace digits --method lab --steps 3"),
    },
    "compare with the paper": {
        "cells": (_cells, "list each cell of Tables 1-4: the paper's number, ours, state, command", "cells --json"),
        "report": (_report, "write the report on all runs: OUT/index.html and OUT/report.md", "report --runs runs"),
    },
    "use a trained model": {
        "evaluate": (
            _evaluate,
            "measure a run's best model, or an exported one, on the test set",
            "evaluate runs/mnist/lab/seed-1234",
        ),
        "export": (
            _export,
            "write a run's best model with one bit a weight, to use without Aesara",
            "export runs/mnist/lab/seed-1234 --out lab.safetensors",
        ),
        "sample": (
            _sample,
            "print text from a trained language model",
            "sample runs/war_and_peace/lab/seed-1234+jax --prompt 'The prince' --temperature 0.7",
        ),
    },
    "look after data and machine": {
        "data": (_data, "list, prepare or verify data sets", "data prepare mnist --from ~/Downloads"),
        "doctor": (_doctor, "check what works on this machine, and say what to do about the rest", "doctor"),
    },
    "run old scripts": {
        "theano": (
            _theano,
            "run a script of Theano's and Lasagne's era as it is, Python 2 or 3",
            "theano --device cpu old/mnist.py --epochs 3",
        ),
    },
}
"""Commands by title and name: what adds their arguments, what they are for, and an example."""
FIRST = {next(iter(entries)): title for title, entries in GROUPS.items()}


def _experiment_options(group):
    group.add_argument("experiment", metavar="EXPERIMENT", help="digits (no download), mnist, …")
    known = "; ".join(f"{method.name}: {method.help}" for method in METHODS.values())
    group.add_argument("--method", required=True, metavar="METHOD", help=known)
    seed = "seed of weights and shuffles (default: %(default)s, as in the released scripts)"
    group.add_argument("--seed", type=int, default=1234, metavar="N", help=seed)
    group.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting; repeatable")


def _machine_options(command, default="auto"):
    group = command.add_argument_group("machine")
    backend = f"{BACKEND} (default: {default})"
    group.add_argument("--backend", default="auto", choices=("auto", "c", "jax"), help=backend)
    device = f"{DEVICE} (default: %(default)s)"
    group.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"), help=device)
    return group


def _data_options(command):
    group = command.add_argument_group("folders")
    _data_option(group)
    group.add_argument("--allow-unofficial", action="store_true", help="accept files that are not the official ones")
    return group


def _data_option(group):
    default = os.environ.get("PYLEARN2_DATA_PATH") or "data"
    where = "folder of prepared data (default: $PYLEARN2_DATA_PATH, else data)"
    group.add_argument("--data", default=default, metavar="DIR", help=where)


def _written_runs_option(group):
    group.add_argument("--runs", default="runs", metavar="DIR", help="folder to write runs to (default: %(default)s)")


def _read_runs_option(group):
    group.add_argument("--runs", nargs="+", metavar="DIR", help="folders of runs (default: runs and results)")


def _minutes_option(group):
    limit = "save and stop after N minutes, exit code 75 (default: no limit)"
    group.add_argument("--minutes", type=minutes, metavar="N", help=limit)


def _output_options(command, quiet=None, json=None):
    group = command.add_argument_group("output")
    if quiet:
        group.add_argument("-q", "--quiet", action="store_true", help=quiet)
    if json:
        group.add_argument("--json", action="store_true", help="print JSON" if json is True else json)


def minutes(text):
    """A time on the command line; if it is invalid, argparse's message names this function."""
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


class PrintCompletion(argparse.Action):
    """Prints the completion script of a shell, which shtab writes, and exits."""

    def __call__(self, top, namespace, shell, option=None):
        try:
            import shtab
        except ImportError:
            raise UserError("completion needs the package shtab: pip install shtab") from None
        completed = parser(SCRIPT)
        (commands,) = (action for action in completed._actions if action.dest == "command")
        for command in commands.choices.values():
            for action in command._actions:
                _complete(action, shtab)
        print(shtab.complete(completed, shell))
        top.exit()


def _complete(action, shtab):
    """Say what the value of an `action` of the parser may be, by its placeholder."""
    from datasets import catalog
    from reproduce import experiments, sweep

    words = {
        "EXPERIMENT": experiments.names(),
        "METHOD": list(METHODS),
        "TARGET": [*sweep.TARGETS, *experiments.names()],
        "NAME": list(catalog.DATA_SETS),
    }
    if action.metavar in words:
        action.choices = words[action.metavar]
    elif action.metavar in ("DIR", "RUN", ("A", "B")):
        action.complete = shtab.DIRECTORY
    elif action.metavar in ("RUN|MODEL", "PATH", "SCRIPT.py", "FILE.json", "FILE.safetensors"):
        action.complete = shtab.FILE
