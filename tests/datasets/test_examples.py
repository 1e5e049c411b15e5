"""The examples in the docstrings of the loaders, on stand-ins for the prepared data."""

import doctest
import hashlib
import importlib

import h5py
import numpy as np
import pytest

from datasets.cifar10.source import CIFAR10Source


@pytest.fixture(scope="module")
def cifar10_stand_in(tmp_path_factory):
    """A root folder with a few random pictures in the form of the prepared CIFAR-10."""
    root, rng = tmp_path_factory.mktemp("cifar10"), np.random.RandomState(0)
    source = CIFAR10Source()
    source.path(root).parent.mkdir()
    with h5py.File(source.path(root), "w") as h5:
        h5.attrs.update(name=source.name, format_version=source.format_version, official=False, sources="{}")
        for which_set in ("train", "test"):
            h5[f"{which_set}/X"] = rng.randint(256, size=(100, 3072)).astype(np.uint8)
            h5[f"{which_set}/y"] = rng.randint(10, size=(100, 1)).astype(np.uint8)
            h5[f"whitened/{which_set}"] = rng.randn(100, 3072).astype(np.float32)
        h5["whitening/mean"] = np.zeros(3072, np.float32)
        h5["whitening/P"] = h5["whitening/inv_P"] = np.eye(3072, dtype=np.float32)
        for array in (array for group in h5.values() for array in group.values()):
            array.attrs["sha256"] = hashlib.sha256(array[...]).hexdigest()
    return root


@pytest.mark.parametrize(
    ("module", "root"),
    [
        ("datasets.mnist.loader", "mnist_root"),
        ("datasets.cifar10.loader", "cifar10_stand_in"),
        ("datasets.svhn.loader", "svhn_root"),
    ],
)
def test_the_examples_of_a_loader(module, root, request, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(request.getfixturevalue(root)))
    failed, attempted = doctest.testmod(importlib.import_module(module))
    assert attempted and not failed
