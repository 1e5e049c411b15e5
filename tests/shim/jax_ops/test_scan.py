"""Scan and its gradients: JAX against Aesara's Python."""

from functools import cache, partial

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.gradient import grad_clip
from aesara.scan.op import Scan
from aesara.scan.utils import until
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.shim import jax_ops

ROWS, UNITS = 3, 4


@pytest.fixture(scope="session")
def parity(parity):
    """Compiling loops takes long; `tests/test_training.py` compares with loops as the c backend runs them."""
    return partial(parity, linker="python")


def draws(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, "float32") / 2


def scans(function):
    return [node.op for node in function.maker.fgraph.apply_nodes if isinstance(node.op, Scan)]


@cache
def sums(parity):
    x = at.fmatrix()
    forward, _ = aesara.scan(lambda row, total: row + total, sequences=x, outputs_info=at.zeros_like(x[0]))
    backward, _ = aesara.scan(
        lambda row, total: row + total, sequences=x, outputs_info=at.zeros_like(x[0]), go_backwards=True
    )
    cost = (forward**2).sum() + (backward[0] * forward[-1]).sum()
    return parity([x], [forward, backward, backward[-1], aesara.grad(cost, x)])


@settings(max_examples=2, deadline=None)
@given(steps=st.integers(1, 6), columns=st.integers(1, 3))
def test_cumulative_sums_both_ways(parity, steps, columns):
    x = draws(steps, steps, columns)
    np.testing.assert_allclose(sums(parity)(x)[0], np.cumsum(x, axis=0), rtol=1e-5, atol=1e-6)


TAPS = [((-3, -1), (0, -1)), ((-2,), (-1, 2))]


@cache
def recurrence(parity, taps, sequence_taps, truncate=-1, backwards=False):
    """States that read `taps` of themselves and `sequence_taps` of x, and the gradients of a sum over them."""
    x, start = at.fmatrix(), at.fmatrix()
    weights = [aesara.shared(draws(i, 2, 2)) for i in range(len(taps))]

    def step(*arrays):
        rows, past = arrays[: len(sequence_taps)], arrays[len(sequence_taps) : len(sequence_taps) + len(taps)]
        return at.tanh(sum(rows) + sum(at.dot(h, w) for h, w in zip(past, weights, strict=True)))

    states, _ = aesara.scan(
        step, sequences={"input": x, "taps": list(sequence_taps)}, non_sequences=weights,
        outputs_info={"initial": start, "taps": list(taps)}, truncate_gradient=truncate, go_backwards=backwards,
    )  # fmt: skip
    # Not every step's state enters alike.
    cost = (states**2).sum() + states[-1].sum() * 2 + states[0, 1].sum()
    return parity([x, start], [states, cost, *aesara.grad(cost, [x, start, *weights])])


@pytest.mark.parametrize(("taps", "sequence_taps"), TAPS)
@settings(max_examples=2, deadline=None)
@given(steps=st.integers(1, 7))
def test_taps_and_their_gradients(parity, taps, sequence_taps, steps):
    length = steps + max(sequence_taps) - min(0, *sequence_taps)
    recurrence(parity, taps, sequence_taps)(draws(10, length, 2), draws(11, -min(taps), 2))


@settings(max_examples=2, deadline=None)
@given(steps=st.integers(3, 7))
def test_truncated_gradients_of_a_loop_that_goes_backwards(parity, steps):
    compare = recurrence(parity, (-1,), (0,), truncate=3, backwards=True)
    compare(draws(12, steps, 2), draws(13, 3, 2))


@pytest.mark.parametrize("all_reversed", [True, False])
@settings(max_examples=2, deadline=None)
@given(steps=st.integers(2, 7))
def test_states_and_outputs_of_a_loop_that_goes_backwards(parity, all_reversed, steps):
    backwards(parity, all_reversed)(draws(20, steps, 2), draws(21, steps, 2), draws(22, 2, 2))


@cache
def backwards(parity, all_reversed):
    """Stacked and last states, two taps, and an output that is no state; sequences turned by Aesara, or only one."""
    x, y, start = at.fmatrices("x", "y", "start")

    def step(x, y, far, near, state):
        new = 0.5 * far - 0.3 * near + x * y
        return new, state + new * x, new - y

    sequences = [x[::-1], y[::-1] if all_reversed else y]
    initial = [{"initial": start, "taps": [-2, -1]}, start[0], None]
    (taps, states, outputs), _ = aesara.scan(step, sequences, initial)
    return parity([x, y, start], [taps, states[-1], states, outputs, outputs[::-1]])


def test_several_outputs_of_each_kind(parity):
    x, h0, c0 = at.ftensor3(), at.ftensor3(), at.fmatrix()
    w, v = aesara.shared(draws(0, UNITS, UNITS)), aesara.shared(draws(1, UNITS, UNITS))

    def step(row, h_before, h, c, w):
        h = at.tanh(row + at.dot(h, w) + h_before)
        c = at.sigmoid(h) * c + at.dot(h, v)
        return h, c, (h * c).sum(), at.argmax(h, axis=1)

    (h, c, product, best), _ = aesara.scan(
        step, sequences=x, outputs_info=[{"initial": h0, "taps": [-2, -1]}, c0, None, None], non_sequences=w
    )
    cost = (h**2).sum() + (c[-1] * h[1]).sum() + product.sum()
    outputs = [h, c, product, best, h[::-1], cost, *aesara.grad(cost, [x, h0, c0, w, v])]
    parity([x, h0, c0], outputs)(draws(2, 5, ROWS, UNITS), draws(3, 2, ROWS, UNITS), draws(4, ROWS, UNITS))


def lstm(x, c0, h0, w_in, w_hid, bias, clip):
    """Lasagne's form: the input's part outside the loop, gradients clipped at each step."""
    pre = at.dot(x, w_in) + bias

    def step(row, c, h, w_hid):
        gates = grad_clip(row + at.dot(h, w_hid), -clip, clip)
        i, f, g, o = (gates[:, k * UNITS : (k + 1) * UNITS] for k in range(4))
        c = at.sigmoid(f) * c + at.sigmoid(i) * at.tanh(g)
        return c, at.sigmoid(o) * at.tanh(c)

    start = {"outputs_info": [c0, h0], "non_sequences": [w_hid], "strict": True}
    (_, h), _ = aesara.scan(step, sequences=pre, **start)
    return h


def test_lstm(parity):
    x, c0, h0 = at.ftensor3(), at.fmatrix(), at.fmatrix()
    parameters = [
        aesara.shared(draws(i, *s)) for i, s in enumerate([(2, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,)])
    ]
    h = lstm(x, c0, h0, *parameters, clip=0.01)
    cost = (h**2).mean()
    compare = parity([x, c0, h0], [h, cost, *aesara.grad(cost, [x, c0, h0, *parameters])])
    compare(draws(5, 6, ROWS, 2), draws(6, ROWS, UNITS), draws(7, ROWS, UNITS))


@pytest.mark.parametrize("kept", [1, 2, 5])
def test_shortened_buffers(parity, kept):
    """scan_save_mem keeps only the rows that the graph asks for."""
    x, start = at.fmatrix(), at.fmatrix()
    (h, n), _ = aesara.scan(
        lambda row, before, last: (at.tanh(row + before + 2 * last), (row * last).sum()),
        sequences=x, outputs_info=[{"initial": start, "taps": [-2, -1]}, None],
    )  # fmt: skip
    compare = parity([x, start], [h[-kept:] if kept > 1 else h[-1], n[-kept:]])
    assert any("JAX" in type(compare.jax.maker.mode.linker).__name__ for _ in scans(compare.jax))
    compare(draws(0, 7, 3), draws(1, 2, 3))


def test_shared_variables_updated_in_the_loop(parity):
    x = at.fvector()
    total = aesara.shared(np.float32(1), name="total")
    doubled, updates = aesara.scan(lambda row: (row * total, {total: total + row}), sequences=x)
    parity([x], [doubled, updates[total]])(draws(0, 5))


def test_truncated_gradients(parity):
    x = at.fvector()
    states, _ = aesara.scan(
        lambda row, last: at.tanh(row + last), sequences=x, outputs_info=at.zeros(()), truncate_gradient=2
    )
    (gradient,) = parity([x], [aesara.grad(states[-1], x)])(draws(0, 5))
    assert list(np.asarray(gradient) != 0) == [False, False, False, True, True]


def test_integer_and_boolean_states(parity):
    x, flags = at.lvector(), at.bvector()
    (count, seen), _ = aesara.scan(
        lambda i, flag, count, seen: (count + i * flag, seen | (i > 2)), sequences=[x, at.cast(flags, "bool")],
        outputs_info=[at.zeros((), "int64"), at.zeros((), "bool")],
    )  # fmt: skip
    parity([x, flags], [count, seen, count[-1]])(np.array([1, 3, -2, 4]), np.array([1, 0, 1, 1], "int8"))


def test_fixed_number_of_steps_without_sequences(parity):
    x = at.fvector()
    powers, _ = aesara.scan(
        lambda last, x: last * x, outputs_info=at.ones_like(x), non_sequences=x, n_steps=4
    )
    compare = parity([x], [powers, powers[-1], aesara.grad(powers[-1].sum(), x)])
    np.testing.assert_allclose(compare(np.array([1, 2, 3], "float32"))[1], [1, 16, 81])


def test_nested_loops(parity):
    x = at.ftensor3()

    def rows(matrix):
        inner, _ = aesara.scan(
            lambda r, t: at.tanh(r + t), sequences=matrix, outputs_info=at.zeros_like(matrix[0])
        )
        return inner[-1]

    last, _ = aesara.scan(rows, sequences=x)
    parity([x], [last])(draws(0, 3, 4, 2))


def test_no_steps_at_all():
    """The gradient is zero, and what is stacked has the shape of its rows."""
    x, start, w = at.fmatrix(), at.fvector(), aesara.shared(np.eye(2, dtype="float32"))
    (h, n, rows), _ = aesara.scan(
        lambda row, last: (row + at.dot(last, w), row.sum(), 2 * row), sequences=x, outputs_info=[start, None, None]
    )
    cost = (h**2).sum() + rows.sum()
    gradients = aesara.grad(cost, [x, start, w])
    results = aesara.function([x, start], [h, n, rows, cost, *gradients], mode=jax_ops.mode())(
        np.zeros((0, 2), "float32"), np.ones(2, "float32")
    )
    assert [result.shape for result in results] == [(0, 2), (0,), (0, 2), (), (0, 2), (2,), (2, 2)]
    assert not any(np.any(result) for result in results)


def test_loops_until_a_condition(parity):
    x = at.fvector()
    doubled, _ = aesara.scan(lambda row: (row * 2, until(row > 1)), sequences=x)
    (total, other), _ = aesara.scan(
        lambda row, last: ((row + last, row - 1), until(row + last > 3)), sequences=x, outputs_info=[at.zeros(()), None]
    )
    compare = parity([x], [doubled, total, other, total[-1], at.sqr(other).sum()])
    for values in ([0, 0.5, 2, 1, 1], [0.5, 0, 0], [2, 2, 2, 2, 2, 2]):
        doubled, total, *_ = compare(np.array(values, "float32"))
        assert len(doubled) == next((i + 1 for i, value in enumerate(values) if value > 1), len(values))
        np.testing.assert_array_equal(total, np.cumsum(values)[: len(total)])


def test_numbers_of_steps_that_an_integer_gives(parity):
    n = at.iscalar()
    out, _ = aesara.scan(lambda last: last * 2, outputs_info=at.ones(()), n_steps=n)
    compare = parity([n], [out[-1], out])
    for steps in (3, 1, 5, 3):
        assert compare(np.int32(steps))[0] == 2**steps
