"""The JAX mode: what it keeps out of graphs."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from aesara.link.c.cmodule import GCC_compiler
from aesara.scan.utils import until
from aesara.tensor.elemwise import Elemwise
from aesara.tensor.nnet.abstract_conv import AbstractConv2d, conv2d

from reproduce.shim import jax_ops


def ops(function):
    return [node.op for node in function.maker.fgraph.apply_nodes]


def test_no_c_only_ops_no_fusion_nothing_in_place():
    image, filters, x = at.ftensor4(), at.ftensor4(), at.fmatrix()
    outputs = [conv2d(image, filters), at.dot(x, x.T) * 2 + x[0, 0], at.tanh(x * 2 + 1)]
    found = ops(aesara.function([image, filters, x], outputs, mode=jax_ops.mode()))
    assert any(isinstance(op, AbstractConv2d) for op in found)
    assert not any(getattr(op, "inplace", False) is True for op in found if not hasattr(op, "new_order"))
    assert not any(op.inplace_pattern for op in found if isinstance(op, Elemwise))
    assert not {"Composite", "Gemm", "Dot22", "CorrMM"} & {
        type(getattr(op, "scalar_op", op)).__name__ for op in found
    }


def test_no_compiler_is_called(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a C++ compiler was called")

    x = at.fmatrix()
    constant = at.constant(np.arange(24, dtype="int16").reshape(2, 3, 4))
    folded = (constant.dimshuffle(2, 1, 0) * np.int16(3)).sum(axis=(0, 1), dtype="int16", acc_dtype="int16")
    monkeypatch.setattr(GCC_compiler, "compile_str", refuse)
    result = aesara.function([x], x + folded, mode=jax_ops.mode())(np.zeros((1, 2), "float32"))
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, [[198, 630]])


def test_modes_made_from_it_compile_with_jax_too():
    mode = jax_ops.mode().excluding("canonicalize").clone()
    x = at.fvector()
    function = aesara.function([x], x * 2, mode=mode)
    assert type(function.vm).__module__.startswith(jax_ops.__name__)
    assert type(mode) is type(jax_ops.mode())


@pytest.mark.parametrize("mode", ["JAX", Mode("vm", "fast_run")])
def test_a_loop_made_while_jax_was_the_mode_runs_by_aesaras_code(mode):
    """On JAX because its length depends on values; a loop within as well."""
    x = at.fvector()
    with aesara.config.change_flags(mode="JAX", cxx=""):
        within = lambda a: aesara.scan(lambda last: last * 2, outputs_info=a, n_steps=2)[0][-1]  # noqa: E731
        doubled, _ = aesara.scan(lambda a: (within(a), until(a > 2)), sequences=x)
        assert aesara.function([x], doubled, mode=mode)(np.array([1, 2, 3, 4], "float32")).tolist() == [4, 8, 12]


def test_batch_normalization_of_aesaras_own(parity):
    from aesara.tensor.nnet.batchnorm import batch_normalization_train

    x, gamma, beta = at.fmatrix(), at.fvector(), at.fvector()
    out, mean, invstd = batch_normalization_train(x, gamma, beta)
    outputs = [out, mean, invstd, *aesara.grad((out**3).sum(), [x, gamma, beta])]
    value = np.random.default_rng(0).standard_normal((6, 3), "float32")
    parity([x, gamma, beta], outputs, atol=1e-4)(value, value[0] + 2, value[1])


def test_a_training_step_of_a_perceptron(parity):
    """Minibatches by index, batch norm, argmax, squared hinge loss; updates of shared variables."""
    rng = np.random.default_rng(0)
    data = aesara.shared(rng.standard_normal((20, 6), "float32"))
    w = aesara.shared(rng.standard_normal((6, 5), "float32"))
    v = aesara.shared(rng.standard_normal((5, 3), "float32"))
    gamma = aesara.shared(np.ones(5, "float32"))
    indices, targets = at.lvector(), at.fmatrix()
    h = at.dot(data[indices], w)
    h = gamma * (h - h.mean(0)) / (h.std(0) + np.float32(1e-4))
    y = at.dot(at.clip(h, -1, 1), v)
    loss = at.mean(at.maximum(0, 1 - targets * y) ** 2)
    error = at.mean(at.neq(at.argmax(y, axis=1), at.argmax(targets, axis=1)))
    signs = np.where(rng.random((8, 3)) < 0.5, -1, 1).astype("float32")
    outputs = [loss, error, *aesara.grad(loss, [w, v, gamma])]
    parity([indices, targets], outputs, atol=5e-5)(np.array([3, 3, 1, 19, 0, 7, 8, 12]), signs)


def test_updates_of_shared_variables():
    w = aesara.shared(np.ones(3, "float32"))
    x = at.fvector()
    step = aesara.function([x], w.sum(), updates={w: w - 0.5 * x}, mode=jax_ops.mode())
    assert step(np.ones(3, "float32")) == 3
    assert step(np.ones(3, "float32")) == 1.5
    np.testing.assert_array_equal(w.get_value(), [0, 0, 0])
