"""Texts by characters: `loader` has `CharacterCorpus`, `source` prepares the paper's two texts."""

from datasets.text.loader import CharacterCorpus

__all__ = ["CharacterCorpus"]
