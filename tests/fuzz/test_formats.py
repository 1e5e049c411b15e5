"""A small part of what ``make fuzz`` does for as long as one likes."""

import json
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.errors import DataError
from reproduce.runs.provenance import CHECKOUT
from tests.fuzz import __main__ as fuzzing
from tests.fuzz import watched
from tests.fuzz.__main__ import PLAUSIBLE, fuzz
from tests.fuzz.formats import FORMATS, Format

FAST = [form for form in FORMATS if form.fast]
SLOW = {form.read: form for form in FORMATS if not form.fast}.values()  # one of those that are read alike


@pytest.fixture(scope="module", params=FAST, ids=str)
def valid(request, tmp_path_factory):
    """A format, a folder with a valid file, all valid contents, and the digest of what is read from the last."""
    folder = tmp_path_factory.mktemp("fuzz")
    contents = watched.prepare(request.param, folder)
    return request.param, folder, contents, watched.digest(request.param.read(folder))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rng=st.randoms(use_true_random=False))
def test_damaged_files_are_read_or_refused_in_one_line(valid, rng):
    form, folder, contents, whole = valid
    content = form.mutate(rng.choice(contents), rng)
    watched.put(folder / form.file, content, zlib.crc32(content))
    reading = watched.read(form, folder, whole if form.same else None)
    assert reading.outcome in ("read", "refused"), reading.detail
    assert reading.peak < PLAUSIBLE


@pytest.mark.parametrize("form", SLOW, ids=str)
def test_slow_formats_can_be_read(tmp_path, form):
    watched.prepare(form, tmp_path)
    reading = watched.read(form, tmp_path, None)
    assert reading.outcome == ("refused" if form.name == "command line" else "read"), reading.detail


def test_the_loop_counts_and_keeps_nothing_where_nothing_is_wrong(tmp_path):
    figures = fuzz(0, 1, 1, tmp_path)
    assert figures.tried == figures.outcomes["read"] + figures.outcomes["refused"] > 20
    assert figures.largest > 0 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("bound", "outcome"), [("PLAUSIBLE", "took too much memory"), ("SECONDS_A_FILE", "hang")])
def test_what_goes_wrong_is_recorded_and_kept(tmp_path, monkeypatch, capsys, bound, outcome):
    monkeypatch.setattr(fuzzing, bound, 0)
    out = tmp_path / "fuzz.json"
    monkeypatch.setattr(sys, "argv", ["fuzz", "--minutes", "0.01", "--only", "IDX, labels", "--out", str(out)])
    assert fuzzing.main() == 1
    figures = json.loads(out.read_text())["formats"]["IDX, labels"]
    kept = Path(capsys.readouterr().out.rstrip().rpartition(": ")[2])
    texts = [path.read_text() for path in kept.glob("*.txt")]
    shutil.rmtree(kept)
    # A reading that is there when it is first looked for is no hang, however short the time allowed.
    in_time = figures["read"] + figures["refused"] if outcome == "hang" else 0
    assert 0 < figures["wrong"] == figures["files"] - in_time == len(texts)
    assert all(text.startswith(f"{outcome}\n") for text in texts)


MISBEHAVIOUR = """
import os, pickle, sys
from pathlib import Path
from tests.fuzz import watched
from tests.fuzz.formats import Format

inside, outside = map(Path, sys.argv[1:])
events = watched._watch_writes(inside)
for read in (
    lambda folder: (inside / "file").write_text(""),
    lambda folder: list(outside.parent.iterdir()),
    lambda folder: outside.write_text(""),
    lambda folder: outside.read_text(),
    lambda folder: (inside / "file").rename(outside),
    lambda folder: outside.unlink(),
    lambda folder: os.system("true"),
    lambda folder: pickle.loads(pickle.dumps(Path)),
):
    print(watched.read(Format("faulty", "file", None, read), inside, None, events).outcome)
"""


def test_writes_elsewhere_and_foreign_code_are_noticed(tmp_path):
    """In a process of its own, because nothing takes such a watch away."""
    (tmp_path / "inside").mkdir()
    words = [sys.executable, "-c", MISBEHAVIOUR, tmp_path / "inside", tmp_path / "outside"]
    found = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = "did what it may not"
    assert found == ["read", "read", wrong, "read", wrong, wrong, wrong, wrong]


def two_lines(folder):
    raise DataError("two\nlines")


@pytest.mark.parametrize(
    ("read", "outcome"),
    [
        (lambda folder: 1 / 0, "another error"),
        (lambda folder: "something else", "read something else"),
        (two_lines, "refused in more than a line"),
    ],
)
def test_what_may_not_be_is_noticed(tmp_path, read, outcome):
    form = Format("faulty", "file", None, read, same=True)
    assert watched.read(form, tmp_path, watched.digest("whole")).outcome == outcome


def test_memory_is_noticed(tmp_path):
    form = Format("greedy", "file", None, lambda folder: len(bytearray(b"x" * (100 << 20))))
    assert watched.read(form, tmp_path, None).peak > PLAUSIBLE
