"""The same training steps written by hand for other libraries; each takes a `benchmarks.problems.Problem`."""
