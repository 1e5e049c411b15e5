"""The command itself, on each backend, in a process and a folder of its own."""

import pytest

from tests.era.conftest import SCRIPTS


@pytest.mark.parametrize("backend", ["c", "jax"])
def test_a_python_2_script_reads_mnist_through_pylearn2s_names(command, mnist_folder, backend):
    script = SCRIPTS / "mnist.py"
    done = command("--backend", backend, script, "--epochs", PYLEARN2_DATA_PATH=str(mnist_folder))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "pixels (50000, 784) float32 1000"
    losses = [float(line.split()[1]) for line in lines if line.startswith("loss ")]
    assert losses[0] == 1 and losses == sorted(losses, reverse=True) and len(losses) == 6
    assert lines[-1] == "dtype float64 float64"  # Theano's floatX where nobody sets it
    assert done.stderr == "argument --epochs\n"
