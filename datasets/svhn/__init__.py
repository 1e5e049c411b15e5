"""SVHN: `loader` has pylearn2's class, `source` prepares the published files."""

from datasets.svhn.loader import SVHN

__all__ = ["SVHN"]
