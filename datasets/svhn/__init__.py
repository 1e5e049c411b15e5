"""SVHN: `SVHN` is pylearn2's data set, and the module `source` says where its files come from."""

from datasets.svhn.loader import SVHN

__all__ = ["SVHN"]
