"""Runs Lasagne 0.1's own test suite on the shim: ``python benchmarks/peer_tests.py [--backend c|jax] [--out FILE]``.

The suite comes from Lasagne's source distribution, which pip downloads; nothing of it is kept. Its tests date from
2015, and a generated pytest plugin gives them what they expect of ``mock``. The exit code is 0 if every test passes or
is skipped, except those that ask for Theano's GPU backend or for its absence; 2 if the suite cannot be downloaded;
otherwise 1.
"""

import argparse
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from pathlib import Path
from xml.etree import ElementTree

from datasets.storage.files import write_text
from reproduce.runs import provenance

REPOSITORY = Path(__file__).resolve().parents[1]
SHA256 = "3c634ecab67e43e4f18520932bfd88bd3c678ec723c48177f18799dab2411233"  # of Lasagne-0.1.tar.gz on PyPI

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
    backend = options.backend
    with tempfile.TemporaryDirectory(prefix="peer-tests-") as folder:
        try:
            suite = fetch(Path(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"error: Lasagne 0.1 could not be fetched from PyPI ({error}); check the network", file=sys.stderr)
            return 2
        outcomes = run(suite, backend)
    code = report(outcomes, backend)
    if options.out:
        try:
            write_text(options.out, json.dumps(record(outcomes, backend), indent=2) + "\n")
        except OSError as error:
            print(f"error: {options.out} could not be written ({error}); the figures are above", file=sys.stderr)
            return 2
    return code


def fetch(folder):
    """Download, check and unpack the source distribution; returns the folder with the package `lasagne`."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--no-binary", ":all:", "--no-build-isolation", "--dest", folder, "Lasagne==0.1"],
        check=True,
    )  # fmt: skip
    archive = folder / "Lasagne-0.1.tar.gz"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise OSError(f"its SHA-256 is {digest}, not {SHA256}")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder / "Lasagne-0.1"


def run(suite, backend):
    """Run the tests in `suite`; returns a list of (test, outcome, message)."""
    (suite / "shim_plugin.py").write_text(PLUGIN + (JAX_PLUGIN if backend == "jax" else ""))
    results = suite / "results.xml"
    path = os.pathsep.join([str(suite), str(REPOSITORY)])
    subprocess.run(
        # The suite's settings ask for plugins of its day, and lasagne/conftest.py for an old hook: neither is read.
        [sys.executable, "-m", "pytest", "-q", "-p", "shim_plugin", "-p", "no:cacheprovider", "-c", os.devnull,
         "--rootdir", suite, "--confcutdir", suite / "lasagne" / "tests", "--tb=short", "--show-capture=no",
         "-W", "ignore", "--no-summary", "-o", "junit_family=xunit1", f"--junitxml={results}", "lasagne/tests"],
        cwd=suite,
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )  # fmt: skip
    if not results.exists():
        raise SystemExit("error: pytest ended without results; its output above says why")
    return [outcome(case) for case in ElementTree.parse(results).iter("testcase")]


def outcome(case):
    """(test, "passed" | "failed" | "skipped", message) of a JUnit test case."""
    test = f"{case.get('file')}::{case.get('classname').rpartition('.')[2]}::{case.get('name')}"
    for tag, word in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        element = case.find(tag)
        if element is not None:
            return test, word, f"{element.get('message', '')}\n{element.text or ''}"
    return test, "passed", ""


def reason(message):
    """The group that a failed or skipped test is counted in."""
    for pattern, group in REASONS:
        match = re.search(pattern, message)
        if match:
            return group.format(*match.groups())
    return textwrap.shorten(message.splitlines()[0], 100)


def record(outcomes, backend):
    """The figures: counts, the failed tests, the reasons for skipping, and the software."""
    count = collections.Counter(word for _, word, _ in outcomes)
    return {
        "suite": f"Lasagne 0.1, sha256 {SHA256}",
        "backend": backend,
        "passed": count["passed"],
        "failed": {test: reason(message) for test, word, message in outcomes if word == "failed"},
        "skipped": collections.Counter(reason(message) for _, word, message in outcomes if word == "skipped"),
        "software": provenance.software(),
    }


def report(outcomes, backend):
    """Print the figures, the groups and the failed tests; returns the exit code."""
    count = collections.Counter(word for _, word, _ in outcomes)
    print(f"\nLasagne 0.1's own tests, {backend} backend: "
          + ", ".join(f"{count[word]} {word}" for word in ("passed", "failed", "skipped")))  # fmt: skip
    groups = collections.Counter((word, reason(message)) for _, word, message in outcomes if word != "passed")
    for (word, group), number in sorted(groups.items()):
        print(f"{number:5} {word}: {group}")
    failed = [(test, reason(message)) for test, word, message in outcomes if word == "failed"]
    for test, group in failed:
        print(f"FAILED {test}: {group}")
    return int(not outcomes or any(group not in (GPU, OURS) for _, group in failed))


if __name__ == "__main__":
    sys.exit(main())
