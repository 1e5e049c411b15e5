"""The table of methods is the paper's."""

import pytest

from reproduce import methods
from reproduce.errors import UserError
from reproduce.formulas import SCALES
from reproduce.methods import METHODS


def test_the_papers_seven_methods():
    table = {method.name: (method.scale, method.binary_activations) for method in METHODS.values()}
    assert table == {
        "full-precision": (None, False),
        "binaryconnect": ("one", False),
        "bwn": ("mean_abs", False),
        "lab": ("curvature", False),
        "bnn": ("one", True),
        "xnor": ("mean_abs", True),
        "lab2": ("curvature", True),
    }
    assert not METHODS["full-precision"].binarizes
    assert [METHODS[name].group for name in ("full-precision", "lab", "lab2")] == [
        "No binarization",
        "Binarized weights",
        "Binarized weights and activations",
    ]


def test_every_method_names_a_formula():
    assert {method.scale for method in METHODS.values() if method.binarizes} <= SCALES.keys()


def test_an_unknown_method_is_a_users_mistake():
    assert methods.get("lab") is METHODS["lab"]
    with pytest.raises(UserError, match=r"unknown method 'lab3'.*methods are full-precision, .*lab2"):
        methods.get("lab3")
