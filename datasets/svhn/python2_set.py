"""The order in which Python 2.7 lists the members of a set; some published data splits depend on it."""

FIRST_SIZE = 8
LARGE = 50_000  # with more members than this, the table grows more slowly


def set_order(integers):
    """Return the order in which a Python 2.7 set lists the distinct non-negative integers put into it.

    Parameters
    ----------
    integers : sequence of int
        In the order of insertion. Each is its own hash.

    Returns
    -------
    list of int

    Examples
    --------
    >>> set_order([9, 8, 1])
    [8, 9, 1]
    """
    table = [None] * FIRST_SIZE
    for count, value in enumerate(map(int, integers), start=1):
        _insert(table, value)
        if 3 * count >= 2 * len(table):
            table = _grown(table, count)
    return [value for value in table if value is not None]


def _insert(table, value):
    """Put `value` into the first free slot of its probe sequence (open addressing)."""
    mask = len(table) - 1
    slot, perturbation = value, value
    while table[slot & mask] is not None:
        slot = 5 * slot + perturbation + 1
        perturbation >>= 5
    table[slot & mask] = value


def _grown(table, count):
    wanted = count * (2 if count > LARGE else 4)
    size = FIRST_SIZE
    while size <= wanted:
        size *= 2
    grown = [None] * size
    for value in table:
        if value is not None:
            _insert(grown, value)
    return grown
