"""OpenMP's threads sleep while they wait, unless the user says otherwise."""

import os
import subprocess
import sys

import pytest

ASKED = "import reproduce, aesara, os; print(os.environ['OMP_WAIT_POLICY'])"


def test_waiting_threads_sleep(python):
    assert python(ASKED, AESARA_FLAGS="cxx=").stdout.strip() == "passive"


def test_the_users_choice_stays(python):
    assert python(ASKED, AESARA_FLAGS="cxx=", OMP_WAIT_POLICY="active").stdout.strip() == "active"


@pytest.mark.parametrize("count", [1, 2])
def test_the_blas_takes_the_threads_that_it_is_given(count):
    code = "import numpy; from reproduce.shim import threads; print(threads.blas_threads())"
    environ = {"OMP_NUM_THREADS": str(count), "PATH": ""}
    found = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert int(found.stdout) == min(count, len(os.sched_getaffinity(0)))
