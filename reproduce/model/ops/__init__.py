"""Ops that the methods need and Aesara lacks, each in C, NumPy and JAX."""
