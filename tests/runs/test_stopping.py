"""Requests to stop, by signals and by time."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reproduce.runs.stopping import COME_AGAIN, Stop, Stopped

pytestmark = pytest.mark.usefixtures("heard_signals")


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", COME_AGAIN), ("SIGHUP", COME_AGAIN), ("SIGINT", 130)])
def test_a_signal_is_a_request(name, code):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    stop = Stop()
    with stop.listening():
        assert not stop() and stop.reason is None
        os.kill(os.getpid(), number)
        assert stop() and (stop.reason, stop.exit_code) == (name, code)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", COME_AGAIN), ("SIGHUP", COME_AGAIN), ("SIGINT", 130)])
def test_a_signal_ends_at_once_what_has_nothing_to_save(name, code):
    stop = Stop()
    with pytest.raises(Stopped), stop.ending_at_once():
        with stop.listening():
            assert not stop()
        os.kill(os.getpid(), getattr(signal, name))
    assert (stop.reason, stop.exit_code) == (name, code)


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = Stop()
        with stop.listening():
            os.kill(os.getpid(), signal.SIGHUP)
        assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_listens_to_none():
    def heard():
        with Stop().listening():
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(heard).result() is signal.SIG_DFL


def test_time_is_a_request():
    stop = Stop(minutes=0.001)
    assert not stop()
    time.sleep(0.07)
    assert stop() and (stop.reason, stop.exit_code) == ("--minutes 0.001", COME_AGAIN)


@pytest.mark.parametrize(("first", "second"), [("SIGINT", "SIGINT"), ("SIGTERM", "SIGINT"), ("SIGHUP", "SIGTERM")])
def test_a_second_signal_ends_the_process_at_once(first, second):
    code = (
        "import os, signal; from reproduce.runs.stopping import Stop\n"
        f"with Stop().listening():\n    os.kill(os.getpid(), signal.{first}); print('heard', flush=True)\n"
        f"    os.kill(os.getpid(), signal.{second}); print('goes on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "heard\n" and done.returncode == -getattr(signal, second)


def test_a_signal_within_a_finalizer_is_a_request_and_shows_nothing(monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "unraisablehook", shown.append)

    class Finalized:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)

    stop = Stop()
    with stop.ending_at_once():
        Finalized()
        assert stop() and stop.reason == "SIGTERM"
    assert not shown
