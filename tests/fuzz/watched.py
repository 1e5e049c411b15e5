"""Reads damaged files in a process of its own and watches what that does: its outcome, time, memory and writes."""

import contextlib
import os
import random
import resource
import sys
import time
import traceback
import tracemalloc
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import DataError, one_line
from datasets.storage import limits
from reproduce.errors import UserError
from tests.fuzz.formats import FORMATS

MEMORY = 2 << 30  # bytes of address space beyond what the process has at its beginning
SECONDS_OF_CHILD = 3  # what libhdf5 may take for a small file in a process of the program's own
OF_CODE = "pickle.find_class", "os.system", "socket.connect"
"""Events of the interpreter that reading a file may never lead to."""


@dataclass(frozen=True)
class Reading:
    """What came of reading one file.

    Attributes
    ----------
    outcome : str
        ``"read"``, ``"refused"``, or what is wrong.
    detail : str
        The line with which it was refused, or the traceback.
    seconds : float
    peak : int
        Bytes allocated at a time.
    """

    outcome: str
    detail: str
    seconds: float
    peak: int


def damaged(form, contents, seed, number):
    """The `number`-th damaged file of a format, made from one of its valid `contents`."""
    rng = random.Random(f"{seed} {form} {number}")
    return form.mutate(rng.choice(contents), rng)


def serve(sender, folder, form_number, seed, first, seconds):
    """Read the damaged files of a format from the one numbered `first` on, below the empty `folder`.

    Sends True when the undamaged file has been read, then a `Reading` of each, and None when the `seconds` are over.
    """
    form, folder = FORMATS[form_number], Path(folder)
    os.chdir(folder)
    warnings.simplefilter("ignore")
    limits.SECONDS = SECONDS_OF_CHILD
    contents = prepare(form, folder)
    for content in contents:  # what is imported to read it does not count
        put(folder / form.file, content, -1)
        with contextlib.suppress(UserError):
            whole = digest(form.read(folder))
    events = _watch_writes(folder)
    _limit_memory()
    tracemalloc.start()
    sender.send(True)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        content = damaged(form, contents, seed, first)
        put(folder / form.file, content, first)
        sender.send(read(form, folder, whole if form.same else None, events))
        first += 1
    sender.send(None)


def prepare(form, folder):
    """Write a valid file of a format below `folder` and return all its valid contents."""
    more = form.write(folder)
    return more or [(folder / form.file).read_bytes()]


def put(path, content, number):
    """Write the `number`-th content of the file at `path`."""
    path.write_bytes(content)
    # Files written within a few milliseconds would have the same time of change.
    os.utime(path, ns=(number + 1, number + 1))


def read(form, folder, whole, events=()):
    """A `Reading` of the file of a format below `folder`; `whole` is the digest of an undamaged one."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak of the resident memory starts anew
    before = _status("VmRSS")
    if tracemalloc.is_tracing():
        tracemalloc.reset_peak()
    traced, _ = tracemalloc.get_traced_memory()
    began = time.monotonic()
    outcome, detail = _outcome(form, folder, whole)
    seconds = time.monotonic() - began
    peak = max(_status("VmHWM") - before, tracemalloc.get_traced_memory()[1] - traced)
    if events:
        outcome, detail = "did what it may not", "; ".join(events)
        events.clear()
    return Reading(outcome, detail, seconds, peak)


def _outcome(form, folder, whole):
    try:
        found = form.read(folder)
    except (DataError, UserError) as error:
        message = str(error) if isinstance(error, DataError) else one_line(error)  # as the command line prints it
        return ("refused" if message.strip() and "\n" not in message else "refused in more than a line"), message
    except BaseException:
        return "another error", traceback.format_exc()
    if whole is not None and digest(found) != whole:
        return "read something else", ""
    return "read", ""


def digest(value):
    """A text that is the same for the same content of arrays, lists and dicts."""
    if isinstance(value, dict):
        return str(sorted((repr(key), digest(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return str([digest(item) for item in value])
    return repr((value.dtype, value.shape, value.tobytes())) if isinstance(value, np.ndarray) else repr(value)


def _status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])
    raise KeyError(key)


def _limit_memory():
    most = _status("VmSize") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _watch_writes(folder):
    """Return a list to which is added, from now on, what is written outside `folder`, and what runs foreign code."""
    events = []

    def is_inside(path):
        path = os.path.abspath(os.fsdecode(path))
        return path.startswith(f"{folder}{os.sep}") or path == str(folder) or path.startswith(("/dev/", "/proc/"))

    def hook(event, arguments):
        if event in OF_CODE:
            events.append(f"{event}: {arguments}")
        elif event == "open":
            path, _, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            if writes and not isinstance(path, int) and not is_inside(path):
                events.append(f"writes {path}")
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink", "os.truncate"):
            paths = [part for part in arguments[:2] if isinstance(part, str | bytes | os.PathLike)]
            if not all(map(is_inside, paths)):
                events.append(f"{event} {paths}")

    sys.dont_write_bytecode = True
    sys.addaudithook(hook)
    return events
