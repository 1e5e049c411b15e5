"""Functions in a child process that crash, hang, take too much, or do as they should."""

import math
import os
import time

import pytest

from datasets.errors import DataError
from datasets.storage import limits
from datasets.storage.limits import LimitError, call_limited


def damaged(words):
    raise DataError(words)


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "message"),
    [
        (os.abort, (), LimitError, "reading it ends in SIGABRT"),
        (os._exit, (3,), LimitError, "reading it fails"),
        (bytearray, (5 << 30,), LimitError, "reading it takes more than 4 GiB of memory"),
        (math.sqrt, (-1,), ValueError, "math domain error"),
        (damaged, ("a.h5 is damaged; remove it",), DataError, "a.h5 is damaged; remove it"),
    ],
)
def test_what_goes_wrong_is_one_line(function, arguments, kind, message):
    with pytest.raises(kind) as raised:
        call_limited(function, *arguments)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


def test_it_returns_the_result():
    assert call_limited(sorted, [3, 1, 2]) == [1, 2, 3]


def test_processor_time_is_limited(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 1)
    with pytest.raises(LimitError, match="reading it takes more than 1 s of processor time"):
        call_limited(math.factorial, 10**9)


def test_time_is_limited_where_nothing_is_computed(monkeypatch):
    monkeypatch.setattr(limits, "WALL_CLOCK", 0.05)
    begun = time.monotonic()
    with pytest.raises(LimitError, match=r"reading it takes more than 1\.5 s"):
        call_limited(time.sleep, 100)
    assert time.monotonic() - begun < 50


def test_where_no_process_can_be_started_it_says_so(monkeypatch):
    monkeypatch.setattr("sys.executable", "/absent/python")
    with pytest.raises(DataError, match="cannot start a process: No such file or directory"):
        call_limited(sorted, [])
