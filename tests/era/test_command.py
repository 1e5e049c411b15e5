"""The command itself, on each backend, in a process and a folder of its own."""

import pytest

from tests.era.conftest import SCRIPTS

FLAGS = "device=gpu0,floatX=float32,lib.cnmem=0.8,optimizer=fast_run,exception_verbosity=high,openmp=False"


def check(done, dtype):
    """A run of mnist.py: the first loss is 1, as all outputs are 0."""
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "pixels (50000, 784) float32 1000"
    losses = [float(line.split()[1]) for line in lines if line.startswith("loss ")]
    assert losses[0] == 1 and losses == sorted(losses, reverse=True) and len(losses) == 6
    assert lines[-1] == f"dtype {dtype} {dtype}"


@pytest.mark.compiler
def test_a_python_2_script_reads_mnist_through_pylearn2s_names(command, mnist_folder):
    done = command("--backend", "c", SCRIPTS / "mnist.py", "--epochs", PYLEARN2_DATA_PATH=str(mnist_folder))
    check(done, "float64")  # Theano's floatX where nobody sets it
    assert done.stderr == "argument --epochs\n"


def test_flags_for_theanos_gpu_run_it_on_jax_and_are_named(command, mnist_folder):
    done = command(SCRIPTS / "mnist.py", PYLEARN2_DATA_PATH=str(mnist_folder), THEANO_FLAGS=FLAGS)
    check(done, "float32")
    flag, device = sorted(done.stderr.splitlines(), reverse=True)
    assert flag == "Theano's flag lib.cnmem is ignored; GPU runs go through the JAX backend"
    assert device.startswith("Theano's device=gpu0: ")


def test_a_flag_with_a_value_that_is_none_is_one_line(command, tmp_path):
    (tmp_path / "script.py").write_text("import theano\n")
    done = command("script.py", THEANO_FLAGS="mode=ProfileMode")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and "in the flags for Theano or Aesara" in line and "ProfileMode" in line
    assert line.startswith(f"error: {tmp_path / 'script.py'}, line 1: ")
