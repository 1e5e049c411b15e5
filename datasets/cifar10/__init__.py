"""CIFAR-10: `CIFAR10` is pylearn2's data set, and the module `source` says where its files come from."""

from datasets.cifar10.loader import CIFAR10, WhitenedCIFAR10, whitening

__all__ = ["CIFAR10", "WhitenedCIFAR10", "whitening"]
