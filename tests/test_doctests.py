"""The examples in docstrings, of the modules that need no data on the disk."""

import doctest
import importlib
import os

import pytest

MODULES = [
    "datasets.catalog",
    "datasets.design_matrix.dense_design_matrix",
    "datasets.design_matrix.iteration",
    "datasets.design_matrix.rng",
    "datasets.design_matrix.splits",
    "datasets.design_matrix.view_converter",
    "datasets.design_matrix.zca_dataset",
    "datasets.digits",
    "datasets.errors",
    "datasets.mnist.idx",
    "datasets.paths",
    "datasets.preprocessing.color",
    "datasets.preprocessing.contrast",
    "datasets.preprocessing.local_contrast",
    "datasets.preprocessing.pipeline",
    "datasets.preprocessing.zca",
    "datasets.serial",
    "datasets.storage.files",
    "datasets.storage.stored_rows",
    "datasets.svhn.python2_set",
    "datasets.svhn.source",
    "datasets.text.loader",
    "datasets.text.python_source",
    "reproduce.backends.versions",
    "reproduce.evaluate",
    "reproduce.experiments",
    "reproduce.figure1.histograms",
    "reproduce.formulas",
    "reproduce.inference.kernels",
    "reproduce.methods",
    "reproduce.model.binarization",
    "reproduce.model.layers",
    "reproduce.model.lstm",
    "reproduce.model.networks",
    "reproduce.model.objectives",
    "reproduce.model.ops.adam",
    "reproduce.model.ops.channel_sum",
    "reproduce.model.ops.column_sum",
    "reproduce.model.ops.lstm_gates",
    "reproduce.model.ops.sign",
    "reproduce.model.recipe",
    "reproduce.report.power",
    "reproduce.report.statistics",
    "reproduce.report.text",
    "reproduce.sampling",
    "reproduce.splits",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name, monkeypatch):
    monkeypatch.setattr("os.environ", os.environ.copy())
    failed, attempted = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert attempted and not failed
