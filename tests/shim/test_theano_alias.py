"""``import theano`` gives Aesara's own objects, under Theano's names and with Theano's arguments."""

import importlib
import sys
from types import ModuleType

import aesara
import aesara.tensor as at
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.tensor.shape import specify_broadcastable
from hypothesis import given
from hypothesis import strategies as st

from reproduce import shim
from reproduce.errors import UserError
from reproduce.shim import theano_alias
from reproduce.shim.theano_alias import names, random_streams

PYTHON = aesara.compile.Mode(linker="py", optimizer="fast_compile")


def value(expression, givens=None):
    """The value of an expression, without compiling C for it."""
    return aesara.function([], expression, givens=givens, mode=PYTHON)()


COMPILED = {"theano.gof.cutils"}  # C code that is compiled on import


@pytest.mark.parametrize(
    "module", [pytest.param(name, marks=[pytest.mark.compiler] * (name in COMPILED)) for name in names.MODULES]
)
def test_every_module_of_the_table_is_there(module):
    assert importlib.import_module(module).__name__ == module


@pytest.mark.parametrize("module", names.NAMES)
def test_every_name_of_the_table_is_there(module):
    alias = importlib.import_module(module)
    assert [name for name in names.NAMES[module] if getattr(alias, name, None) is None] == []
    assert set(names.NAMES[module]) <= set(dir(alias))


def test_import_forms_of_old_scripts():
    namespace = {}
    exec(
        """
import theano.tensor.nnet
import theano.sandbox.rng_mrg
from theano import config, function, gof, ifelse, scan_module, tensor
from theano.compat.python2x import OrderedDict
from theano.compat import BytesIO, PY3, exc_message, izip
from theano.gof.graph import inputs
from theano.ifelse import ifelse as lazy
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.scan_module.scan_utils import equal_computations
from theano.tensor import *
from theano.tensor.nnet import conv, softmax
from theano.tensor.nnet.abstract_conv import AbstractConv2d
from theano.tensor.shared_randomstreams import RandomStreams
from theano.tensor.signal import downsample
from theano.tensor.signal.downsample import max_pool_2d
""",
        namespace,
    )
    assert namespace["config"] is aesara.config
    assert namespace["function"] is aesara.function
    assert namespace["lazy"] is aesara.ifelse.ifelse
    assert namespace["inputs"] is aesara.graph.basic.graph_inputs
    assert namespace["dmatrix"] is at.dmatrix and namespace["addbroadcast"] is specify_broadcastable


def test_classes_are_aesaras_own():
    assert isinstance(T.matrix(), theano.Variable) and theano.Variable is aesara.graph.basic.Variable
    assert isinstance(theano.shared(1.0), theano.compile.SharedVariable)
    assert theano.gof.Variable is theano.gof.graph.Variable is theano.Variable
    assert T.nnet.abstract_conv.AbstractConv2d is aesara.tensor.nnet.abstract_conv.AbstractConv2d


def test_alias_modules_are_one_object_however_reached():
    assert theano.tensor is T is sys.modules["theano.tensor"]
    assert T.nnet is importlib.import_module("theano.tensor.nnet")
    assert theano.gof.graph is importlib.import_module("theano.gof.graph")


def test_a_function_keeps_its_name_when_the_module_of_that_name_is_imported():
    sort, scan = T.sort, theano.scan_module.scan
    sorting, scanning = (importlib.import_module(f"theano.{name}") for name in ("tensor.sort", "scan_module.scan"))
    assert T.sort is sort is sorting.sort is at.sort
    assert theano.scan_module.scan is scan is scanning.scan is aesara.scan


def test_what_aesara_says_about_old_names_is_not_passed_on(recwarn):
    assert T.inv is at.reciprocal
    assert not recwarn.list


def test_names_that_never_were_raise():
    with pytest.raises(AttributeError, match=r"module 'theano\.tensor' has no attribute 'no_such'"):
        _ = T.no_such
    with pytest.raises(ModuleNotFoundError, match=r"theano\.no_such"):
        importlib.import_module("theano.no_such")
    with pytest.raises(ImportError, match=r"theano\.sandbox\.cuda\.rng_curand is gone: .*JAX"):
        importlib.import_module("theano.sandbox.cuda.rng_curand")


@pytest.mark.parametrize("package", ["theano.sandbox.cuda", "theano.gpuarray"])
def test_guards_find_that_there_is_no_gpu_of_theanos(package, caplog):
    cuda, dnn = importlib.import_module(package), importlib.import_module(f"{package}.dnn")
    assert not (cuda.cuda_available or cuda.cuda_enabled or cuda.pygpu_activated or dnn.dnn_available())
    assert cuda.dnn is dnn and not theano.config.device.startswith(("gpu", "cuda"))
    assert not isinstance(theano.shared(np.ones(2, "float32")), cuda.CudaNdarraySharedVariable)
    cuda.use("gpu0")
    (record,) = caplog.records
    assert record.getMessage() == "gpu0 is no device of Theano's here; GPU runs go through the JAX backend"


def test_what_ran_on_theanos_gpu_is_aesaras_own():
    from theano.sandbox.cuda.basic_ops import gpu_contiguous
    from theano.sandbox.cuda.blas import GpuCorrMM
    from theano.sandbox.cuda.dnn import dnn_conv, dnn_pool

    x, w = T.tensor4(), T.tensor4()
    assert gpu_contiguous(x) is x
    ops = [dnn_conv(x, w).owner.op, dnn_conv(x, w, conv_mode="cross").owner.op, GpuCorrMM(pad=(1, 1))(x, w).owner.op]
    assert [op.filter_flip for op in ops] == [True, False, False] and ops[2].border_mode == (1, 1)
    picture = np.arange(9, dtype="float32").reshape(1, 1, 3, 3)
    assert value(dnn_pool(T.constant(picture), (2, 2))).tolist() == [[[[4, 5], [7, 8]]]]
    assert value(dnn_pool(T.constant(picture), (2, 2), mode="average")).tolist() == [[[[2, 3], [5, 6]]]]


def test_install_twice_changes_nothing():
    before = list(sys.meta_path)
    shim.install()
    assert sys.meta_path == before


def test_a_real_theano_is_refused(monkeypatch):
    finders = [f for f in sys.meta_path if not isinstance(f, theano_alias.TheanoFinder)]
    monkeypatch.setattr(sys, "meta_path", finders)
    monkeypatch.setitem(sys.modules, "theano", ModuleType("theano"))
    with pytest.raises(UserError, match="real theano is imported already"):
        shim.install()


@given(st.lists(st.integers(0, 4), min_size=0, max_size=4))
def test_the_lengths_of_a_shared_variable_are_open(shape):
    expected = tuple(1 if length == 1 and 0 not in shape else None for length in shape)
    assert theano.shared(np.zeros(shape, "float32")).type.shape == expected


def test_shared_says_what_broadcasts():
    column = theano.shared(np.zeros((1, 3, 1)), broadcastable=(False, False, True))
    assert column.type.shape == (None, None, 1) and column.broadcastable == (False, False, True)
    assert theano.shared(np.zeros((2, 3)), shape=(None, 3)).type.shape == (None, 3)


def test_a_value_may_take_another_shape():
    s = theano.shared(np.zeros((4, 3), "float32"))
    total = theano.function([], [s.sum(), s.shape[0], T.zeros_like(s).shape[0]], mode=PYTHON)
    assert total() == [0, 4, 4]
    s.set_value(np.ones((7, 3), "float32"))
    assert total() == [21, 7, 7]
    empty = theano.shared(np.array([[]], "float32"))  # a container that data come into later
    empty.set_value(np.ones((3, 2), "float32"))
    assert theano.function([], empty[1:3].sum(), mode=PYTHON)() == 4


@pytest.mark.parametrize("mode", [PYTHON, "JAX"])
def test_an_update_may_grow(mode):
    m, rows = T.matrix(), theano.shared(np.zeros((2, 3), "float32"))
    grow = theano.function([m], [], updates=[(rows, T.concatenate([rows, m]))], mode=mode)
    for count in (4, 6):
        grow(np.ones((2, 3), "float32"))
        assert rows.get_value().shape == (count, 3) and rows.get_value().sum() == 3 * (count - 2)


def test_lasagne_trains_parameters_of_open_shape():
    layer = lasagne.layers.DenseLayer((5, 3), 4)
    updates = lasagne.updates.adam(layer.W.sum(), [layer.W])
    step = theano.function([], [], updates=updates, mode=PYTHON)
    before = layer.W.get_value()
    step()
    np.testing.assert_allclose(layer.W.get_value(), before - 0.001, rtol=1e-4)


def test_clone_of_one_and_of_several():
    x, y = T.vectors("xy")
    one = theano.clone(x * 2, replace={x: y + 1})
    several = theano.clone([x * 2, x - 1], replace={x: y + 1})
    at_y = {y: np.array([1, 2], "float32")}
    assert value(one, at_y).tolist() == [4, 6]
    assert [value(each, at_y).tolist() for each in several] == [[4, 6], [1, 2]]
    shared = theano.shared(np.ones(2, "float32"))
    assert theano.clone(shared * 2).owner.inputs[0] is shared
    assert theano.clone(shared * 2, share_inputs=False).owner.inputs[0] is not shared


def test_softmax_is_over_rows_and_makes_a_vector_a_row(recwarn):
    rows = np.array([[0, 1, 2], [3, 3, 3]], "float32")
    expected = np.exp(rows) / np.exp(rows).sum(1, keepdims=True)
    np.testing.assert_allclose(value(T.nnet.softmax(rows)), expected, rtol=1e-6)
    np.testing.assert_allclose(value(T.nnet.softmax(rows[0])), expected[:1], rtol=1e-6)
    assert not [w for w in recwarn.list if "oftmax" in str(w.message)]


@pytest.mark.parametrize("pattern", [(True, False), (False, True), (False, False)])
def test_patternbroadcast(pattern):
    x = T.patternbroadcast(T.row(), pattern)
    assert x.type.broadcastable == pattern


def test_max_pool_2d_keeps_the_border_unless_told():
    x = np.arange(9, dtype="float32").reshape(1, 1, 3, 3)
    pool = theano.tensor.signal.downsample.max_pool_2d
    assert value(pool(T.constant(x), (2, 2))).tolist() == [[[[4, 5], [7, 8]]]]
    assert value(pool(T.constant(x), (2, 2), ignore_border=True)).tolist() == [[[[4]]]]


def test_conv2d_takes_image_shape():
    y = T.nnet.conv2d(T.tensor4(), T.tensor4(), image_shape=(2, 3, 8, 8), filter_shape=(4, 3, 3, 3))
    assert y.owner.op.imshp == (2, 3, 8, 8)


DRAWS = {
    "uniform": ({"low": 2.0, "high": 5.0}, (2, 5), "float32"),
    "normal": ({"avg": 100.0, "std": 0.1}, (90, 110), "float32"),
    "binomial": ({"n": 3, "p": 0.5}, (0, 3), "int64"),
    "random_integers": ({"low": 1, "high": 2}, (1, 2), "int64"),
    "choice": ({"a": 4}, (0, 3), "int64"),
    "poisson": ({"lam": 2.0}, (0, 40), "int64"),
}


@pytest.mark.parametrize("distribution", DRAWS)
def test_random_streams_take_the_size_first(distribution):
    parameters, (low, high), dtype = DRAWS[distribution]
    draw = value(getattr(random_streams.RandomStreams(1), distribution)((50, 4), **parameters))
    assert draw.shape == (50, 4) and draw.dtype == dtype
    assert low <= draw.min() < draw.max() <= high


def test_random_integers_include_both_ends_and_repeat_with_their_seed():
    first, again = (value(random_streams.RandomStreams(7).random_integers((200,), 1, 3)) for _ in range(2))
    assert set(first) == {1, 2, 3} and (first == again).all()


def test_permutation_and_multinomial():
    assert sorted(value(random_streams.RandomStreams(1).permutation(n=6))) == list(range(6))
    assert value(random_streams.RandomStreams(1).multinomial((5,), 3, [0.5, 0.5])).sum(-1).tolist() == [3] * 5
