"""The data sets by name."""

import subprocess
import sys

import pytest

from datasets import catalog
from datasets.errors import DataError


def test_entries_have_what_a_list_shows(tmp_path):
    pictures, texts = {"digits", "mnist", "cifar10", "svhn", "svhn_lcn_all"}, {"war_and_peace", "linux_kernel"}
    assert pictures | texts <= set(catalog.DATA_SETS)
    for name, entry in catalog.DATA_SETS.items():
        assert catalog.get(name) is entry
        assert entry.name == name
        assert entry.description
        assert isinstance(entry.state(tmp_path), str)
    assert catalog.get("mnist").state(tmp_path) == "not prepared"


def test_an_unknown_name_gets_the_nearest(tmp_path):
    with pytest.raises(DataError, match=r"unknown data set 'minst' \(did you mean 'mnist'\?\)"):
        catalog.get("minst")
    with pytest.raises(DataError, match="data sets are digits, mnist"):
        catalog.provenance("x", tmp_path)


def test_provenance_by_name(mnist_root):
    assert catalog.provenance("mnist", mnist_root)["official"] is False
    assert catalog.provenance("digits", mnist_root)["official"] is True


def test_data_sets_import_nothing_of_networks():
    code = (
        "import sys, datasets, datasets.catalog, datasets.mnist.loader; "
        "print({'reproduce', 'aesara', 'lasagne', 'theano', 'jax', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
