"""CIFAR-10: `loader` has pylearn2's class and the whitened pictures, `source` prepares the published files."""

from datasets.cifar10.loader import CIFAR10, WhitenedCIFAR10, whitening

__all__ = ["CIFAR10", "WhitenedCIFAR10", "whitening"]
