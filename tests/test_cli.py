import gzip
import io
import json
import os
import re
import resource
import subprocess
import sys
from importlib.metadata import version

import aesara
import numpy as np
import pytest

from datasets import progress
from reproduce import backends, cli
from reproduce.backends import versions
from reproduce.runs.provenance import CHECKOUT
from tests.idx_bytes import idx_bytes

TINY = ["--set", "network.units=8", "--set", "network.hidden_layers=1", "--epochs", "1"]


def fails(capsys, *argv):
    """The one line on stderr of a command that must end with exit code 2."""
    assert cli.main(list(argv)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "required"),
        (["rum"], "invalid choice"),
        (["run", "minst", "--method", "lab"], "did you mean 'mnist'"),
        (["run", "mnist"], "--method"),
        (["run", "mnist", "--method", "labb"], "did you mean 'lab'"),
        (["run", "mnist", "--method", "lab", "--set", "network.unit=3"], "did you mean 'network.units'"),
        (["run", "mnist", "--method", "lab", "--set", "network.units=wide"], "must be a whole number"),
        (["run", "mnist", "--method", "lab", "--epochs", "0"], "at least 1"),
        (["run", "mnist", "--method", "lab", "--epochs", "many"], "invalid int"),
        (["run", "mnist", "--method", "lab", "--seed", "-1"], "--seed"),
        (["run", "mnist", "--method", "lab", "--backend", "cuda"], "invalid choice"),
        (["run", "digits", "--method", "lab", "--backend", "c", "--device", "gpu"], "CPU only"),
        (["trace", "digits", "--method", "lab", "--steps", "0"], "at least 1"),
        (["sample"], "RUN"),
        (["sample", "/nowhere"], "no folder /nowhere"),
        (["sample", ".", "--temperature", "-1"], "--temperature must be a finite number, at least 0"),
        (["sample", ".", "--temperature", "nan"], "--temperature must be a finite number, at least 0"),
        (["sample", ".", "--temperature", "inf"], "--temperature must be a finite number, at least 0"),
        (["sample", ".", "--temperature", "hot"], "invalid float"),
        (["sample", ".", "--length", "0"], "at least 1"),
        (["sample", ".", "--seed", "-1"], "--seed"),
        (["data", "prepare"], "name the data set to prepare"),
        (["data", "verify", "mnits"], "did you mean 'mnist'"),
        (["data", "list", "digits", "--from", "/nonexistent"], "--from works with 'data prepare' only"),
        (["data", "verify", "digits", "--from", "/nonexistent"], "--from works with 'data prepare' only"),
        (["report", "--runs", "/nowhere"], "no folder /nowhere"),
        (["theano"], "the following arguments are required: SCRIPT.py;"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(capsys, argv, message):
    assert message in fails(capsys, *argv)


def test_missing_data_names_the_command_that_fetches_it(capsys, tmp_path):
    data = tmp_path / "nothing"
    asked = ["mnist", "--method", "lab", "--backend", "jax", "--data", str(data)]
    assert "data prepare mnist" in fails(capsys, "trace", *asked)
    assert "data prepare mnist" in fails(capsys, "run", *asked, "--runs", str(tmp_path / "runs"))
    assert not list((tmp_path / "runs").rglob("record.json"))


@pytest.fixture
def blank_mnist(tmp_path):
    """A folder with MNIST's four files, all zeros."""
    folder = tmp_path / "blank"
    folder.mkdir()
    for prefix, count in (("train", 60_000), ("t10k", 10_000)):
        for name, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            content = idx_bytes(np.zeros(shape, np.uint8))
            (folder / f"{prefix}-{name}-ubyte.gz").write_bytes(gzip.compress(content, 1))
    return folder


def test_bad_data_are_a_mistake_and_a_full_disk_is_a_failure(capsys, tmp_path, blank_mnist):
    prepare = ["data", "prepare", "mnist", "--from", str(blank_mnist), "--data", str(tmp_path / "data")]
    assert "--allow-unofficial" in fails(capsys, *prepare)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        assert cli.main([*prepare, "--allow-unofficial"]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    message = capsys.readouterr().err
    assert "mnist.h5: File too large; free space" in message and message.count("\n") == 1
    assert not list((tmp_path / "data" / "mnist").iterdir())
    images = blank_mnist / "train-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-10])
    assert f"{images} is a truncated" in fails(capsys, *prepare, "--allow-unofficial")


def test_nothing_trains_on_damaged_data(capsys, tmp_path):
    text, data = tmp_path / "input.txt", tmp_path / "data"
    text.write_bytes((bytes(range(32, 119)) * 37_452)[:3_258_246])
    prepare = ["data", "prepare", "war_and_peace", "--from", str(text), "--data", str(data), "--allow-unofficial"]
    assert cli.main(prepare) == 0
    capsys.readouterr()
    path = data / "war_and_peace" / "war_and_peace.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    asked = ["war_and_peace", "--method", "lab", "--backend", "jax", "--data", str(data), "--allow-unofficial"]
    for command in (["trace"], ["run", "--runs", str(tmp_path / "runs")]):
        line = fails(capsys, command[0], *asked, *command[1:])
        assert f"{path} is damaged (its checksum does not hold); delete it, then run: python -m reproduce data" in line
    assert not list((tmp_path / "runs").rglob("*.h5")) and not list((tmp_path / "runs").rglob("record.json"))


def test_an_unwritable_run_folder_is_named(capsys, tmp_path):
    (tmp_path / "runs").write_text("")
    line = fails(capsys, "run", "digits", "--method", "lab", "--backend", "jax", "--runs", str(tmp_path / "runs"))
    assert "cannot write to" in line and "--runs" in line


def test_run_trains_records_and_then_has_nothing_to_do(capsys, tmp_path, monkeypatch):
    argv = ["run", "digits", "--method", "bwn", "--seed", "3", "--backend", "jax", *TINY, "--runs", str(tmp_path)]
    monkeypatch.setattr(progress, "LOGGED", 0)
    assert cli.main(argv) == 0
    first = capsys.readouterr()
    assert "test error" in first.out and "epoch 1/1  train loss" in first.err
    line = r"^digits\S* bwn seed 3: epoch 1/1: 50%  12 of 24 steps  [\d.e+]+/s  \d.* left  loss \d\.\d{4}$"
    assert re.search(line, first.err, re.MULTILINE)
    (path,) = tmp_path.rglob("record.json")
    record = json.loads(path.read_text())
    assert record["argv"] == argv[: argv.index("--runs")]
    assert record["complete"] and record["seed"] == 3
    assert cli.main(argv) == 0
    second = capsys.readouterr()
    assert second.out == first.out and "nothing to do" in second.err
    assert cli.main([word for word in argv if word not in ("--backend", "jax")]) == 0
    assert capsys.readouterr().out == first.out, "a run keeps the backend it began on"

    record["settings"]["training.batch_size"] = 25
    path.write_text(json.dumps(record))
    assert "training.batch_size was 25, now 50" in fails(capsys, *argv)
    assert cli.main([*argv, "--restart", "--quiet"]) == 0
    assert capsys.readouterr() == (first.out, "")
    record = json.loads(path.read_text())
    assert record["settings"]["training.batch_size"] == 50 and record["argv"] == argv[: argv.index("--runs")]


def test_trace_prints_json_or_writes_it(capsys, tmp_path):
    argv = ["trace", "digits", "--method", "lab", "--backend", "jax", "--steps", "3", "--set", "network.units=8"]
    assert cli.main(argv) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed["training_losses"]) == 3
    assert cli.main([*argv, "--out", str(tmp_path / "t.json")]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "t.json").read_text()) == printed
    assert "cannot write" in fails(capsys, *argv, "--out", str(tmp_path / "t.json" / "below"))


def test_sample_prints_text_and_nothing_else(capsys, jax_language_model):
    argv = ["sample", str(jax_language_model.folder), "--backend", "jax", "--length", "50"]
    assert cli.main([*argv, "--prompt", "hellö", "--temperature", "0"]) == 0
    certain = capsys.readouterr()
    assert certain.out.startswith("hellö") and "of epoch" in certain.err
    # Characters are bytes, of which ö has two; a byte that is not valid UTF-8 is shown as one sign.
    assert len(certain.out.removesuffix("\n").replace("\ufffd", "?").encode()) == 56

    texts = []
    for seed in ("1", "1", "2"):
        assert cli.main([*argv, "--seed", seed, "--temperature", "2"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2] and texts[0].startswith("\n")
    assert "that the model does not know, leave them out: 'X' '€'" in fails(capsys, *argv, "--prompt", "hXllo€X")
    assert "at least one character" in fails(capsys, *argv, "--prompt", "")


def test_sampled_bytes_print_on_any_terminal(language_model):
    """Ends in the middle of a character, on a terminal that knows ASCII only."""
    argv = ["sample", str(language_model.folder), "--prompt", "w\udcc3", "--length", "1", "--temperature", "0"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict", "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-m", "reproduce", *argv, "--backend", language_model.backend.name]
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"w?") and done.stdout.isascii() and done.stdout.endswith(b"\n")


def test_epochs_that_disagree_are_refused(capsys, tmp_path):
    command = ["run", "digits", "--method", "lab", "--epochs", "3", "--runs", str(tmp_path), "--set"]
    assert cli.main([*command, "training.epochs=5"]) == 2
    assert capsys.readouterr().err == "error: --epochs 3 and --set training.epochs=5 disagree\n"
    assert not list(tmp_path.iterdir())


def test_folders_stay_out_of_the_recorded_command():
    argv = ["run", "mnist", "--data", "d", "--method", "lab", "--runs=r", "--set", "a=1", "--from", "x", "--out", "o"]
    argv += ["--minutes", "3", "--checkpoint-minutes=1", "--quiet", "-q"]
    assert cli._portable(argv) == ["run", "mnist", "--method", "lab", "--set", "a=1"]


def test_data_and_doctor_say_what_is_there(capsys, tmp_path):
    assert cli.main(["data", "list", "--data", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert "digits" in listed and "mnist" in listed
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    examined = capsys.readouterr().out
    assert "aesara 2.9.4" in examined and "data prepare mnist" in examined
    assert backends.c_obstacle() or re.search(r"^(ok|note) +convolutions +through ", examined, re.MULTILINE)


def test_without_a_compiler_doctor_says_what_a_newer_jax_brings(capsys, tmp_path):
    with aesara.config.change_flags(cxx=""):
        assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    older = versions.numbers(version("jax")) < (0, 12)
    assert ("JAX 0.12.0 needs 0.7 to 0.9 of JAX 0.6's time" in capsys.readouterr().out) == older


def test_data_and_doctor_print_json(capsys, tmp_path):
    assert cli.main(["data", "list", "--json", "--data", str(tmp_path)]) == 0
    listed = {entry["name"]: entry["state"] for entry in json.loads(capsys.readouterr().out)}
    assert listed["digits"] == "built in" and listed["mnist"] == "not prepared"
    assert "--json works with 'data list' only" in fails(capsys, "data", "verify", "--json")
    assert cli.main(["doctor", "--json", "--data", str(tmp_path)]) == 0
    checks = json.loads(capsys.readouterr().out)
    assert {"state": "ok", "name": "digits", "text": "built in"} in checks
    assert {check["state"] for check in checks} <= {"ok", "note", "bad"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("no_color", "term", "colours"), [("", "xterm", True), ("1", "xterm", False), ("", "dumb", False)]
)
def test_colours_are_for_terminals_without_no_color(monkeypatch, tmp_path, no_color, term, colours):
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", term)
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    assert cli.main(["rum"]) == 2
    assert ("\x1b[32mok   \x1b[0mdigits        built in" in out.getvalue()) == colours
    assert err.getvalue().startswith("\x1b[31merror:\x1b[0m " if colours else "error: ")


def test_cells_and_report_read_runs(capsys, tmp_path):
    (tmp_path / "runs").mkdir()
    assert cli.main(["cells", "--runs", str(tmp_path / "runs")]) == 0
    assert "not run" in capsys.readouterr().out
    assert cli.main(["report", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "report")]) == 0
    assert str(tmp_path / "report" / "index.html") in capsys.readouterr().out


def test_without_a_compiler_a_run_takes_the_jax_backend_and_says_so(tmp_path):
    environment = os.environ | {"AESARA_FLAGS": "cxx="}
    command = [sys.executable, "-m", "reproduce", "run", "digits", "--method", "lab", *TINY, "--runs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    reason = r"no C\+\+ compiler was found|Aesara's C code needs NumPy 1 and this is 2\..*"
    assert re.search(f"^({reason}): running on the jax backend$", done.stderr, re.MULTILINE)
    (path,) = tmp_path.rglob("record.json")
    assert json.loads(path.read_text())["backend"] == "jax"


INTERRUPTED_AT_EXIT = """
import atexit, os, runpy, signal, sys
atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv = ["reproduce", "data", "list"]
runpy.run_module("reproduce", run_name="__main__")
"""


def test_an_interrupt_when_all_is_done_changes_nothing(heard_signals):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_AT_EXIT], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "mnist" in done.stdout
