"""Runs Lasagne 0.1's own test suite on the shim: ``python -m benchmarks.peer_tests [--backend c|jax] [--out FILE]``.

The suite comes from Lasagne's source distribution, which pip downloads. Its tests date from 2015, and a generated
pytest plugin gives them what they expect of ``mock``. The exit code is 0 if every test passes or is skipped, except
those that ask for Theano's GPU backend or for its absence; 2 if the suite cannot be downloaded; otherwise 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile

from benchmarks import suites
from datasets.storage.files import write_text
from reproduce.runs import provenance

DISTRIBUTION = "Lasagne-0.1"
SHA256 = "3c634ecab67e43e4f18520932bfd88bd3c678ec723c48177f18799dab2411233"

# A newer mock reads every attribute of the object whose interface it takes, and so runs properties that raise. These
# tests need only a list of the names and the class.
PLUGIN = """
import sys
import types
import unittest.mock

import reproduce


class Mock(unittest.mock.Mock):
    def __init__(self, spec=None, **arguments):
        super().__init__(spec=None if spec is None else dir(spec), **arguments)
        if spec is not None:
            self.__dict__["_spec_class"] = type(spec)


mock = types.ModuleType("mock")
mock.Mock = Mock
mock.PropertyMock = unittest.mock.PropertyMock
sys.modules["mock"] = mock
"""

# The tests compare float64 to the last digit, which JAX has only if 64-bit numbers are enabled.
JAX_PLUGIN = """
import aesara
import jax

from reproduce.shim import jax_ops

jax.config.update("jax_enable_x64", True)
aesara.config.mode = jax_ops.mode()
"""

GPU = "asks for Theano's GPU backend"
OURS = "expects Lasagne's GPU layers to be missing, which run here"

# A pattern of a test's message, and the group that the test is counted in; the first match decides.
REASONS = (
    (r"theano\.sandbox\.cuda", GPU),
    (r"DID NOT RAISE.*ImportError", OURS),
    (r"(dnn|cuDNN|corrmm|cuda_convnet) not available", "needs cuDNN, cuda-convnet or Theano's GPU convolutions"),
    (r"JAX cannot run (\w+)", "Op without a rule for JAX: {}"),
    (r"need --runslow", "slow: the suite runs it only when asked to"),
)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Lasagne 0.1's own tests on the shim")
    parser.add_argument("--backend", choices=("c", "jax"), default="c")
    parser.add_argument("--out", metavar="FILE", help="write the figures to FILE, as JSON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="peer-tests-") as folder:
        try:
            suite = suites.fetch(DISTRIBUTION, SHA256, folder)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"error: Lasagne 0.1 could not be fetched from PyPI ({error}); check the network", file=sys.stderr)
            return 2
        figures = suites.count(run(suite, options.backend), REASONS)
    print(f"\nLasagne 0.1's own tests, {options.backend} backend: ", *suites.describe(figures), sep="\n")
    if options.out:
        found = {"suite": f"Lasagne 0.1, sha256 {SHA256}", "backend": options.backend} | figures
        try:
            write_text(options.out, json.dumps(found | {"software": provenance.software()}, indent=2) + "\n")
        except OSError as error:
            print(f"error: {options.out} could not be written ({error}); the figures are above", file=sys.stderr)
            return 2
    return exit_code(figures)


def run(suite, backend):
    """Run the tests in `suite`; returns a list of (test, outcome, message)."""
    # lasagne/conftest.py asks for an old hook: it is not read.
    plugin = PLUGIN + (JAX_PLUGIN if backend == "jax" else "")
    return suites.run(suite, ["lasagne/tests"], plugin, ["--confcutdir", suite / "lasagne" / "tests"])


def exit_code(figures):
    """0 if something passed, and nothing failed but what asks for the GPU backend or its absence."""
    return int(not figures["passed"] or any(group not in (GPU, OURS) for group in figures["failed"].values()))


if __name__ == "__main__":
    sys.exit(main())
