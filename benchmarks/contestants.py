"""The contestants of the comparison, each in its own process.

A contestant is an object with one method, ``losses(rows)``: train on the minibatches `rows`, int32 row numbers
(count, batch), from where the last call stopped, and return their losses once all work on the device is done.

Separate processes keep thread pools, allocators and compilers apart. Processes that are not at work sleep.
"""

import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec


class Unavailable(Exception):
    """Says in one line why a contestant cannot take part."""


def _ours(problem, device, backend):
    from benchmarks.ours import Ours
    from reproduce.errors import UserError

    if backend == "c" and device == "gpu":
        raise Unavailable("Aesara's C linker runs on the CPU only")
    try:
        return Ours(problem, device, backend)
    except UserError as error:
        raise Unavailable(str(error)) from None


def _plain_jax(problem, device):
    from benchmarks.peers.plain_jax import PlainJax

    return PlainJax(problem, device)


def _pytorch(problem, device, compiles=False):
    if not find_spec("torch"):
        raise Unavailable("PyTorch is not installed here; 'make bench' installs it")
    import torch

    from benchmarks.peers.pytorch import PyTorch

    if device == "gpu" and not torch.cuda.is_available():
        raise Unavailable("this PyTorch finds no GPU")
    return PyTorch(problem, device, compiles)


CONTESTANTS = {
    "c": ("lab", _ours, ("c",)),
    "jax": ("lab", _ours, ("jax",)),
    "plain-jax": ("lab", _plain_jax, ()),
    "pytorch": ("lab", _pytorch, ()),
    "pytorch-compiled": ("lab", _pytorch, (True,)),
    "pytorch-full-precision": ("full-precision", _pytorch, ()),
}
"""By name: the method that the contestant trains with, the function that makes it, and its arguments."""

OURS = ("c", "jax")


def process():
    """An executor of one fresh process."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


class Worker:
    """A contestant in its own process, on a `problem` of the method that it trains with."""

    def __init__(self, name, problem, device):
        self._pool = process()
        try:
            self._pool.submit(_start, name, problem, device).result()
        except BaseException:
            self.close()
            raise

    def losses(self, rows):
        return self._pool.submit(_losses, rows).result()

    def block_seconds(self, rows, block):
        """Median wall time of `block` minibatches, over the blocks in `rows`; the first block warms up."""
        return self._pool.submit(_block_seconds, rows, block).result()

    def close(self):
        self._pool.shutdown()


_contestant = None


def _start(name, problem, device):
    global _contestant
    _, make, arguments = CONTESTANTS[name]
    _contestant = make(problem, device, *arguments)


def _losses(rows):
    return _contestant.losses(rows)


def _block_seconds(rows, block):
    _contestant.losses(rows[:block])
    seconds = []
    for start in range(block, len(rows), block):
        began = time.perf_counter()
        _contestant.losses(rows[start : start + block])
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
