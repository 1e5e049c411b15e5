"""Runs Lasagne 0.1's own test suite on the shim: ``python -m benchmarks.peer_tests [--backend c|jax] [--out FILE]``.

The suite comes from Lasagne's source distribution, which pip downloads. Its tests date from 2015; `mock_for_pytest`
gives them what they expect of ``mock``. The exit code is 0 if every test passes or is skipped, except those that ask
for Theano's GPU backend or for its absence; 2 if the suite cannot be downloaded; otherwise 1.
"""

import argparse
import sys
import tempfile

from benchmarks import suites

DISTRIBUTION = "Lasagne-0.1"
SHA256 = "3c634ecab67e43e4f18520932bfd88bd3c678ec723c48177f18799dab2411233"

PLUGINS = {"c": ["benchmarks.mock_for_pytest"], "jax": ["benchmarks.mock_for_pytest", "benchmarks.jax_for_pytest"]}

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


@suites.command
def main(arguments=None):
    parser = argparse.ArgumentParser(description="Lasagne 0.1's own tests on the shim")
    parser.add_argument("--backend", choices=("c", "jax"), default="c")
    parser.add_argument("--out", metavar="FILE", help="write the figures to FILE, as JSON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="peer-tests-") as folder:
        figures = suites.count(run(suites.fetch(DISTRIBUTION, SHA256, folder), options.backend), REASONS)
    print(f"\nLasagne 0.1's own tests, {options.backend} backend: ", *suites.describe(figures), sep="\n")
    if options.out:
        suite = {"suite": f"Lasagne 0.1, sha256 {SHA256}", "backend": options.backend}
        suites.record(options.out, suite | figures)
    return exit_code(figures)


def run(suite, backend):
    """Run the tests in `suite`; returns a list of (test, outcome, message)."""
    # lasagne/conftest.py asks for an old hook: it is not read.
    return suites.run(suite, ["lasagne/tests"], PLUGINS[backend], ["--confcutdir", suite / "lasagne" / "tests"])


def exit_code(figures):
    """0 if something passed, and nothing failed but what asks for the GPU backend or its absence."""
    return int(not figures["passed"] or any(group not in (GPU, OURS) for group in figures["failed"].values()))


if __name__ == "__main__":
    sys.exit(main())
