"""Colours, where a person sees them."""

import os

from datasets.progress import is_terminal

RED, GREEN, YELLOW = 31, 32, 33


def coloured(text, colour, stream):
    """`text` for `stream`: in `colour` on a terminal, unless the environment sets NO_COLOR (no-color.org)."""
    if os.environ.get("NO_COLOR") or not is_terminal(stream):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
