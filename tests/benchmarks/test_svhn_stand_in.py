"""The stand-in for SVHN as our reader sees it."""

import importlib.util
from pathlib import Path

import numpy as np

from datasets.svhn.mat import read_labels, read_pictures
from datasets.svhn.source import NUM_EXAMPLES

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "svhn_stand_in.py"
spec = importlib.util.spec_from_file_location("svhn_stand_in", SCRIPT)
svhn_stand_in = importlib.util.module_from_spec(spec)
spec.loader.exec_module(svhn_stand_in)


def test_it_has_svhns_sizes():
    assert {part: sum(counts) for part, counts in svhn_stand_in.COUNTS.items()} == NUM_EXAMPLES


def test_its_files_are_read_as_svhns(tmp_path, monkeypatch):
    monkeypatch.setattr(svhn_stand_in, "BLOCK", 20)
    counts = tuple(range(1, 11))
    path = tmp_path / "train_32x32.mat"
    svhn_stand_in.write(path, counts, np.random.default_rng(0))
    assert tuple(np.bincount(read_labels(path, 55).ravel())[1:]) == counts
    pictures = read_pictures(path, 55)(slice(None))
    assert pictures.shape == (55, 3072) and len(np.unique(pictures, axis=0)) == 55
    # MATLAB has a picture's columns first, so eight of them, from the top down, are one patch of the pattern.
    assert np.ptp(pictures.reshape(55, 3, 4, 8, 4, 8).astype(int), axis=(3, 5)).max() <= 4 * 15
