"""A small part of what ``make fuzz`` does for as long as one likes."""

import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.errors import DataError
from tests.fuzz import watched
from tests.fuzz.__main__ import PLAUSIBLE, fuzz
from tests.fuzz.formats import FORMATS, Format

FAST = [form for form in FORMATS if form.fast]


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


def test_the_loop_counts_and_keeps_nothing_where_nothing_is_wrong(tmp_path):
    figures = fuzz(0, 1, 1, tmp_path)
    assert figures.tried == figures.outcomes["read"] + figures.outcomes["refused"] > 20
    assert figures.largest > 0 and list(tmp_path.iterdir()) == []


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
