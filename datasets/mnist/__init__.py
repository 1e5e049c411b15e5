"""MNIST: `MNIST` is pylearn2's data set, and the module `source` says where its files come from."""

from datasets.mnist.loader import MNIST

__all__ = ["MNIST"]
