"""SVHN's sets against what pylearn2 selected from synthetic labels of the real sizes."""

import hashlib

import numpy as np
import pytest

from datasets.svhn.split import PARTS, file_order

FIRST_ID = {"train": 0, "extra": 1_000_000, "test": 2_000_000}


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


@pytest.fixture(scope="module")
def golden(golden_arrays):
    return golden_arrays("svhn_split")


@pytest.fixture(scope="module")
def labels(golden):
    rng = np.random.RandomState(golden["label_seed"])
    labels = {}
    for name in ("train", "extra", "test"):
        repeated = np.repeat(np.arange(1, 11), golden[f"counts_{name}"])
        labels[name] = rng.permutation(repeated).astype(np.uint8).reshape(-1, 1)
        assert sha256(labels[name]) == golden[f"labels_sha256_{name}"]
    return labels


@pytest.mark.parametrize("which_set", PARTS)
def test_members_and_order_are_pylearn2s(golden, labels, which_set):
    part, place = file_order(which_set, labels)
    first = np.array([FIRST_ID[name] for name in PARTS[which_set]])
    ids = (first[part] + place).astype("<i4")
    y = np.empty(len(ids), "<i4")
    for i, name in enumerate(PARTS[which_set]):
        y[part == i] = labels[name][place[part == i], 0].astype(int) - 1
    assert len(ids) == golden[f"n_{which_set}"]
    assert sha256(np.sort(ids)) == golden[f"ids_sorted_sha256_{which_set}"]
    assert sha256(ids) == golden[f"ids_sha256_{which_set}"]
    assert sha256(y) == golden[f"y_sha256_{which_set}"]
    np.testing.assert_array_equal(np.bincount(y), golden[f"y_counts_{which_set}"])
    if which_set == "valid":
        np.testing.assert_array_equal(ids, golden["ids_valid"])
    else:
        np.testing.assert_array_equal(ids[:500], golden[f"ids_head_{which_set}"])
        np.testing.assert_array_equal(ids[-500:], golden[f"ids_tail_{which_set}"])


def test_valid_and_splitted_train_divide_train_and_extra():
    rng = np.random.RandomState(0)
    per_class = {"train": 7, "extra": 5}
    labels = {name: rng.permutation(np.repeat(np.arange(1, 11), n)) for name, n in per_class.items()}
    found = []
    for which_set, per_class in (("valid", (3, 2)), ("splitted_train", (4, 3))):
        part, place = file_order(which_set, labels, {"train": 3, "extra": 2})
        found += zip(part, place, strict=True)
        for i, name in enumerate(PARTS[which_set]):
            counts = np.bincount(labels[name][place[part == i]], minlength=11)
            np.testing.assert_array_equal(counts[1:], per_class[i])
    assert sorted(found) == [(0, i) for i in range(70)] + [(1, i) for i in range(50)]
