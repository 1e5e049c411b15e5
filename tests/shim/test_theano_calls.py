"""Functions and callbacks are called with the arguments that they had in Theano 0.7 to 0.9."""

import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.link.c.op import COp
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.nnet.Conv3D import conv3D
from theano.tensor.shared_randomstreams import RandomStreams

PYTHON = theano.compile.Mode(linker="py", optimizer="fast_compile")
X = np.arange(6, dtype="float32").reshape(2, 3)


def test_param_has_a_default():
    x = T.scalar()
    function = theano.function([theano.Param(x, default=2, name="x"), theano.compile.Param(T.scalar(), 3)], x * 2,
                               on_unused_input="ignore", mode=PYTHON)  # fmt: skip
    assert [function(), function(5), function(x=7)] == [4, 10, 14]


def test_flatten_to_so_many_dimensions():
    x = T.tensor3()
    flat = theano.function([x], [T.flatten(x, outdim=2), T.flatten(x), x.flatten(2)], mode=PYTHON)
    assert [part.shape for part in flat(np.zeros((2, 3, 4), "float32"))] == [(2, 12), (24,), (2, 12)]


@pytest.mark.parametrize("mode", [PYTHON, "JAX"])
def test_an_op_from_a_graph_and_its_gradient(mode):
    x, y = T.matrices("xy")
    op = theano.OpFromGraph([x, y], [x * y + 1])
    z = op(x, y)
    results = theano.function([x, y], [z, T.grad(z.sum(), x)], mode=mode)(X, X + 1)
    np.testing.assert_array_equal(results, [X * (X + 1) + 1, X + 1])


def test_an_op_from_a_graph_with_a_gradient_of_its_own():
    x = T.matrix()
    op = theano.OpFromGraph([x], [T.round(x)], False, lambda inputs, gradients: [7 * gradients[0]])
    np.testing.assert_array_equal(theano.function([x], T.grad(op(x).sum(), x), mode=PYTHON)(X), np.full((2, 3), 7))


def test_a_draw_knows_its_generator():
    stream = RandomStreams(1)
    draw = stream.uniform((2,))
    function = theano.function([], draw, mode=PYTHON)
    state = draw.rng.get_value(borrow=True)
    assert draw.update[0] is draw.rng and draw.update in stream.updates()
    first = function()
    draw.rng.set_value(draw.rng.get_value())
    assert (first != function()).all() and state is not None


def test_rows_are_shuffled_each_by_itself():
    x = T.matrix()
    rows = np.tile(np.arange(20, dtype="float32"), (3, 1))
    shuffled = theano.function([x], RandomStreams(1).shuffle_row_elements(x), mode=PYTHON)(rows)
    np.testing.assert_array_equal(np.sort(shuffled, 1), rows)
    assert (shuffled[0] != shuffled[1]).any()


@pytest.mark.compiler
def test_streams_that_were_told_of_a_gpu():
    draws = [theano.function([], MRG_RandomStreams(1, use_cuda=flag).uniform((4,)))() for flag in (False, True)]
    np.testing.assert_array_equal(*draws)
    assert isinstance(MRG_RandomStreams(1), theano.sandbox.rng_mrg.MRG_RandomStream)


def test_names_that_moved_to_other_modules():
    assert theano.tensor.basic.mean is T.mean and theano.tensor.basic.dmatrix is T.dmatrix
    assert theano.tensor.opt.local_pow_specialize.__name__ == "local_pow_specialize"
    assert theano.gof.op.get_test_value and theano.compile.ops.Shape_i and theano.tensor.nnet.nnet.LogSoftmax


def test_a_monitors_functions_get_place_node_and_function():
    seen = []
    x = T.matrix()
    mode = theano.compile.MonitorMode(post_func=lambda i, node, fn: seen.append((i, str(node.op), fn.outputs[0][0])))
    theano.function([x], T.exp(x).sum(), mode=mode.excluding("fusion", "inplace"))(X)
    assert [number for number, _, _ in seen] == [0, 1]
    np.testing.assert_allclose(seen[0][2], np.exp(X), rtol=1e-6)


def test_a_rewrite_gets_the_node_alone():
    met = []

    @theano.gof.local_optimizer([T.exp])
    def exp_to_zero(node):
        if node.op == T.exp:
            met.append(node)
            return [T.zeros_like(node.inputs[0])]

    x = T.matrix()
    graph = theano.gof.FunctionGraph([x], [T.exp(x)])
    theano.gof.TopoOptimizer(exp_to_zero, order="in_to_out").optimize(graph)
    assert len(met) == 1 and graph.outputs[0].owner.op != T.exp


class Doubled(theano.Op):
    """As Theano 0.7 to 0.9 documented: ``infer_shape`` without the graph, C methods without the compiler."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def infer_shape(self, node, shapes):
        return shapes

    def do_constant_folding(self, node):
        return False

    def grad(self, inputs, gradients):
        return [2 * gradients[0]]

    def c_headers(self):
        return ["<cmath>"]

    def c_compile_args(self):
        return ["-DFACTOR=2"]

    def c_support_code(self):
        return "static double doubled(double x) { return std::fabs(x) >= 0 ? FACTOR * x : x; }"

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,) = inputs, outputs
        return f"""
        Py_XDECREF({z});
        {z} = (PyArrayObject*) PyArray_NewLikeArray({x}, NPY_CORDER, NULL, 0);
        if (!{z}) {sub["fail"]}
        for (npy_intp i = 0; i < PyArray_DIM({x}, 0); i++)
            for (npy_intp j = 0; j < PyArray_DIM({x}, 1); j++)
                *(float*) PyArray_GETPTR2({z}, i, j) = doubled(*(float*) PyArray_GETPTR2({x}, i, j));
        """

    def c_code_cache_version(self):
        return (1,)


@pytest.mark.compiler
@pytest.mark.parametrize("mode", ["FAST_RUN", "JAX"])
def test_an_op_in_c_with_theanos_methods(mode):
    x = T.matrix()
    y = Doubled()(x)
    doubled, gradient, rows = theano.function([x], [y, T.grad((y**2).sum(), x), y.shape[0]], mode=mode)(X)
    np.testing.assert_array_equal(doubled, 2 * X)
    np.testing.assert_array_equal(gradient, 8 * X)
    assert rows == 2


def test_every_op_is_an_op_of_theanos():
    h, _ = theano.scan(lambda x: x * 2, T.matrix())
    assert isinstance(h.owner.op, theano.Op) and issubclass(type(T.exp), theano.gof.Op)
    assert not isinstance(T.exp, Doubled)


@pytest.mark.compiler
def test_an_op_in_python_is_none_in_c():
    doubled = theano.as_op(itypes=[T.fmatrix], otypes=[T.fmatrix])(lambda x: 2 * x)
    assert isinstance(doubled, theano.Op) and not isinstance(doubled, COp)
    x = T.fmatrix()
    np.testing.assert_array_equal(theano.function([x], doubled(x), mode="DEBUG_MODE")(X), 2 * X)


def test_an_op_without_a_version_of_its_code_is_not_cached_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert theano.Op().c_code_cache_version() == ()


def test_an_op_without_code_says_so():
    class Empty(theano.Op):
        __props__ = ()

        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

    x = T.matrix()
    with pytest.raises(theano.gof.MethodNotDefined, match="perform"):
        theano.function([x], Empty()(x), mode=PYTHON)(X)


def test_axes_become_broadcastable_and_open():
    x = T.TensorType("float32", (False, True))()
    y = T.Rebroadcast((0, True), (1, False))(x)
    assert y.broadcastable == (True, False) and theano.compile.Rebroadcast(*[])(x).broadcastable == (False, True)
    np.testing.assert_array_equal(theano.function([x], y, mode=PYTHON)(X[:1, :1]), X[:1, :1])


def test_a_gradient_that_is_wrong_is_named():
    def wrong(x):
        return theano.gradient.consider_constant(x) * x

    with pytest.raises(T.verify_grad.E_grad):
        T.verify_grad(wrong, [X.astype(float)], rng=np.random.RandomState(1), mode=PYTHON)
    T.verify_grad(T.sqr, [X.astype(float)], rng=np.random.RandomState(1), mode=PYTHON)


@pytest.mark.parametrize("mode", [pytest.param("FAST_RUN", marks=pytest.mark.compiler), "JAX"])
def test_correlation_of_videos_with_channels_last(mode):
    rng = np.random.RandomState(0)
    videos, filters, b = rng.randn(2, 5, 4, 5, 3), rng.randn(2, 2, 3, 2, 3), rng.randn(2)
    V, W = (T.TensorType("float64", (False,) * 5)() for _ in range(2))
    found = theano.function([V, W], conv3D(V, W, b, (1, 1, 2)), mode=mode)(videos, filters)
    windows = np.lib.stride_tricks.sliding_window_view(videos, (2, 3, 2), axis=(1, 2, 3))[:, :, :, ::2]
    expected = np.einsum("nxytcijk,fijkc->nxytf", windows, filters) + b
    np.testing.assert_allclose(found, expected, rtol=1e-4 if mode == "JAX" else 1e-9)
