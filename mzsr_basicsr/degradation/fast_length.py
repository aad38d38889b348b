"""Lengths that Fourier transforms are fast for: the choice of SciPy's `next_fast_len`, without SciPy's start."""

_FACTORS = (2, 3, 5, 7, 11)


def fast_length(least: int) -> int:
    """Give the smallest length from `least`, 1 or more, on that has no prime factor above 11."""
    length = least
    while not _is_fast(length):
        length += 1
    return length


def _is_fast(length: int) -> bool:
    for factor in _FACTORS:
        while length % factor == 0:
            length //= factor
    return length == 1
