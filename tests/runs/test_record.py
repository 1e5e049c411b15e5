"""record.json: what is written is what was read; the committed ones are all understood."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reproduce.runs import record
from reproduce.runs.record import FORMAT, Record

RESULTS = Path(__file__).resolve().parents[2] / "results"
COMMITTED = sorted(path for path in RESULTS.rglob("record.json"))


def test_there_are_committed_records():
    assert len(COMMITTED) > 15


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: "/".join(path.relative_to(RESULTS).parts[:-1]))
def test_a_committed_record_is_kept_whole(path):
    text = path.read_text(encoding="utf-8")
    kept = record.read(path.parent)
    if "resumed" in json.loads(text):
        assert kept.to_json() == text
    else:  # of the first version, which listed no later processes
        assert json.loads(kept.to_json()) == json.loads(text) | {"resumed": []}


def test_the_epoch_at_which_a_run_diverged_is_kept():
    ended = replace(record.read(COMMITTED[0].parent), diverged_at=3)
    assert json.loads(ended.to_json())["diverged_at"] == 3
    assert Record.from_json(ended.to_json()) == ended


def test_a_key_of_a_later_version_is_no_fault():
    fields = json.loads(COMMITTED[0].read_text(encoding="utf-8"))
    assert Record.from_json(json.dumps(fields | {"later": 1})) == Record.from_json(json.dumps(fields))


def test_the_format_comes_first():
    assert next(iter(json.loads(Record.from_json(COMMITTED[0].read_text(encoding="utf-8")).to_json()).items())) == (
        "format", FORMAT,
    )  # fmt: skip
