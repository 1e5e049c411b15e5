"""Both backends: the same results, state and restore, loops, and what `create` refuses."""

import os
import subprocess
import sys

import aesara
import aesara.tensor as at
import jax
import numpy as np
import pytest

from reproduce import backends
from reproduce.backends import jax as jax_backend
from reproduce.backends.jax import JaxBackend
from reproduce.errors import UserError

SIZE = 3


class Recurrence:
    """s ← s/2 + x, and a count of steps, on a new backend; a step x → (⟨s, x⟩ before the step, 2·x)."""

    def __init__(self, name):
        self.backend = backends.create(name, "cpu")
        self.s = aesara.shared(np.float32([1, -2, 4]), name="s", shape=(SIZE,))
        self.count = aesara.shared(np.asarray(np.float32(0)), name="count", shape=())
        x = at.fvector("x")
        updates = [(self.s, 0.5 * self.s + x), (self.count, self.count + 1)]
        self.step = self.backend.compile([x], [(self.s * x).sum(), 2 * x], updates)

    @staticmethod
    def expected(start, xs):
        """The outputs of a step for each of `xs`, and the last s, by NumPy."""
        s, outputs = start.astype("float64"), []
        for x in xs:
            outputs.append((s @ x, 2 * x))
            s = 0.5 * s + x
        return outputs, s


@pytest.fixture(params=backends.NAMES)
def recurrence(request):
    return Recurrence(request.param)


def inputs(count):
    return np.random.RandomState(0).randn(count, SIZE).astype("float32")


def test_steps_equal_numpy(recurrence):
    start = recurrence.s.get_value()
    expected, s = recurrence.expected(start, inputs(4))
    outputs = [recurrence.step(x) for x in inputs(4)]  # kept: a step must not write into earlier ones' outputs
    for (inner, double), (wanted, doubled) in zip(outputs, expected, strict=True):
        assert inner.dtype == double.dtype == np.float32
        np.testing.assert_allclose(inner, wanted, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(double, doubled)
    state = recurrence.backend.state()
    assert {name: (value.shape, value.dtype) for name, value in state.items()} == {
        "s": ((SIZE,), np.float32),
        "count": ((), np.float32),
    }
    np.testing.assert_allclose(state["s"], s, rtol=1e-6)
    assert state["count"] == 4


def test_state_is_a_copy_and_restores(recurrence):
    backend, step = recurrence.backend, recurrence.step
    step(inputs(1)[0])
    kept = backend.state()
    before = {name: value.copy() for name, value in kept.items()}
    first = [step(x) for x in inputs(3)]
    after = backend.state()
    for _ in range(2):  # again: the steps must not have written into what was restored
        for name, value in before.items():
            np.testing.assert_array_equal(kept[name], value)
        backend.restore(kept)
        again = [step(x) for x in inputs(3)]
        for ours, wanted in zip(again, first, strict=True):
            for a, b in zip(ours, wanted, strict=True):
                np.testing.assert_array_equal(a, b)
        for name, value in backend.state().items():
            np.testing.assert_array_equal(value, after[name])
    assert list(backend.state(["count"])) == ["count"]


def test_restore_takes_other_layouts_and_types(recurrence):
    strided = np.arange(2 * SIZE, dtype="float64")[::2]
    recurrence.backend.restore({"s": strided, "count": 7})
    recurrence.step(np.zeros(SIZE, dtype="float32"))
    state = recurrence.backend.state()
    np.testing.assert_array_equal(state["s"], strided / 2)
    assert state["s"].dtype == np.float32
    assert state["count"] == 8


def test_names_that_do_not_fit_are_refused(recurrence):
    backend = recurrence.backend
    state = backend.state()
    with pytest.raises(KeyError, match="state does not fit the graph: other"):
        backend.restore(state | {"other": state["s"]})
    with pytest.raises(KeyError, match="state does not fit the graph: count"):
        backend.restore({"s": state["s"]})
    with pytest.raises(KeyError, match="other"):
        backend.state(["other"])


def test_two_variables_of_one_name_are_refused(recurrence):
    namesake = aesara.shared(np.float32([0]), name="s", shape=(1,))
    with pytest.raises(ValueError, match="two shared variables are named 's'"):
        recurrence.backend.compile([], [], [(namesake, 2 * namesake)])


def test_steps_of_one_backend_share_their_state(recurrence):
    factor = aesara.shared(np.float32([1, 10, 100]), name="factor", shape=(SIZE,))
    read = recurrence.backend.compile([], [recurrence.s * factor])
    recurrence.step(np.zeros(SIZE, dtype="float32"))
    np.testing.assert_array_equal(read()[0], np.float32([0.5, -10, 200]))
    assert "factor" not in recurrence.backend.state()


def stacked(chunks):
    """The outputs of all steps, from those of `loop`."""
    return [np.concatenate(values) for values in zip(*chunks, strict=True)]


def assert_loops(recurrence, count):
    backend, step = recurrence.backend, recurrence.step
    start, xs = backend.state(), inputs(count)
    singles = [np.stack(values) for values in zip(*map(step, xs), strict=True)]
    state = backend.state()
    backend.restore(start)
    looped = stacked(step.loop(xs))
    for ours, wanted in zip(looped, singles, strict=True):
        assert ours.shape == wanted.shape and ours.dtype == wanted.dtype
        np.testing.assert_allclose(ours, wanted, rtol=1e-6, atol=1e-6)
    for name, value in backend.state().items():
        np.testing.assert_allclose(value, state[name], rtol=1e-6)


def test_a_loop_is_repeated_calls(recurrence):
    assert_loops(recurrence, 5)
    assert list(recurrence.step.loop(inputs(0))) == []


@pytest.mark.parametrize("count", [1, 4, 11])
def test_a_gpus_loop_is_repeated_calls(monkeypatch, count):
    """Several steps at a time, the last time fewer; what a GPU runs, on the CPU where there is none."""
    monkeypatch.setattr(jax_backend, "CHUNK", 4)
    recurrence = Recurrence("jax")
    recurrence.backend.device = "gpu"
    assert_loops(recurrence, count)
    sizes = [len(outputs[0]) for outputs in recurrence.step.loop(inputs(count))]
    assert sizes == [4] * (count // 4) + [count % 4] * (count % 4 > 0)


def test_xla_is_asked_for_the_same_bits_each_time():
    environ = {}
    jax_backend.repeat_bit_for_bit(environ)
    assert environ == {"XLA_FLAGS": "--xla_gpu_deterministic_ops=true"}
    jax_backend.repeat_bit_for_bit(environ)
    assert environ == {"XLA_FLAGS": "--xla_gpu_deterministic_ops=true"}
    environ = {"XLA_FLAGS": "--xla_dump_to=dump"}
    jax_backend.repeat_bit_for_bit(environ)
    assert environ == {"XLA_FLAGS": "--xla_dump_to=dump --xla_gpu_deterministic_ops=true"}


def test_a_users_own_choice_about_bits_is_kept():
    environ = {"XLA_FLAGS": "--xla_gpu_deterministic_ops=false"}
    jax_backend.repeat_bit_for_bit(environ)
    assert environ == {"XLA_FLAGS": "--xla_gpu_deterministic_ops=false"}


def test_this_jax_knows_the_flag():
    """XLA ends a process whose flags it does not know."""
    program = (
        "from reproduce import backends; import os; backends.create('jax', 'cpu');"
        "import jax; print(os.environ['XLA_FLAGS'], jax.jit(lambda x: x + 1)(1))"
    )
    environ = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["--xla_gpu_deterministic_ops=true", "2"]


def test_jax_leaves_the_shared_variables_as_they_were():
    """JAX may read an aligned array in place; its donated buffers must not be that memory."""
    memory = np.zeros(2**16 + 16, dtype="float32")
    offset = -memory.ctypes.data % 64 // 4
    start = memory[offset : offset + 2**16]
    variable = aesara.shared(start, name="s", shape=start.shape, borrow=True)
    backend = JaxBackend("cpu")
    step = backend.compile([], [], [(variable, variable + 1)])
    for _ in range(3):
        step()
    assert not start.any()
    assert not variable.get_value().any()
    np.testing.assert_array_equal(backend.state()["s"], np.full_like(start, 3))


@pytest.mark.compiler
def test_create():
    assert backends.create("jax", "cpu").device == "cpu"
    assert (backends.create("c").name, backends.create("c").device) == ("c", "cpu")
    if jax.default_backend() == "cpu":
        assert backends.create("jax").device == "cpu"


@pytest.mark.compiler
@pytest.mark.parametrize(
    ("onednn_there", "plugins", "device", "expected"),
    [
        (True, False, "auto", ["c", "c", "c"]),
        (False, False, "auto", ["c", "jax", "c"]),
        (True, True, "auto", ["c", "jax", "jax"]),
        (True, True, "cpu", ["c", "c", "c"]),
    ],
)
def test_auto_is_the_faster_backend(monkeypatch, onednn_there, plugins, device, expected):
    monkeypatch.setattr(backends.onednn, "find", lambda: "found" if onednn_there else None)
    monkeypatch.setattr(backends, "find_spec", lambda name: name if plugins else None)
    assert [backends.create("auto", device, kind=kind).name for kind in ("mlp", "cnn", "lstm")] == expected


def one_line(error):
    return "\n" not in str(error.value)


def test_a_gpu_on_c_is_a_users_mistake():
    with pytest.raises(UserError, match="runs on the CPU only; use --backend jax") as error:
        backends.create("c", "gpu")
    assert one_line(error)


def test_tf32_on_c_is_a_users_mistake():
    with pytest.raises(UserError, match=r"backend.precision=tf32 is for GPUs") as error:
        backends.create("c", "cpu", "tf32")
    assert one_line(error)


def test_a_device_out_of_memory_is_one_line():
    x = at.fscalar()
    step = backends.create("jax", "cpu").compile([x], [at.alloc(x, 2**46)])
    with pytest.raises(UserError, match=r"out of memory on the cpu: .*--set data.resident_limit=1") as error:
        step(np.float32(1))
    assert one_line(error)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="JAX has a GPU here")
@pytest.mark.parametrize("name", ["jax", "auto"])
def test_a_missing_gpu_is_a_users_mistake(name):
    with pytest.raises(UserError, match=r"no GPU was found by JAX .*; install .* or use --device cpu") as error:
        backends.create(name, "gpu")
    assert one_line(error)


@pytest.mark.parametrize("cxx", ["", "/nowhere/g++"])
def test_without_a_compiler(monkeypatch, cxx):
    monkeypatch.setattr(aesara.config, "cxx", cxx)
    assert not backends.has_compiler()
    assert backends.create("auto", "cpu").name == "jax"
    with pytest.raises(UserError, match=r"(C\+\+ compiler|NumPy 1) .*c backend.*--backend jax") as error:
        backends.create("c")
    assert one_line(error)
