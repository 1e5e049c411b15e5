"""Calling a function in a child process with limits of time and memory, for files that nothing vouches for.

libhdf5 can crash on a damaged file, loop for ever, or take all memory. In a child process that is an error like
another.
"""

import contextlib
import importlib
import json
import os
import resource
import signal
import subprocess
import sys

from datasets.errors import DataError, one_line

MEMORY = 4 << 30  # bytes of address space
SECONDS = 30  # of processor time, and more for large files
BYTES_PER_SECOND = 20_000_000
WALL_CLOCK = 10  # times the processor time: disks may be slow and machines busy
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLOSC_NTHREADS"), "1")


class LimitError(RuntimeError):
    """The function crashed or went beyond a limit."""


def call_limited(function, *arguments, size=0):
    """Return ``function(*arguments)``, called in a child process.

    Parameters
    ----------
    function : function at the top level of a module
    *arguments
        JSON-able, as is what it returns.
    size : int
        Bytes that it reads; they lengthen the time that it may take.

    Raises
    ------
    DataError
        The function raised it, or no process can be started.
    ValueError
        The function raised another error, of which this has the message.
    LimitError
        It crashed, or took more than `MEMORY` or too much time.

    Examples
    --------
    >>> import math
    >>> call_limited(math.hypot, 3, 4)
    5.0
    """
    seconds = SECONDS + size // BYTES_PER_SECOND
    call = [function.__module__, function.__qualname__, arguments, seconds, MEMORY]
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        child = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import _serve; _serve()"],
            input=json.dumps(call).encode(),
            capture_output=True,
            env=environment,
            timeout=WALL_CLOCK * seconds,
            start_new_session=True,  # signals from the terminal are this process's to handle
        )
    except subprocess.TimeoutExpired:
        raise LimitError(f"reading it takes more than {WALL_CLOCK * seconds:g} s") from None
    except OSError as error:
        raise DataError(f"cannot start a process: {one_line(error)}; close other programs") from error
    return _result(child, seconds)


def _result(child, seconds):
    if child.returncode == -signal.SIGXCPU:
        raise LimitError(f"reading it takes more than {seconds} s of processor time")
    if child.returncode < 0:
        raise LimitError(f"reading it ends in {signal.Signals(-child.returncode).name}")
    if child.returncode > 0:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise LimitError(f"reading it fails: {last}")
    answer = json.loads(child.stdout)
    if "result" in answer:
        return answer["result"]
    if answer["kind"] == "memory":
        raise LimitError(f"reading it takes more than {MEMORY / (1 << 30):.2g} GiB of memory")
    raise (DataError if answer["kind"] == "data" else ValueError)(answer["message"])


def _serve():
    """Answer a call in the child process: read it from stdin and write the result, or the error, to stdout."""
    module, name, arguments, seconds, memory = json.load(sys.stdin)
    for kind, limit in (("CORE", 0), ("CPU", seconds), ("AS", memory)):
        with contextlib.suppress(ValueError):  # a lower one is in force
            kind = getattr(resource, f"RLIMIT_{kind}")
            resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
    try:
        answer = {"result": getattr(importlib.import_module(module), name)(*arguments)}
    except MemoryError:
        answer = {"kind": "memory"}
    except DataError as error:
        answer = {"kind": "data", "message": str(error)}
    except Exception as error:
        answer = {"kind": "other", "message": one_line(error)}
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # libhdf5 may hang while it closes a damaged file
