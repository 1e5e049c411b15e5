"""What a run was made with: versions, commit, device."""

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("numpy", "scipy", "aesara", "lasagne", "h5py", "jax", "jaxlib")
OPTIONAL = ("onednn-cpu-gomp", "onednn-devel-cpu-gomp")
"""The c backend computes convolutions by them where both are installed, which changes the last digits."""


def software():
    """Versions by name, with the checkout's ``commit`` (None outside one) and whether it was ``dirty``.

    Changed results do not count: they are what the program wrote, and no part of it. Files that ``git archive``
    exported name their commit, but nothing tells whether they were changed: ``dirty`` is None.
    """
    versions = {"python": platform.python_version()}
    for package in ("lab-reproduce", *PACKAGES, *OPTIONAL):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return versions | {"commit": _exported_commit(), "dirty": None}
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)results")
    return versions | {"commit": commit, "dirty": bool(changes)}


def processor():
    """The CPU's name and the threads this process may use."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{name}, {threads()} threads"


def device(backend):
    """The device that a `backend` computes on."""
    return processor() if backend.device == "cpu" else backend.device


def threads():
    """Threads that the linear algebra may use."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else len(os.sched_getaffinity(0))


def difference(earlier, now):
    """One line on how a process differs from the one before; None if it does not.

    Parameters
    ----------
    earlier, now : dict
        ``device`` and ``software`` of each, as a record lists them.
    """
    changes = [f"{name} {earlier['software'].get(name)} → {value}" for name, value in now["software"].items()
               if earlier["software"].get(name) != value]  # fmt: skip
    if earlier["device"] != now["device"]:
        changes.append(f"{earlier['device']} → {now['device']}")
    return f"continues under other conditions, which the record lists: {'; '.join(changes)}" if changes else None


def _exported_commit():
    """The commit whose files these are, if ``git archive`` exported them; it fills in the file's placeholder."""
    try:
        node = (CHECKOUT / ".git-archival.txt").read_text(encoding="utf-8").removeprefix("node: ").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return node if re.fullmatch("[0-9a-f]{40}", node) else None


def _git(*arguments):
    if not (CHECKOUT / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "-C", CHECKOUT, *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
