"""Texts by characters: `CharacterCorpus`, and the module `source` says where the paper's two texts come from."""

from datasets.text.loader import CharacterCorpus

__all__ = ["CharacterCorpus"]
