"""Runs test modules of Theano 0.9.0 on the shim: ``python -m benchmarks.theano_tests [FILE …] [--out FILE.json]``.

They come from Theano's source distribution, which pip downloads. `nose_for_pytest` gives them what they expect of nose
and of Theano's helpers for tests. The exit code is 0 if no failure is ours; 2 if Theano cannot be downloaded; else 1.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import suites

DISTRIBUTION = "Theano-0.9.0"
SHA256 = "745d66716531f9063127274b40503fbc21f931f78b7b03e79e5523d50078bc17"

MODULES = (
    "compile/tests/test_function.py",
    "compile/tests/test_function_module.py",
    "compile/tests/test_function_name.py",
    "compile/tests/test_pfunc.py",
    "compile/tests/test_shared.py",
    "sandbox/tests/test_rng_mrg.py",
    "scan_module/tests/test_scan.py",
    "scan_module/tests/test_scan_checkpoints.py",
    "scan_module/tests/test_scan_opt.py",
    "scan_module/tests/test_scan_utils.py",
    "tensor/signal/tests/test_pool.py",
    "tensor/tests/test_sharedvar.py",
    "tests/test_ifelse.py",
)
HELPERS = ("tests/unittest_tools.py", "tests/disturb_mem.py", "scan_module/tests/inconsistent_scan.pkl",
           "tensor/signal/tests/old_pool_interface.pkl")  # fmt: skip

REMOVED, CHANGED, TESTS = "removed: ", "Aesara's change: ", "the test's own: "
STATED = "ours, stated in docs/era_scripts.md: "

# A pattern of a test's message, and the group that the test is counted in; the first match decides.
REASONS = (
    (r"gpuarray|asks for Theano's GPU|cuda|pygpu", REMOVED + "Theano's GPU backend"),
    (r"map_variables|'Scan' object has no attribute|in outer_(seqs|non_seqs)\b", REMOVED + "internals of Scan"),
    (r"_constructor_FunctionMaker", REMOVED + "pickles of compiled functions"),
    (r"(?m)in test_(simple_shared_random|gibbs_chain|normal0|grad_multiple_outs_some_uncomputable)$",
     CHANGED + "RandomStreams draws from NumPy's Generator"),
    (r"(?m)in test_merge(_3scans)?$", CHANGED + "rewrites have other names"),
    (r"(?m)in test_(inplace3|specify_shape_partial)$", CHANGED + "other nodes in the graph"),
    (r"(?m)in test_copy_delete_updates$", CHANGED + "a copied function gives one output without a list"),
    (r"Cannot convert <int64> to a scalar type", CHANGED + "a shared variable of theano.scalar is no index"),
    (r"[Tt]est value|missing default value", CHANGED + "no test values in gradients of loops"),
    (r"in numpy_max_pool_nd_stride", TESTS + "NumPy takes no floats for indices since 1.12"),
    (r"assert TensorType\(.*\b1\b.* == TensorType", STATED + "a shared variable's axis of length 1 broadcasts"),
)


@suites.command
def main(arguments=None):
    names = [Path(module).name for module in MODULES]
    parser = argparse.ArgumentParser(description="Theano 0.9.0's own tests on the shim")
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"default: {' '.join(names)}")
    parser.add_argument("--out", metavar="FILE.json", help="write the figures to FILE.json")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.files if name not in names]
    if unknown:
        parser.error(f"unknown file '{unknown[0]}'")
    with tempfile.TemporaryDirectory(prefix="theano-tests-") as folder:
        tests = unpack(folder)
        # Each in its own process, as some leave flags behind.
        by_file = {name: suites.count(run(tests, name), REASONS) for name in options.files or names}
    for name, figures in by_file.items():
        print(f"\n{name}: ", *suites.describe(figures), sep="\n")
    if options.out:
        suites.record(options.out, {"suite": f"Theano 0.9.0, sha256 {SHA256}", "backend": "c", "files": by_file})
    return exit_code(by_file)


def unpack(folder):
    """The folder with the tests and their helpers, apart from Theano's package, for which the shim stands in."""
    theano = suites.fetch(DISTRIBUTION, SHA256, folder) / "theano"
    tests = Path(folder) / "tests"
    tests.mkdir()
    for file in (*MODULES, *HELPERS):
        shutil.copy(theano / file, tests)
    return tests


def run(tests, name):
    """Run one file; returns a list of (test, outcome, message)."""
    return suites.run(tests, [name], ["benchmarks.nose_for_pytest"], THEANO_FLAGS="floatX=float64")


def exit_code(by_file):
    """0 if something passed, and nothing failed for a reason that is not known."""
    groups = [group for figures in by_file.values() for group in figures["failed"].values()]
    known = all(group.startswith((REMOVED, CHANGED, TESTS, STATED)) for group in groups)
    return int(not known or not any(figures["passed"] for figures in by_file.values()))


if __name__ == "__main__":
    sys.exit(main())
