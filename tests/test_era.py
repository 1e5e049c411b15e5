"""Which backend and device a script of Theano's era gets, and what is said of it."""

import jax
import pytest

from reproduce import era

HAS_GPU = any(device.platform != "cpu" for device in jax.devices())


@pytest.mark.parametrize(
    ("backend", "device", "theanos_gpu", "chosen"),
    [
        pytest.param(None, None, None, ("c", "cpu"), marks=pytest.mark.compiler),
        pytest.param("c", None, None, ("c", "cpu"), marks=pytest.mark.compiler),
        ("jax", None, None, ("jax", "cpu")),
        (None, "gpu", None, ("jax", "gpu")),
        pytest.param(None, "cpu", "gpu0", ("c", "cpu"), marks=pytest.mark.compiler),
        ("jax", "gpu", "cuda0", ("jax", "gpu")),
    ],
)
def test_the_command_line_decides(backend, device, theanos_gpu, chosen, capsys):
    assert era._choose(backend, device, theanos_gpu) == chosen
    assert capsys.readouterr().err == ""


def test_theanos_gpu_is_jaxs_or_one_line(capsys):
    assert era._choose(None, None, "gpu0") == ("jax", "gpu" if HAS_GPU else "cpu")
    said = "" if HAS_GPU else "Theano's device=gpu0: JAX finds no GPU; running on the CPU, on the jax backend\n"
    assert capsys.readouterr().err == said
    assert era._choose("c", None, "cuda1") == ("c", "cpu")
    assert capsys.readouterr().err == "Theano's device=cuda1 is ignored: the c backend runs on the CPU\n"
