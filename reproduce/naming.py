"""Suggestions for mistyped names."""

import difflib


def nearest(name, known):
    """``" (did you mean 'x'?)"`` for the known names nearest to `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
