import io
import sys

import pytest

from datasets import progress
from datasets.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that goes on when it is told to."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def shown(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_a_log_gets_a_line_every_minute_with_rate_and_time_left(monkeypatch, clock):
    log = shown(monkeypatch, io.StringIO())
    with Progress("epoch 3/50", 2000, "steps", done=500) as bar:
        for _ in range(125):
            clock(1)
            bar.update(10, "loss 0.5")
    assert log.getvalue().splitlines() == [
        "epoch 3/50: 55%  1,100 of 2,000 steps  10/s  2 min left  loss 0.5",
        "epoch 3/50: 85%  1,700 of 2,000 steps  10/s  30.0 s left  loss 0.5",
    ]


def test_a_terminal_has_one_line_that_is_drawn_anew_and_removed(monkeypatch, clock):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "50")
    terminal = shown(monkeypatch, Terminal())
    with Progress("whitening", 100, "pictures") as bar:
        for _ in range(3):
            clock(0.0625)
            bar.update(10)
        clock(20)
        bar.update(10)
    drawn = terminal.getvalue().split("\r")[1:]
    assert drawn == [
        "…ning: 20%  20 of 100 pictures  160/s  0.5 s left",
        "…ng: 40%  40 of 100 pictures  1.98/s  30.3 s left",
        " " * 49,
        "",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_is_shown_if_quiet_or_not_yet_due(monkeypatch, clock, terminal):
    stream = shown(monkeypatch, Terminal() if terminal else io.StringIO())
    with Progress("a task", 10, "rows") as bar:
        bar.update()
        monkeypatch.setattr(progress, "quiet", True)
        clock(600)
        bar.update()
    assert stream.getvalue() == ""


def test_a_dumb_terminal_is_a_log(monkeypatch, clock):
    monkeypatch.setenv("TERM", "dumb")
    terminal = shown(monkeypatch, Terminal())
    with Progress("file", None, "MB", scale=10**6) as bar:
        clock(60)
        bar.update(3_000_000)
    assert terminal.getvalue() == "file: 3.0 MB  0.05/s\n"


@pytest.mark.parametrize(("width", "line"), [(9, "title: 9%"), (8, "…tle: 9%"), (3, "…9%"), (1, "9"), (0, "")])
def test_of_a_narrow_line_the_figures_are_kept_longest(width, line):
    assert progress._fitting("title: ", "9%", width) == line


def test_a_task_longer_than_said_has_no_time_left(monkeypatch, clock):
    log = shown(monkeypatch, io.StringIO())
    with Progress("file", 100, "rows") as bar:
        clock(60)
        bar.update(0)
        clock(60)
        bar.update(120)
    assert log.getvalue() == "file: 0%  0 of 100 rows  0/s\nfile: 120%  120 of 100 rows  1/s  0.0 s left\n"


def test_durations_have_the_unit_that_a_reader_wants():
    assert [duration(s) for s in (8.44, 200, 9000, 750_000)] == ["8.4 s", "3 min", "2.5 h", "208 h"]
