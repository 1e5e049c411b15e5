"""Damages files at random places and looks whether whoever reads them notices.

A damaged file is noticed where reading it ends in one line that names it. It is harmless where what was read is what
was written. Everything else is wrong: other content, a crash, a traceback, a hang.
"""

import hashlib
import multiprocessing
import shutil
import tempfile
from pathlib import Path

from datasets.errors import DataError
from datasets.text.source import WarAndPeace
from reproduce import experiments, splits
from reproduce.errors import UserError
from reproduce.runs import checkpoints

SAVED = "checkpoint.h5", "checkpoint.previous.h5", "best.h5"
SECONDS_TO_READ = 60
PROCESSES = multiprocessing.get_context("forkserver")  # of which one for each file costs little
PROCESSES.set_forkserver_preload([__name__])


def damage(path, rng):
    """Truncate the file at `path`, or change one bit, one byte or 4,096 bytes; returns what was done."""
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    kind = rng.choice(["truncated", "bit", "byte", "block"])
    if kind == "truncated":
        del data[place:]
    elif kind == "bit":
        data[place] ^= 1 << rng.randrange(8)
    else:
        for i in range(place, min(place + (1 if kind == "byte" else 4096), len(data))):
            data[i] ^= rng.randrange(1, 256)
    path.write_bytes(data)
    return f"{path.name}: {kind} at {place}"


def is_whole(path):
    """Whether there is a file at `path` that `checkpoints` reads."""
    try:
        checkpoints.load(path)
    except (FileNotFoundError, checkpoints.DamagedError):
        return False
    return True


def outcome(read, path):
    """``(kind, detail)`` of calling ``read()``, which reads the file at `path` and returns a digest."""
    try:
        return "read", read()
    except (DataError, UserError) as error:
        message = str(error)
        return ("noticed" if str(path) in message and "\n" not in message else "not named in a line"), message


def judge(figures, kind, detail, whole, title, done):
    """Count one damaged file in `figures`; `whole` is the digest of the undamaged one."""
    harmless = (kind, detail) == ("read", whole)
    figures.count(f"{title}: damaged")
    figures.count(f"{title}: noticed", kind == "noticed")
    figures.count(f"{title}: same content, harmless", harmless)
    what = "other content was read" if kind == "read" else f"{kind}: {detail}"
    figures.expect(kind == "noticed" or harmless, f"{title}: {done}: {what}")


def damage_checkpoints(figures, folder, rng, times):
    """Damage copies of the checkpoints and the best model of the run in `folder`, which was killed.

    The damaged last checkpoint must be replaced by the one before.
    """
    names = [name for name in SAVED if is_whole(folder / name)]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        last, previous = scratch / "checkpoint.h5", scratch / "checkpoint.previous.h5"
        for _ in range(times):
            for name in names:
                shutil.copy(folder / name, scratch / name)
            name = rng.choice(names)
            path, whole = scratch / name, _content(checkpoints.load(scratch / name))
            done = damage(path, rng)
            kind, detail = outcome(lambda path=path: _content(checkpoints.load(path)), path)
            judge(figures, kind, detail, whole, name, done)
            if name == "checkpoint.h5" and kind == "noticed":
                before = _content(checkpoints.load(previous))
                header, groups, said = checkpoints.load_last(last, previous)
                used = said == f"{detail}; continues from the previous one" and _content((header, groups)) == before
                figures.expect(used, f"{done}: the checkpoint before was not used")


def damage_prepared(figures, rng, times):
    """Damage a prepared text and read it as a run does, in a process of its own that may crash or hang."""
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        source = WarAndPeace()
        characters = bytes(range(32, 32 + source.vocabulary_size))
        repeated = bytes(rng.choices(characters, k=2000)) + characters
        text = (repeated * (source.characters // len(repeated) + 1))[: source.characters]
        (published,) = source.files
        (root / published.name).write_bytes(text)
        source.prepare(root, root, allow_unofficial=True)
        path = source.path(root)
        prepared = path.read_bytes()
        whole = _text(root)
        for _ in range(times):
            if figures.closed:
                return
            path.write_bytes(prepared)
            done = damage(path, rng)
            judge(figures, *_outcome_in_a_child(root, path), whole, "prepared file", done)


def _outcome_in_a_child(root, path):
    receiver, sender = PROCESSES.Pipe(duplex=False)
    child = PROCESSES.Process(target=_send_outcome, args=(sender, root, path))
    child.start()
    sender.close()
    try:
        if receiver.poll(SECONDS_TO_READ):
            return receiver.recv()
        return "hang", f"{SECONDS_TO_READ} s"
    except EOFError:
        child.join()
        return "crash", f"exit code {child.exitcode}"
    finally:
        child.kill()
        child.join()


def _send_outcome(sender, root, path):
    sender.send(outcome(lambda: _text(root), path))


def _text(root):
    """A digest of all that a run takes from the prepared text."""
    found = splits.load(experiments.resolve("war_and_peace", "lab"), root, allow_unofficial=True)
    return _digest(found.vocabulary, found.provenance, *found.train, *found.valid, *found.test)


def _content(loaded):
    """A digest of what `checkpoints.load` returned."""
    header, groups = loaded
    arrays = [(group, name, array) for group, named in groups.items() for name, array in named.items()]
    return _digest(header, *(part for name in arrays for part in name))


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.tobytes() if hasattr(part, "tobytes") else repr(part).encode())
    return digest.hexdigest()
