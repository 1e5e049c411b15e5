"""Other projects' own tests, run on the shim: fetched from PyPI by name and SHA-256, run by pytest, and counted."""

import collections
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path
from xml.etree import ElementTree

from datasets.errors import DataError, one_line
from datasets.storage.files import write_text
from reproduce.errors import UserError
from reproduce.runs import provenance

REPOSITORY = Path(__file__).resolve().parents[1]
CACHE = REPOSITORY / "build" / "suites"


def command(main):
    """`main`, which an error of its user ends with one line and exit code 2."""

    @functools.wraps(main)
    def run(arguments=None):
        try:
            return main(arguments)
        except (UserError, DataError) as error:
            print(f"error: {one_line(error)}", file=sys.stderr)
            return 2

    return run


def fetch(distribution, sha256, folder):
    """Unpack a source distribution, which is downloaded if the cache lacks it.

    Parameters
    ----------
    distribution : str
        Its name and version, as the archive has them: ``Theano-0.9.0``.
    sha256 : str
    folder : path-like
        Where it is unpacked.

    Returns
    -------
    pathlib.Path
        The folder that was in the archive.

    Raises
    ------
    UserError
        If it cannot be downloaded, or is another archive.
    """
    archive = CACHE / f"{distribution}.tar.gz"
    if not archive.exists():
        _download(distribution)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != sha256:
        archive.unlink()
        raise UserError(f"the SHA-256 of {archive.name} from PyPI is {digest}, not {sha256}")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return Path(folder) / distribution


def _download(distribution):
    CACHE.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    sources = ["--no-binary", ":all:", "--no-build-isolation", "--dest", CACHE]
    try:
        subprocess.run([*pip, *sources, "==".join(distribution.rsplit("-", 1))], check=True)
    except subprocess.CalledProcessError:
        raise UserError(f"pip could not download {distribution} from PyPI; check the network") from None


def run(folder, tests, plugins, options=(), **environ):
    """Run tests by pytest, which reads no settings of theirs.

    Parameters
    ----------
    folder : pathlib.Path
        Where pytest runs.
    tests : list of str
        Its files and folders in there.
    plugins : iterable of str
        Names of modules that supply what the tests expect.
    options : iterable of str
        Further arguments of pytest.
    **environ : str
        Further environment variables.

    Returns
    -------
    list of (str, str, str)
        Test, outcome and message, as `outcome` gives them.
    """
    results = folder / "results.xml"
    results.unlink(missing_ok=True)  # of an earlier run
    path = os.pathsep.join([str(folder), str(REPOSITORY)])
    asked = [argument for plugin in plugins for argument in ("-p", plugin)]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *asked, "-p", "no:cacheprovider", "-c", os.devnull,
         "--rootdir", folder, "--continue-on-collection-errors", "--tb=short", "--show-capture=no", "-W", "ignore",
         "--no-summary", "-o", "junit_family=xunit1", f"--junitxml={results}", *options, *tests],
        cwd=folder,
        env=os.environ | environ | {"PYTHONPATH": path},
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


def reason(message, reasons):
    """The group that a failed or skipped test is counted in: that of the first pattern found, else its first line."""
    for pattern, group in reasons:
        match = re.search(pattern, message)
        if match:
            return group.format(*match.groups())
    return textwrap.shorten(message.splitlines()[0], 100)


def count(outcomes, reasons):
    """The figures: how many passed, which failed and why, and for which reasons how many were skipped."""
    numbers = collections.Counter(word for _, word, _ in outcomes)
    return {
        "passed": numbers["passed"],
        "failed": {test: reason(message, reasons) for test, word, message in outcomes if word == "failed"},
        "skipped": dict(collections.Counter(reason(text, reasons) for _, word, text in outcomes if word == "skipped")),
    }


def describe(figures):
    """The figures of `count`, in lines."""
    numbers = [figures["passed"], len(figures["failed"]), sum(figures["skipped"].values())]
    counted = zip(numbers, ("passed", "failed", "skipped"), strict=True)
    yield ", ".join(f"{number} {word}" for number, word in counted)
    for word, groups in (("failed", collections.Counter(figures["failed"].values())), ("skipped", figures["skipped"])):
        yield from (f"{number:5} {word}: {group}" for group, number in sorted(groups.items()))
    yield from (f"FAILED {test}: {group}" for test, group in figures["failed"].items())


def record(path, figures):
    """Write `figures`, and the versions of the software, to a JSON file.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    try:
        write_text(path, json.dumps(figures | {"software": provenance.software()}, indent=2) + "\n")
    except OSError as error:
        raise UserError(f"{path} could not be written ({error}); the figures are above") from error
