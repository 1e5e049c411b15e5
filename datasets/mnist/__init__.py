"""MNIST: `loader` has pylearn2's class, `source` prepares the published files."""

from datasets.mnist.loader import MNIST

__all__ = ["MNIST"]
