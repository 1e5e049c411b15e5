"""Lets the thread pools of several libraries share a machine's cores."""

import os

from threadpoolctl import threadpool_info

POLICY = "OMP_WAIT_POLICY"


def let_waiting_threads_sleep(environ=os.environ):
    """Have OpenMP's threads sleep between loops, unless the user says otherwise; before an OpenMP library is loaded.

    By default they spin, on the cores that the BLAS's own threads need next: with two threads on two cores a LAB step
    of MNIST's network took 109 ms so, and 68 ms with threads that sleep.
    """
    environ.setdefault(POLICY, "passive")


def blas_threads():
    """Most threads that a BLAS loaded here uses, 0 where none is."""
    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=0)
