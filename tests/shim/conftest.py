"""The shim is installed before any test module imports theano or lasagne; fresh interpreters for import order."""

import os
import subprocess
import sys

import pytest

import reproduce  # noqa: F401

OURS = "AESARA_FLAGS", "THEANO_FLAGS", "THEANORC", "OMP_WAIT_POLICY"
"""What a test sets, or the process that runs the tests has set for itself."""


@pytest.fixture
def python(tmp_path):
    """Run code in a new interpreter with these arguments and environment variables; returns the finished process."""

    def run(code, *arguments, **environ):
        inherited = {name: v for name, v in os.environ.items() if name not in OURS}
        (tmp_path / "empty").write_text("")
        environ = inherited | dict.fromkeys(["AESARARC", "THEANORC"], str(tmp_path / "empty")) | environ
        command = [sys.executable, "-c", code, *arguments]
        process = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stderr
        return process

    return run
