"""Downloading a file from the first of several mirrors that has it, resumably and checked."""

import http.client
import itertools
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

from datasets.errors import DataError, one_line, printable
from datasets.progress import Progress
from datasets.storage.files import BLOCK, locked, publish, writing

TIMEOUT = 30  # seconds without a byte
SLOWEST = 500  # bytes a second
WORTHWHILE = 16_384  # bytes that an attempt must bring for another one
LENGTH = re.compile("[0-9]{1,18}")  # int() fails on much longer ones
LARGEST = 4 << 30  # bytes; the largest published file has 1.3 GB
USER_AGENT = "lab-reproduce (urllib)"


class _MirrorError(Exception):
    """What one mirror answered instead of the file."""


class _Unsatisfiable(Exception):
    """The server has nothing beyond the bytes that are already here."""


def download(mirrors, destination, is_right, timeout=TIMEOUT):
    """Download a file from the first mirror that gives the right one.

    The bytes are collected in ``<destination>.part``. It stays if a transfer breaks off, and the next mirror or
    the next call asks only for the rest (HTTP Range). A progress bar goes to stderr if that is a terminal.

    Parameters
    ----------
    mirrors : sequence of str
        Addresses of the same file, tried in this order.
    destination : path
        It appears only when it is complete and checked. Its folder is made if it is missing.
    is_right : function
        From the path of a downloaded file to whether it is the right one; a DataError says that it is a damaged
        gzip file.
    timeout : float
        Seconds to wait for a mirror's next byte.

    Raises
    ------
    DataError
        No mirror gave the file, or it cannot be written. The message has each mirror's answer.
    """
    destination = Path(destination)
    part = destination.with_name(destination.name + ".part")
    with writing(destination), locked(part, destination, "downloading") as file:
        answers = []
        for url in mirrors:
            try:
                _fetch_checked(url, file, part, is_right, timeout)
            except _MirrorError as error:
                answers.append(f"{url}: {error}")
            else:
                publish(part, destination)
                return
        if not _end(file):
            part.unlink()
    raise DataError(
        f"cannot download {destination.name} ({'; '.join(answers)}); "
        "try again later, or get it elsewhere and give its folder with --from"
    )


def _fetch_checked(url, file, part, is_right, timeout, again=True):
    in_pieces = _end(file) > 0
    in_pieces |= _fetch(url, file, part, timeout)
    problem = _problem(part, is_right)
    if problem is None:
        return
    file.truncate(0)
    if in_pieces and again:
        # The pieces may be of different files, and this mirror's own file, as it is now, the right one.
        _fetch_checked(url, file, part, is_right, timeout, again=False)
        return
    raise _MirrorError(problem)


def _problem(part, is_right):
    try:
        return None if is_right(part) else "a file with another checksum"
    except DataError:
        return "a damaged gzip file"


def _fetch(url, file, part, timeout):
    """Append the rest of the file and return whether that took more than one answer.

    The same mirror is asked again as long as each attempt brings a worthwhile part.
    """
    for attempt in itertools.count():
        start = _end(file)
        try:
            _transfer(url, file, part, timeout)
            return attempt > 0
        except _Unsatisfiable:
            if start == 0:
                raise _MirrorError("an empty file") from None
            file.truncate(0)
        except _MirrorError:
            if _end(file) < start + WORTHWHILE:
                raise


def _transfer(url, file, part, timeout):
    start = _end(file)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    response = _open(url, headers, start, timeout)
    if response is None:
        return
    with response:
        if response.status != http.client.PARTIAL_CONTENT:
            start = 0
            file.truncate(0)
        elif not (response.headers.get("Content-Range") or "").startswith(f"bytes {start}-"):
            file.truncate(0)
            raise _MirrorError("another range than the one asked for")
        length = response.headers.get("Content-Length") or ""
        total = start + int(length) if LENGTH.fullmatch(length) else None
        name = part.name.removesuffix(".part")
        with Progress(name, total, "MB", start, scale=10**6) as bar:
            for block in _blocks(response, timeout):
                file.write(block)
                bar.update(len(block))
                if file.tell() > LARGEST:
                    file.truncate(0)
                    raise _MirrorError(f"a file of more than {LARGEST:,} bytes")
        file.flush()
        if total is not None and _end(file) != total:
            raise _MirrorError(f"the connection broke off after {_end(file)} of {total} bytes")


def _open(url, headers, start, timeout):
    """Return the response, or None if the server confirms that the bytes already here are the whole file."""
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                if error.headers.get("Content-Range") == f"bytes */{start}":
                    return None
                raise _Unsatisfiable from error
            raise _MirrorError(f"HTTP {error.code} {printable(error.reason)}") from error
    except urllib.error.URLError as error:
        reason = error.reason
        raise _MirrorError(one_line(reason) if isinstance(reason, Exception) else printable(reason)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(one_line(error)) from error


def _blocks(response, timeout):
    """Yield what the server sends, as long as it sends more than `SLOWEST` in each `timeout`."""
    since, received = time.monotonic(), 0
    while block := _read(response):
        yield block
        received += len(block)
        if time.monotonic() - since > timeout:
            if received < SLOWEST * timeout:
                raise _MirrorError(f"only {received} bytes in {timeout:g} s")
            since, received = time.monotonic(), 0


def _read(response):
    try:
        return response.read1(BLOCK)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(f"the connection broke off ({one_line(error)})") from error


def _end(file):
    return file.seek(0, 2)
