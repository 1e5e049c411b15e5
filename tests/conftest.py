"""Fixtures and rules that all tests share."""

import contextlib
import ctypes
import os
import signal
import tempfile
from pathlib import Path

import pytest

# Aesara notes for each variable where it was made, a fifth of the time that a graph takes.
_FLAGS = {"traceback__limit": "0"}
if "PYTEST_XDIST_WORKER" in os.environ:
    # Aesara compiles one module at a time in a folder, so that processes with one folder wait for each other.
    _FLAGS["base_compiledir"] = Path("~/.aesara").expanduser() / os.environ["PYTEST_XDIST_WORKER"]
else:
    # What XLA compiled once is read by the workers and programs that compile it again.
    _COMPILED = tempfile.TemporaryDirectory()
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(Path(_COMPILED.name) / "xla")
    os.environ |= {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}
_FLAGS = [f"{key}={value}" for key, value in _FLAGS.items()]
os.environ["AESARA_FLAGS"] = ",".join([*_FLAGS, *os.environ.get("AESARA_FLAGS", "").split(",")])

import reproduce  # noqa: E402, F401  before Aesara or Lasagne, which it configures
from tests import compiled_modules  # noqa: E402

compiled_modules.share(Path(os.environ["JAX_COMPILATION_CACHE_DIR"]).with_name("c"))

TESTS = Path(__file__).resolve().parent
DATA = Path(os.environ.get("PYLEARN2_DATA_PATH") or TESTS.parent / "data")


@pytest.fixture(scope="session")
def openmp_threads():
    """A context in which the C code of this process has that many threads."""
    try:
        openmp = ctypes.CDLL("libgomp.so.1")  # the run-time library that compiled code loads
    except OSError:
        pytest.skip("the compiler's OpenMP is not GNU's, whose threads these tests set")

    @contextlib.contextmanager
    def limited(threads):
        default = openmp.omp_get_max_threads()
        openmp.omp_set_num_threads(threads)
        try:
            yield
        finally:
            openmp.omp_set_num_threads(default)

    return limited


@pytest.fixture(scope="session")
def golden_folder():
    """The numbers that the original programs computed; its README.md says what they are."""
    return TESTS / "golden"


@pytest.fixture(scope="session")
def prepared_root():
    """A function from a data set's name to the folder in which it is prepared; without one, the test skips."""
    from datasets import catalog
    from datasets.errors import NotPreparedError

    def find(name):
        try:
            official = catalog.get(name).provenance(DATA)["official"]
        except NotPreparedError as error:
            pytest.skip(str(error))
        if not official:
            pytest.skip(f"{name} in {DATA} is unofficial; run: python -m reproduce data prepare {name} --data ANOTHER")
        return DATA

    return find


@pytest.fixture
def heard_signals():
    """Signals as in the foreground; the background jobs of a shell ignore some of them, and so would their children."""
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def language_run(tmp_path_factory):
    """A function that makes a tiny language model's run, of a text of one line over and over."""
    from reproduce import backends, experiments
    from reproduce.runs import run as runs

    text = tmp_path_factory.mktemp("text") / "text.txt"
    text.write_bytes("hello wörld\n".encode() * 60)

    def make(folder, method="lab", backend="jax", **overrides):
        tiny = {
            "data.file": str(text), "network.units": 16, "network.steps": 5,
            "training.batch_size": 4, "training.epochs": 3, "training.learning_rate": 0.05,
        }  # fmt: skip
        experiment = experiments.resolve("linux_kernel", method, tiny | overrides)
        return runs.Run(experiment, 1234, backends.create(backend), folder, ["run", "linux_kernel"])

    return make


@pytest.fixture(scope="session", params=["c", "jax"])
def language_model(request, language_run, tmp_path_factory):
    """A finished run of `language_run`, on either backend."""
    if request.param == "jax":
        return request.getfixturevalue("jax_language_model")
    return _finished(language_run(tmp_path_factory.mktemp("runs"), backend="c"))


@pytest.fixture(scope="session")
def jax_language_model(language_run, tmp_path_factory):
    return _finished(language_run(tmp_path_factory.mktemp("runs")))


def _finished(run):
    with run.held():
        run.execute("unused")
    return run


@pytest.fixture(scope="session")
def diverged(language_run, tmp_path_factory):
    """A finished run whose learning rate leaves no finite number."""
    rate = {"training.learning_rate": 3e38, "training.epochs": 2}
    return _finished(language_run(tmp_path_factory.mktemp("runs"), "binaryconnect", **rate))


def pytest_collection_modifyitems(items):
    """Where Aesara cannot compile C code, skip what is marked `compiler` or has a parameter of value "c"."""
    from reproduce import backends

    if backends.has_compiler():
        return
    skip = pytest.mark.skip(reason=f"{backends.c_obstacle()[0]}: the c backend cannot be tested")
    for item in items:
        parameters = getattr(item, "callspec", None) and item.callspec.params
        if item.get_closest_marker("compiler") or (parameters and "c" in map(str, parameters.values())):
            item.add_marker(skip)
