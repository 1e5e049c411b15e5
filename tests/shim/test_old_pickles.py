"""Shared variables that Theano 0.9 pickled under Python 2.7 are read as Aesara's.

pickles/protocol0.pkl and protocol2.pkl are what ``cPickle.dump`` wrote of ``{"params": [w, b, n, c], "values": [array],
"text": "caf\\xe9", "u": u"é", "broadcast": a row}``; gpu.pkl is ``[g]`` of a shared variable on Theano's old GPU
backend, put together from the attributes that it had, without a GPU.
"""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import theano

from reproduce.shim.python2 import pickles

FOLDER = Path(__file__).parent / "pickles"
W = np.array([[1, 2, 3], [4, 5, 6]], "float32")


@pytest.fixture(params=["protocol0", "protocol2"])
def old(request):
    with open(FOLDER / f"{request.param}.pkl", "rb") as file:
        return pickles.load(file)


def test_values_types_and_names_are_those_that_were_written(old):
    w, b, n, c = old["params"]
    assert [x.name for x in old["params"]] == ["w", "b", "n", None]
    assert [x.dtype for x in old["params"]] == ["float32", "float32", "int64", "float32"]
    assert (w.get_value() == W).all() and b.get_value().tolist() == [0.5, -0.5]
    assert (n.get_value(), c.get_value()) == (3, 2.5)
    assert old["broadcast"].broadcastable == (True, False)
    assert (old["values"][0] == W).all() and old["text"] == "café" and old["u"] == "é"


def test_they_are_variables_like_any_other(old):
    w = old["params"][0]
    step = theano.function([], w.sum(), updates=[(w, w * 2)], mode="FAST_COMPILE")
    assert step() == 21 and (w.get_value() == 2 * W).all()
    w.set_value(W[:1])
    assert w.get_value().shape == (1, 3)


def test_one_of_the_old_gpu_is_on_the_cpu():
    with open(FOLDER / "gpu.pkl", "rb") as file:
        (g,) = pickle.load(file, encoding="latin1")
    assert type(g) is type(theano.shared(W)) and g.type == theano.tensor.fmatrix
    assert g.name == "g" and g.get_value().tolist() == [[1, 2], [3, 4]]


def test_aesaras_own_states_are_taken_as_before():
    w = theano.shared(W, name="w")
    for again in (pickle.loads(pickle.dumps(w)), copy.deepcopy(w)):
        assert again.type == w.type and again.name == "w" and (again.get_value() == W).all()
