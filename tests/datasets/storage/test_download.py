"""Downloading, from servers on this machine that behave and misbehave."""

import contextlib
import fcntl
import gzip
import io
import os
import re
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from datasets import progress
from datasets.errors import DataError
from datasets.storage.download import download
from datasets.storage.files import read_content

CONTENT = np.random.RandomState(0).bytes(3_000_000)
FILE = gzip.compress(CONTENT, mtime=0)


def is_right(path):
    return read_content(path) == CONTENT


class Server(ThreadingHTTPServer):
    """Serves one file at every address.

    Attributes
    ----------
    ranges : bool
        Whether Range is honoured.
    break_after : list of int
        The n-th request is broken off after so many bytes of body; later ones are not.
    requests : list of (str or None)
        The Range header of each request.
    """

    def __init__(self, file, ranges=True, break_after=(), status=200, length=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.file, self.ranges, self.break_after = file, ranges, list(break_after)
        self.status, self.length, self.requests = status, length, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/folder/file.gz"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        asked = self.headers.get("Range")
        server.requests.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and server.ranges else 0
        if start and start >= len(server.file):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.file)}")
            self.end_headers()
            return
        body = server.file[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.file) - 1}/{len(server.file)}")
        if server.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.break_after:
            body = body[: server.break_after.pop(0)]
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:

        def start(*arguments, **keywords):
            server = stack.enter_context(Server(*arguments, **keywords))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield start


@pytest.fixture
def dead_url():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}/file.gz"


@pytest.mark.parametrize("file", [FILE, CONTENT], ids=["gzipped", "plain"])
@pytest.mark.parametrize("length", [True, False])
def test_fetches_and_checks_the_uncompressed_content(serve, tmp_path, file, length):
    destination = tmp_path / "new" / "file.gz"
    download([serve(file, length=length).url], destination, is_right)
    assert destination.read_bytes() == file
    assert [path.name for path in destination.parent.iterdir()] == ["file.gz"]


def test_a_broken_transfer_goes_on_where_it_broke(serve, tmp_path):
    server = serve(FILE, break_after=[100_000, 50_000])
    download([server.url], tmp_path / "file.gz", is_right)
    assert server.requests == [None, "bytes=100000-", "bytes=150000-"]
    assert (tmp_path / "file.gz").read_bytes() == FILE


def test_the_next_mirror_goes_on_where_the_first_broke(serve, tmp_path):
    first, second = serve(FILE, break_after=[100_000, 0]), serve(FILE)
    download([first.url, second.url], tmp_path / "file.gz", is_right)
    assert second.requests == ["bytes=100000-"]
    assert (tmp_path / "file.gz").read_bytes() == FILE


def test_the_next_call_goes_on_where_the_last_broke(serve, tmp_path):
    first = serve(FILE, break_after=[100_000, 0])
    with pytest.raises(DataError, match=rf"broke off after 100000 of {len(FILE)} bytes"):
        download([first.url], tmp_path / "file.gz", is_right)
    assert not (tmp_path / "file.gz").exists()
    assert (tmp_path / "file.gz.part").stat().st_size == 100_000
    second = serve(FILE)
    download([second.url], tmp_path / "file.gz", is_right)
    assert second.requests == ["bytes=100000-"]
    assert (tmp_path / "file.gz").read_bytes() == FILE


def test_a_server_without_ranges_starts_again(serve, tmp_path):
    (tmp_path / "file.gz.part").write_bytes(FILE[:1000])
    server = serve(FILE, ranges=False)
    download([server.url], tmp_path / "file.gz", is_right)
    assert server.requests == ["bytes=1000-"]
    assert (tmp_path / "file.gz").read_bytes() == FILE


@pytest.mark.parametrize(
    ("part", "requests"),
    [
        (FILE, [f"bytes={len(FILE)}-"]),
        (FILE + b"more", [f"bytes={len(FILE) + 4}-", None]),
        (b"\0" * 1000, ["bytes=1000-", None]),
        (b"\0" * len(FILE), [f"bytes={len(FILE)}-", None]),
    ],
    ids=["complete", "too long", "other bytes", "other bytes, complete"],
)
def test_whatever_lies_there_the_file_ends_right(serve, tmp_path, part, requests):
    (tmp_path / "file.gz.part").write_bytes(part)
    server = serve(FILE)
    download([server.url], tmp_path / "file.gz", is_right)
    assert server.requests == requests
    assert (tmp_path / "file.gz").read_bytes() == FILE


@pytest.mark.parametrize("wrong", [gzip.compress(b"other", mtime=0), b"<html>", FILE[:-5], b""])
def test_a_wrong_checksum_on_the_first_mirror_leads_to_the_second(serve, tmp_path, wrong):
    first, second = serve(wrong), serve(FILE)
    download([first.url, second.url], tmp_path / "file.gz", is_right)
    assert second.requests == [None]
    assert (tmp_path / "file.gz").read_bytes() == FILE


def test_the_error_lists_each_mirrors_answer(serve, tmp_path, dead_url):
    wrong, absent, damaged = serve(b"other"), serve(FILE, status=404), serve(FILE[:-5])
    mirrors = [wrong.url, absent.url, damaged.url, dead_url, "http://name.invalid/file.gz", "nonsense"]
    with pytest.raises(DataError) as raised:
        download(mirrors, tmp_path / "file.gz", is_right, timeout=5)
    message = str(raised.value)
    for answer in (
        f"{wrong.url}: a file with another checksum",
        f"{absent.url}: HTTP 404 Not Found",
        f"{damaged.url}: a damaged gzip file",
        f"{dead_url}: Connection refused",
        "http://name.invalid/file.gz: ",
        "nonsense: unknown url type",
        "give its folder with --from",
    ):
        assert answer in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_times_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(DataError, match="timed out"):
            download([url], tmp_path / "file.gz", is_right, timeout=0.2)


def test_an_earlier_file_stays_when_nothing_better_comes(serve, tmp_path):
    (tmp_path / "file.gz").write_bytes(b"earlier")
    with pytest.raises(DataError, match="another checksum"):
        download([serve(b"other").url], tmp_path / "file.gz", is_right)
    assert (tmp_path / "file.gz").read_bytes() == b"earlier"


def test_two_downloads_of_one_file_do_not_mix(serve, tmp_path):
    server = serve(FILE)
    with open(tmp_path / "file.gz.part", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another process is downloading"):
            download([server.url], tmp_path / "file.gz", is_right)
    assert server.requests == []


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_published_by_another_process_is_not_touched(serve, tmp_path, monkeypatch, ranges):
    """The other process renames the part after this one has opened it and before this one has locked it."""
    destination, part = tmp_path / "file.gz", tmp_path / "file.gz.part"
    part.write_bytes(FILE)
    os.link(part, tmp_path / "published")
    lock = fcntl.flock

    def late(file, operation):
        if not destination.exists():
            os.replace(part, destination)
        lock(file, operation)

    monkeypatch.setattr("fcntl.flock", late)
    server = serve(FILE, ranges=ranges)
    download([server.url], destination, is_right)
    assert server.requests == [None]  # into a part of its own
    assert destination.read_bytes() == (tmp_path / "published").read_bytes() == FILE
    assert not part.exists()


def test_no_place_to_write(serve, tmp_path):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(DataError, match=r"cannot write .*/folder/file\.gz: "):
        download([serve(FILE).url], tmp_path / "folder" / "file.gz", is_right)


def test_progress_is_shown_on_a_terminal_and_not_of_a_short_download_in_a_log(serve, tmp_path, monkeypatch, capsys):
    download([serve(FILE).url], tmp_path / "one", is_right)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "REDRAWN", 0)
    monkeypatch.setenv("TERM", "xterm")
    download([serve(FILE).url], tmp_path / "two", is_right)
    assert re.search(r"two: 100%  3\.0 of 3\.0 MB  .*/s  0\.0 s left", sys.stderr.getvalue())
    assert capsys.readouterr().out == ""
