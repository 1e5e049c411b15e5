"""docs/era_scripts.md lists the names that are supplied, and Lasagne has each."""

import importlib
import re
from pathlib import Path

import lasagne

from reproduce.shim import lasagne_names
from reproduce.shim.lasagne_names import arguments, functions

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "era_scripts.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`]+)`", re.sub("```.*?```", "", PAGE, flags=re.S))
LISTED = {word.rpartition(".")[2] for word in CODE}


def test_every_name_is_listed_and_there():
    for module in (*lasagne_names.LAYERS, *lasagne_names.GPU):
        ours = importlib.import_module(f"reproduce.shim.lasagne_names.{module}")
        theirs = getattr(lasagne.layers, module) if module in lasagne_names.GPU else lasagne.layers
        assert set(ours.__all__) <= LISTED and all(hasattr(theirs, name) for name in ours.__all__)
    for each in (arguments.dropout_channels, arguments.dropout_locations):
        assert each.__name__ in LISTED and getattr(lasagne.layers, each.__name__) is each
    for module, names in (
        (lasagne.nonlinearities, functions.NONLINEARITIES),
        (lasagne.objectives, functions.OBJECTIVES),
        (lasagne.updates, functions.UPDATES),
    ):
        for each in names:
            assert each.__name__ in LISTED and getattr(module, each.__name__) is each
