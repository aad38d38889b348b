"""Numbers that arrive as texts: YAML 1.1 reads `1e-4` as one, and `--force_yml` of BasicSR even `1.0e-4` and `-1.5`."""

import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)


def as_number(value: Any) -> Any:
    """Turn a text that is a decimal number into it, an integer if it has no point and no fraction; leave all else."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    return int(number) if number.is_integer() and "." not in value else number


def as_numbers(value: Any) -> Any:
    """Turn the texts of a section that are numbers into them, in mappings and lists of any depth.

    For sections none of whose texts could be meant as a name that looks like a number: `train`, and parts of it.
    """
    if isinstance(value, Mapping):
        return {key: as_numbers(inner) for key, inner in value.items()}
    return [as_numbers(inner) for inner in value] if isinstance(value, list) else as_number(value)


def with_number_at(values: Any, where: str) -> Any:
    """Copy a section with the text at one place turned into a number.

    Args:
        values: the section.
        where: the place as msgspec has it, "`$.a.b[0]`"; "[...]" is any value of a mapping.

    Returns:
        The copy; None where no number stands there as a text.
    """
    found = re.findall(r"\.(\w+)|\[(\d+)\]|\[(\.{3})\]", where.strip("`"))
    keys = [name or every or int(index) for name, index, every in found]
    return _replaced(values, keys)


def _replaced(values: Any, keys: list[str | int]) -> Any:
    if not keys:
        number = as_number(values)
        return None if number is values else number
    head, rest = keys[0], keys[1:]
    if head == "..." and isinstance(values, Mapping):
        mended = as_numbers(values)
        return None if mended == values else mended
    if isinstance(values, Mapping) and head in values:
        inner = _replaced(values[head], rest)
        return None if inner is None else {**values, head: inner}
    if isinstance(values, (list, tuple)) and isinstance(head, int) and head < len(values):
        inner = _replaced(values[head], rest)
        return None if inner is None else [*values[:head], inner, *values[head + 1 :]]
    return None
