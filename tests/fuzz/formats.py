"""What the program reads from outside: a valid small file of each format, and how the program reads it."""

import contextlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from unittest import mock

import h5py
import numpy as np
import safetensors.numpy
import scipy.io

from datasets.cifar10.source import BATCHES, FOLDER, CIFAR10Source
from datasets.mnist.idx import IMAGES, LABELS, read_idx
from datasets.storage.checksum import USER_BLOCK
from datasets.storage.files import checksums
from datasets.storage.prepared import HDF5Source
from datasets.storage.source_files import SourceFile
from datasets.svhn.h5 import FEATURES, h5_path, read_h5
from datasets.svhn.mat import check_mat, read_labels, read_pictures
from datasets.text import CharacterCorpus
from reproduce import cli, experiments, inference
from reproduce.errors import UserError
from reproduce.inference import packed
from reproduce.runs import checkpoints
from tests.fuzz import run_folders
from tests.fuzz.mutations import mutate, mutate_compressed
from tests.idx_bytes import idx_bytes


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    name : str
    file : str
        Where the file lies below a folder.
    write : function
        Writes a valid file, and others that it needs, below a folder, and may return further valid contents.
    read : function
        Reads what lies below a folder as the program does, and returns what was read.
    mutate : function
        Damages a content; see `mutations.mutate`.
    same : bool
        Whether a damaged file must be refused unless its content is the undamaged one's.
    fast : bool
        Whether no process is started and no page is drawn to read a file.
    """

    name: str
    file: str
    write: Callable
    read: Callable
    mutate: Callable = mutate
    same: bool = False
    fast: bool = True

    def __str__(self):
        return self.name


def _idx(ndim):
    file = "train-idx"

    def write(folder):
        shape = (3, 4, 5)[:ndim]
        (folder / file).write_bytes(idx_bytes(np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)))

    name = {IMAGES: "IDX, images", LABELS: "IDX, labels"}[ndim]
    return Format(name, file, write, lambda folder: read_idx(folder / file, ndim), mutate_compressed)


SMALL = CIFAR10Source(pictures_per_batch=4, side=2)
ARCHIVE = SMALL.files[0].name


def _records(seed):
    rng = np.random.RandomState(seed)
    labels, pixels = rng.randint(10, size=(4, 1)), rng.randint(256, size=(4, 12))
    return np.hstack([labels, pixels]).astype(np.uint8).tobytes()


def _write_batch(folder):
    (folder / BATCHES[0].name).write_bytes(_records(0))


def _write_archive(folder):
    with tarfile.open(folder / ARCHIVE, "w", format=tarfile.PAX_FORMAT) as archive:
        for i, file in enumerate(BATCHES):
            info = tarfile.TarInfo(f"{FOLDER}/{file.name}")
            info.size, info.pax_headers = len(_records(i)), {"comment": "ä" * i}
            archive.addfile(info, io.BytesIO(_records(i)))
        info = tarfile.TarInfo("a/" * 80 + "readme")
        archive.addfile(info)


def _mutate_archive(content, rng):
    """Damages, and headers whose checksum holds all the same."""

    def mutate_tar(content, rng):
        content = bytearray(mutate(content, rng))
        for start in range(0, len(content) - 511, 512):
            if rng.random() < 0.9 and content[start + 257 : start + 262] == b"ustar":
                content[start + 148 : start + 156] = b" " * 8
                content[start + 148 : start + 156] = b"%06o\0 " % sum(content[start : start + 512])
        return bytes(content)

    return mutate_compressed(content, rng, mutate_tar)


def _write_mat(compressed):
    def write(folder):
        rng = np.random.RandomState(0)
        arrays = {
            "X": rng.randint(256, size=(32, 32, 3, 2)).astype(np.uint8) // 64,
            "y": np.array([[10], [3]], np.uint8),
        }
        scipy.io.savemat(folder / "train_32x32.mat", arrays, do_compression=compressed)

    return write


def _read_mat(folder):
    path = folder / "train_32x32.mat"
    check_mat(path, 2)
    return read_labels(path, 2), read_pictures(path, 2)(slice(0, 2))


def _write_text(folder):
    (folder / "text.txt").write_text("To be, or not to be, thät is the question.\n" * 3, encoding="utf-8")


def _read_text(folder):
    corpus = CharacterCorpus.from_file(folder / "text.txt")
    return corpus.vocabulary, corpus.indices


class Prepared(HDF5Source):
    """Two small arrays, prepared from a text."""

    name = "fuzz"
    description = ""
    location = "fuzz.h5"
    format_version = 1
    prepared_bytes = 1000

    def __init__(self, text):
        self.files = (SourceFile(text.name, checksums(text)["sha256"]),)

    def check_source(self, name, path):
        pass

    def write(self, h5, paths):
        h5.create_dataset("train/X", data=np.arange(600, dtype=np.uint8).reshape(60, 10), chunks=(20, 10),
                          compression="gzip", fletcher32=True)  # fmt: skip
        h5["test/y"] = np.arange(7, dtype=np.int32)


def _write_prepared(folder):
    _write_text(folder)
    Prepared(folder / "text.txt").prepare(folder, folder)


def _write_unsealed(folder):
    """A prepared file as earlier versions wrote it, without a checksum of its bytes."""
    _write_prepared(folder)
    _without_user_block(folder / Prepared.location)


def _without_user_block(path):
    path.write_bytes(path.read_bytes()[USER_BLOCK:])


def _read_prepared(folder):
    return Prepared(folder / "text.txt").read(folder, "train/X", "test/y")


def _write_pylearn2s(folder):
    path = h5_path(folder, "valid")
    path.parent.mkdir()
    rng = np.random.RandomState(0)
    with h5py.File(path, "w") as h5:
        h5.create_dataset("Data/X", data=np.zeros((20, FEATURES), "f4"), chunks=(5, FEATURES), compression="gzip")
        h5.create_dataset("Data/y", data=rng.randint(10, size=(20, 1)), chunks=(20, 1))


def _write_checkpoint(folder):
    rng = np.random.RandomState(0)
    arrays = {"dense1.W": rng.randn(5, 4).astype("f4"), "dense1.W.m": np.zeros((5, 4), "f4"), "count": np.float32(3)}
    header = {"progress": {"epoch": 1}, "generator": checkpoints.pack_generator(rng)}
    checkpoints.save(folder / "checkpoint.h5", header, arrays=arrays, best={"dense1.W": arrays["dense1.W"]})


def _write_old_checkpoint(folder):
    _write_checkpoint(folder)
    _without_user_block(folder / "checkpoint.h5")


def _read_checkpoint(folder):
    return checkpoints.load(folder / "checkpoint.h5")


MODEL = "model.safetensors"


def _write_model(folder):
    layers = [{"kind": "dense", "name": "a"}, {"kind": "sign"}, {"kind": "dense", "name": "b"}]
    alpha = np.float32(0.5).reshape(())
    tensors = {"a.W.bits": np.arange(8, dtype="u1").reshape(4, 2), "a.W.alpha": alpha,
               "b.W.bits": np.arange(3, dtype="u1").reshape(3, 1), "b.W.alpha": alpha}  # fmt: skip
    network = {"shape": [1, 3, 4], "layers": layers}
    (folder / MODEL).write_bytes(packed.encode(tensors, network=network, record={"seed": 1}, vocabulary=None))


def _mutate_model(content, rng):
    """Damages, and metadata whose checksum holds all the same."""
    if rng.random() < 0.3:
        return mutate(content, rng)
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    metadata = header["__metadata__"]
    name = rng.choice(["network", "record", "vocabulary"])
    metadata[name] = mutate(metadata[name].encode(), rng).decode("utf-8", "replace")
    del metadata["sha256"]
    metadata["sha256"] = packed.checksum(safetensors.numpy.load(content), metadata)
    header = json.dumps(header).encode()
    return len(header).to_bytes(8, "little") + header + content[end:]


def _read_model(folder):
    model = inference.load(folder / MODEL)
    return model.outputs, model.shape


def _write_configuration(folder):
    (folder / "mnist.toml").write_bytes((experiments.CONFIGS / "mnist.toml").read_bytes())


def _read_configuration(folder):
    with mock.patch.object(experiments, "CONFIGS", folder):
        experiments.schema.cache_clear()
        try:
            return experiments.resolve("mnist", "lab").settings
        finally:
            experiments.schema.cache_clear()


def _write_overrides(folder):
    lines = (
        "training.epochs=2", "method.variant=repository", "training.learning_rate=0.01", "data.train=[0, 100]",
        "data.center=true", 'method.activation_scale="mean_abs"', "network.units=1_000",
    )  # fmt: skip
    (folder / "set").write_text(lines[0])
    return [line.encode() for line in lines]


def _read_overrides(folder):
    overrides = experiments.parse_overrides([_word((folder / "set").read_bytes())])
    return experiments.resolve("mnist", "lab", overrides).folder


def _word(content):
    """A word of the command line, as Python gets it from the system."""
    return content.replace(b"\0", b"").decode("utf-8", "surrogateescape")


COMMANDS = (
    "run mnist --method lab --seed 3 --set training.epochs=2 --epochs 2 --data no --runs runs --minutes 3",
    "run svhn --method lab --backend jax --device cpu --data no --checkpoint-minutes 0.5 --restart --allow-unofficial",
    "run war_and_peace --method bwn --set network.steps=10 --set data.file=absent.txt --runs runs",
    "trace cifar10 --method binaryconnect --steps 3 --out trace.json --data no",
    "sample no --prompt To --temperature 0.5 --length 10 --seed 5",
    "evaluate no --backend jax --device cpu --data no --json",
    "export no --out model.safetensors",
    "report --runs empty --out report",
    "cells --runs empty",
    "data list --data no",
    "data verify mnist --data no",
    "theano absent.py --python 2",
)


def _write_commands(folder):
    contents = [command.replace(" ", "\0").encode() for command in COMMANDS]
    (folder / "command").write_bytes(contents[0])
    (folder / "empty").mkdir()
    return contents


def _mutate_command(content, rng):
    """Damages and, now and then, a word of another command."""
    words = content.split(b"\0")
    if rng.random() < 0.5:
        other = rng.choice(COMMANDS).encode().split()
        words[rng.randrange(len(words))] = rng.choice(other)
    if rng.random() < 0.3:
        return b"\0".join(words)
    place = rng.randrange(len(words))
    if words[place]:
        words[place] = mutate(words[place], rng)
    return b"\0".join(words)


def _read_command(folder):
    """Raises the line that the command ends with; the command may neither train nor fetch anything."""
    words = [_word(word) for word in (folder / "command").read_bytes().split(b"\0")]
    if {"digits", "doctor", "prepare", "synthetic"} & set(words):
        return "not run"
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main(words)
        except SystemExit as stopped:  # --help
            code = stopped.code
    lines = err.getvalue().splitlines()
    if code == 2 and len(lines) == 1 and lines[0].startswith("error: "):
        raise UserError(lines[0])
    if code or lines:
        raise RuntimeError(f"exit code {code}, {lines}")
    return out.getvalue()


def _run_file(name, read, **options):
    return Format(name, f"{run_folders.FOLDER}/{name}", run_folders.write, read, **options)


def _drawn(name):
    return replace(_run_file(name, run_folders.report_on, fast=False), name=f"{name}, in a report")


RUN_FILES = "record.json", "log.csv", "histogram.json", "test_losses.json", "figure1.json"

FORMATS = (
    _idx(IMAGES),
    _idx(LABELS),
    Format("CIFAR-10, .bin", BATCHES[0].name, _write_batch,
           lambda folder: SMALL.check_source(BATCHES[0].name, folder / BATCHES[0].name), mutate_compressed),
    Format("CIFAR-10, archive", ARCHIVE, _write_archive,
           lambda folder: SMALL.check_source(ARCHIVE, folder / ARCHIVE), _mutate_archive),
    Format("SVHN, .mat", "train_32x32.mat", _write_mat(False), _read_mat, mutate_compressed),
    Format("SVHN, .mat, compressed inside", "train_32x32.mat", _write_mat(True), _read_mat),
    Format("text", "text.txt", _write_text, _read_text, mutate_compressed),
    Format("prepared .h5", Prepared.location, _write_prepared, _read_prepared, same=True),
    Format("prepared .h5 without checksum", Prepared.location, _write_unsealed, _read_prepared, same=True, fast=False),
    Format("pylearn2's .h5", "h5/valid_32x32.h5", _write_pylearn2s,
           lambda folder: read_h5(h5_path(folder, "valid")), fast=False),
    Format("checkpoint.h5", "checkpoint.h5", _write_checkpoint, _read_checkpoint, same=True),
    Format("checkpoint.h5 without checksum", "checkpoint.h5", _write_old_checkpoint, _read_checkpoint, fast=False),
    _run_file("best.h5", run_folders.model, same=True),
    Format("exported model", MODEL, _write_model, lambda folder: packed.read(folder / MODEL), same=True),
    Format("exported model, sealed", MODEL, _write_model, _read_model, _mutate_model),
    Format("configuration, .toml", "mnist.toml", _write_configuration, _read_configuration),
    Format("--set KEY=VALUE", "set", _write_overrides, _read_overrides),
    Format("command line", "command", _write_commands, _read_command, _mutate_command, fast=False),
    *(_run_file(name, run_folders.read) for name in RUN_FILES),
    *(_drawn(name) for name in RUN_FILES),
)  # fmt: skip
