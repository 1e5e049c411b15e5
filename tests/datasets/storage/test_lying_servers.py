"""Downloads from servers that lie about lengths, lead elsewhere, change their file, or dawdle."""

import contextlib
import gzip
import socket
import threading
import time

import numpy as np
import pytest

from datasets.errors import DataError
from datasets.storage import download as downloads
from datasets.storage.download import download
from datasets.storage.files import read_content

CONTENT = np.random.RandomState(0).bytes(200_000)
FILE = gzip.compress(CONTENT, mtime=0)
OTHER = gzip.compress(np.random.RandomState(1).bytes(200_000), mtime=0)


def is_right(path):
    return read_content(path) == CONTENT


@pytest.fixture
def serve():
    """A function from what a server does with each connection, in turn, to its address; the last is repeated."""
    with contextlib.ExitStack() as stack:

        def start(*answers):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(0.02)
            stopped = threading.Event()

            def run():
                count = 0
                while not stopped.is_set():
                    with contextlib.suppress(TimeoutError, OSError):
                        connection, _ = listener.accept()
                        with connection:
                            answer = answers[min(count, len(answers) - 1)]
                            count += 1
                            answer(connection, connection.recv(65536).decode())

            thread = threading.Thread(target=run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(stopped.set)
            return f"http://127.0.0.1:{listener.getsockname()[1]}/file.gz"

        yield start


def says(head, *bodies, pause=0.0):
    """An answer of a status line and headers, and parts of a body with a pause before each."""

    def answer(connection, request):
        connection.sendall(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        for body in bodies:
            time.sleep(pause)
            connection.sendall(body)

    return answer


def rest_of(file):
    """An answer with the bytes of `file` that are asked for."""

    def answer(connection, request):
        start = int(request.partition("bytes=")[2].partition("-")[0] or 0)
        head = f"206 Partial Content\r\nContent-Range: bytes {start}-{len(file) - 1}/{len(file)}" if start else "200 OK"
        says(f"{head}\r\nContent-Length: {len(file) - start}", file[start:])(connection, request)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        says("200 OK\r\nContent-Length: 1000", FILE),
        says("200 OK\r\nContent-Length: 99999999999999", FILE[:1000]),
        says("200 OK\r\nTransfer-Encoding: chunked", b"fffffff\r\n", FILE[:1000]),
        says("200 OK\r\nTransfer-Encoding: chunked", b"-5\r\n", FILE[:1000]),
        says("200 OK\r\nTransfer-Encoding: chunked", b"many\r\n", FILE[:1000]),
        says("200 OK\r\nContent-Type: text/html", b"<html>" + b"<p>Please log in</p>" * 2000),
        says("200 \x1b[31m\r\nContent-Encoding: br", b"\x1b[31m"),
        says("206 Partial Content\r\nContent-Range: bytes 7-9/10", b"789"),
        says("302 Found\r\nLocation: file:///etc/passwd"),
        says("302 Found\r\nLocation: http://[no"),
        says("301 Moved\r\nLocation: /file.gz"),
        says("200 OK" + "\r\nA: b" * 200),
        says("200 OK\r\nA: " + "b" * 70_000),
        says("404 \x1b[31mNot\x07 here"),
        lambda connection, request: connection.sendall(b"\x00\xff" * 100),
        lambda connection, request: None,
    ],
)
def test_whatever_a_server_says_the_next_one_is_asked(serve, tmp_path, answer):
    """And what is said of it is one line, from which nothing is left on the disk."""
    url, destination = serve(answer), tmp_path / "file.gz"
    with pytest.raises(DataError, match=r"cannot download file\.gz \(http://.*: .*\); try again later") as raised:
        download([url], destination, is_right, timeout=5)
    assert str(raised.value).isprintable() and not destination.exists()
    download([url, serve(rest_of(FILE))], destination, is_right, timeout=5)
    assert destination.read_bytes() == FILE and [path.name for path in tmp_path.iterdir()] == ["file.gz"]


@pytest.mark.parametrize("length", ["-5", "many", "", "7\r\nContent-Length: 8", "1e3", "9" * 5000])
def test_a_length_that_is_none_does_not_matter(serve, tmp_path, length):
    download([serve(says(f"200 OK\r\nContent-Length: {length}", FILE)), serve(rest_of(FILE))], tmp_path / "f", is_right)
    assert (tmp_path / "f").read_bytes() == FILE


def test_a_file_that_changes_between_two_ranges_is_fetched_anew(serve, tmp_path):
    broken = says(f"200 OK\r\nContent-Length: {len(OTHER)}", OTHER[:50_000])
    download([serve(broken, rest_of(FILE))], tmp_path / "f", is_right)
    assert (tmp_path / "f").read_bytes() == FILE
    broken = says(f"200 OK\r\nContent-Length: {len(FILE)}", FILE[:50_000])
    with pytest.raises(DataError, match="a file with another checksum"):
        download([serve(broken, rest_of(OTHER))], tmp_path / "g", is_right)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_server_that_dawdles_is_left(serve, tmp_path):
    url = serve(says("200 OK", *[b"x"] * 100, pause=0.05))
    began = time.monotonic()
    with pytest.raises(DataError, match=r"only \d+ bytes in 0\.3 s"):
        download([url], tmp_path / "f", is_right, timeout=0.3)
    assert time.monotonic() - began < 4


def test_a_server_that_gives_little_at_a_time_is_not_asked_for_ever(serve, tmp_path):
    asked = []

    def answer(connection, request):
        asked.append(request)
        says("200 OK\r\nContent-Length: 200000", FILE[:10])(connection, request)

    with pytest.raises(DataError, match="broke off after 10 of 200000 bytes"):
        download([serve(answer)], tmp_path / "f", is_right)
    assert len(asked) == 1


def test_a_file_without_end_is_refused(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "LARGEST", 100_000)
    with pytest.raises(DataError, match="a file of more than 100,000 bytes"):
        download([serve(says("200 OK", *[bytes(20_000)] * 50))], tmp_path / "f", is_right)
    assert list(tmp_path.iterdir()) == []
