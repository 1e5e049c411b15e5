"""The published numbers: complete, traceable, and of the sizes that the paper's splits give."""

import math

import pytest

from reproduce import experiments
from reproduce.methods import METHODS
from reproduce.report import tables

CELLS = tables.published()
WEIGHTS_ONLY = ["full-precision", "binaryconnect", "bwn", "lab"]


def of(table, label):
    return {cell.method: cell for cell in CELLS if cell.table.number == table and cell.column.label == label}


@pytest.mark.parametrize(
    "table, labels, methods",
    [
        (1, ["MNIST", "CIFAR-10", "SVHN"], list(METHODS)),
        (2, ["16", "32", "64", "128"], WEIGHTS_ONLY),
        (3, ["War and Peace", "Linux Kernel"], list(METHODS)),
        (4, ["10", "50", "100", "150"], WEIGHTS_ONLY),
    ],
)
def test_every_cell_of_every_table_is_there(table, labels, methods):
    columns = list(dict.fromkeys(cell.column.label for cell in CELLS if cell.table.number == table))
    assert columns == labels
    for label in labels:
        assert list(of(table, label)) == methods


def test_there_are_67_cells_with_version_and_source():
    assert len(CELLS) == 67
    for cell in CELLS:
        assert cell.version in tables.paper()["versions"]
        assert cell.source.endswith(f"Table {cell.table.number}")
        assert cell.column.test_source


def test_some_numbers_as_printed():
    assert [cell.paper for cell in of(1, "MNIST").values()] == [1.19, 1.28, 1.2, 1.17, 1.47, 1.45, 1.38]
    assert of(1, "CIFAR-10")["binaryconnect"].paper == 9.86
    assert of(2, "16")["bwn"].paper == 3.269
    assert of(3, "Linux Kernel")["lab2"].paper == 1.412
    assert of(4, "150")["lab"].paper == 1.285


def test_columns_printed_twice_agree_but_for_the_one_cell_that_is_noted():
    for one, other in ((of(1, "SVHN"), of(2, "64")), (of(3, "War and Peace"), of(4, "100"))):
        differ = [method for method in other if one[method].paper != other[method].paper]
        assert differ == ([] if one["lab"].table.number == 1 else ["bwn"])
        assert one["lab"].column.setup == other["lab"].column.setup
    assert any("1.312 and 1.320" in note for note in tables.paper()["notes"])


@pytest.mark.parametrize("label, steps", [("10", 10), ("50", 50), ("100", 100), ("150", 150)])
def test_war_and_peace_is_cut_as_the_released_script_cuts_it(label, steps):
    minibatches = 3_258_246 // 100 // steps
    test = minibatches - math.floor(0.8 * minibatches) - math.floor(0.1 * minibatches)
    assert of(4, label)["lab"].column.test_size == test * 100 * steps


@pytest.mark.parametrize("label, size", [("MNIST", 10_000), ("CIFAR-10", 10_000), ("SVHN", 26_000)])
def test_only_whole_minibatches_of_test_pictures_count(label, size):
    column = of(1, label)["lab"].column
    assert column.test_size == size
    if column.experiment in experiments.names():
        assert size % experiments.resolve(column.experiment, "lab")["training.batch_size"] == 0


@pytest.mark.parametrize("column", dict.fromkeys(cell.column for cell in CELLS), ids=lambda column: column.title)
def test_the_columns_settings_are_what_its_label_says(column):
    key = {2: "network.filters", 4: "network.steps"}.get(column.table.number)
    if key is None:
        assert not column.overrides
    elif column.experiment in experiments.names():
        assert experiments.resolve(column.experiment, "lab", column.overrides)[key] == int(column.label)
    else:
        assert column.overrides in ({}, {key: int(column.label)})
