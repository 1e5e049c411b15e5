"""Small damages to the bytes of a file, of the kinds that break parsers."""

import gzip
import re

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
NUMBERS = (b"0", b"-1", b"77777777777", b"99999999999999999999", b"1e999", b"NaN", b"1e-320", b"0x", b"1" * 5000)
VALUES = (b"null", b"true", b"[]", b"{}", b'""', b'"<b>|`\\n"', b'"\\ud800"', b"[[[[1]]]]", b"Infinity", *NUMBERS)
SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null')
NUMBER = re.compile(rb"\d+")


def mutate(content, rng):
    """`content`, of at least one byte, after one damage or several.

    Parameters
    ----------
    content : bytes
    rng : random.Random

    Returns
    -------
    bytes
    """
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 1, 2, 3, 8))):
        if content:
            rng.choice(DAMAGES)(content, rng)
    return bytes(content)


def mutate_compressed(content, rng, mutate=mutate):
    """`content` damaged as it is, before it is compressed, or after."""
    return rng.choice((
        mutate,
        lambda content, rng: gzip.compress(mutate(content, rng), 1, mtime=0),
        lambda content, rng: mutate(gzip.compress(content, 1, mtime=0), rng),
    ))(content, rng)  # fmt: skip


def _flip(content, rng):
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _change(content, rng):
    content[rng.randrange(len(content))] = rng.randrange(256)


def _truncate(content, rng):
    del content[rng.randrange(len(content)) :]


def _insert(content, rng):
    place = rng.randrange(len(content) + 1)
    content[place:place] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 2, 7, 64))))


def _slice(content, rng):
    start = rng.randrange(len(content))
    return slice(start, start + rng.choice((1, 4, 16, 512)))


def _remove(content, rng):
    del content[_slice(content, rng)]


def _duplicate(content, rng):
    part = _slice(content, rng)
    content[part.stop : part.stop] = content[part]


def _splice(content, rng):
    """Put one part in the place of another."""
    content[_slice(content, rng)] = content[_slice(content, rng)]


def _lie(content, rng):
    """Put another number where there may be a length."""
    size = rng.choice((1, 2, 4, 8))
    place = rng.randrange(len(content)) // size * size
    number = rng.choice(INTERESTING) % 2 ** (8 * size)
    content[place : place + size] = number.to_bytes(size, rng.choice(("big", "little")))


def _replace(pattern, values):
    def replace(content, rng):
        found = [match.span() for match in pattern.finditer(content[:100_000])]
        if found:
            start, stop = rng.choice(found)
            content[start:stop] = rng.choice(values)

    return replace


DAMAGES = (
    _flip, _change, _truncate, _insert, _remove, _duplicate, _splice, _lie, _lie,
    _replace(NUMBER, NUMBERS), _replace(SCALAR, VALUES), _replace(SCALAR, VALUES),
)  # fmt: skip
