"""The C++ code beside this package's modules."""

from pathlib import Path


def source(*names):
    """The text of these files, one after the other."""
    return "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)
