"""Tiny forms of the three kinds of network, as command lines of real runs."""

import itertools
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(__file__).with_name("site")
TEXT = "text.txt"

NETWORKS = {
    "mlp": ("digits", {"network.units": 8, "network.hidden_layers": 1, "training.epochs": 10}),
    "cnn": ("svhn", {"data.source": "synthetic", "network.filters": 2, "network.units": 8, "training.epochs": 5}),
    "lstm": (
        "linux_kernel",
        {
            "data.file": TEXT, "network.units": 8, "network.steps": 5, "training.batch_size": 4, "training.epochs": 6,
            "figure1.record": "true", "figure1.epoch": 2,
        },
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A network of one `kind`, on a `backend`, whose data are read as it trains where `streaming`."""

    kind: str
    backend: str
    streaming: bool

    def __str__(self):
        return f"{self.kind} {self.backend} {'streaming' if self.streaming else 'resident'}"

    def command(self, runs, *options):
        """The command of a run below the folder `runs`; its current folder must hold `TEXT`."""
        name, settings = NETWORKS[self.kind]
        if self.streaming:
            settings = settings | {"data.resident_limit": 1}
        chosen = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        fixed = ["--method", "lab", "--backend", self.backend, "--device", "cpu", "--runs", str(runs)]
        return [sys.executable, "-m", "reproduce", "run", name, *fixed, *chosen, *options]


FORMS = [Form(*form) for form in itertools.product(NETWORKS, ("jax", "c"), (False, True))]


def environment(folder):
    """The environment in which the command is this checkout's, wherever it runs, and tells what it is doing if asked.

    JAX keeps what it compiles below `folder`, so that a process that goes on with a run starts within seconds.
    """
    cache = {
        "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    # Without notes on where each variable was made, graphs are rewritten in four fifths of the time.
    flags = ",".join(filter(None, [os.environ.get("AESARA_FLAGS"), "traceback__limit=0"]))
    return os.environ | cache | {"AESARA_FLAGS": flags, "PYTHONPATH": os.pathsep.join([str(ROOT), str(SITE)])}


def write_text(folder):
    """Write the text that the language models learn."""
    words = "the", "of", "and", "to", "in", "loss", "weight", "binary", "curvature", "minimum"
    text = random.Random(0).choices(words, k=150)
    (folder / TEXT).write_text(" ".join(text), encoding="utf-8")
