"""record.json: what is written is what was read; the committed ones are all understood."""

import json
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
    kept = Record.from_json(text)
    written = json.loads(kept.to_json())
    assert written.items() >= json.loads(text).items()
    assert {key: written[key] for key in written.keys() - json.loads(text).keys()}.keys() <= {"resumed", "diverged_at"}
    assert Record.from_json(kept.to_json()) == kept
    assert record.read(path.parent) == kept


def test_a_key_of_a_later_version_is_no_fault():
    fields = json.loads(COMMITTED[0].read_text(encoding="utf-8"))
    assert Record.from_json(json.dumps(fields | {"later": 1})) == Record.from_json(json.dumps(fields))


def test_the_format_comes_first():
    assert next(iter(json.loads(Record.from_json(COMMITTED[0].read_text(encoding="utf-8")).to_json()).items())) == (
        "format", FORMAT,
    )  # fmt: skip
