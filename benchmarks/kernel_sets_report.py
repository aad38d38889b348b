"""The tables of `kernel_sets.py`, from PSNR of single images."""

from collections.abc import Sequence

import numpy as np

Found = tuple[str, str, str, dict[str, float]]  # row, weights, kernel, PSNR by column
SHAKES, BESIDE = "camera shake, mean of eight", "g2.0d"


def report(found: Sequence[Found], columns: Sequence[str]) -> str:
    """Lay out one line for each row and weights file, then one for each kernel of rows that have several.

    Args:
        found: of single images.
        columns: "bicubic" and numbers of updates, rising.

    Returns:
        Markdown.
    """
    rows = {row: [one for one in found if one[0] == row] for row in _each(found, 0)}
    kernels = {}
    for own in rows.values():
        several = _each(own, 2)
        kernels |= {k: [one for one in own if one[2] == k] for k in several if len(several) > 1}
    parts = [table("row", rows, columns), table("kernel", kernels, columns) if kernels else "", beside(rows, columns)]
    return "\n\n".join(filter(None, parts)) + "\n"


def table(kind: str, parts: dict[str, list[Found]], columns: Sequence[str]) -> str:
    """Lay out the means of named parts, one line for each weights file; a gain is that of the most updates over none,
    the lead is of the most updates over those of the part's first weights.
    """
    head = [kind, "weights", "images", *map(_title, columns), "gain", "over the first"]
    lines = [head, ["---"] * 2 + ["---:"] * (len(head) - 2)]
    for name, own in parts.items():
        first, *_ = files = _each(own, 1)
        for weights in files:
            means = _means(own, weights, columns)
            last = [column for column in columns if column in means][-1]
            gain = _signed(means[last] - means["0"]) if "0" in means and last not in ("0", "bicubic") else ""
            lead = "" if weights == first else _signed(means[last] - _means(own, first, columns)[last])
            images = sum(one[1] == weights for one in own) // len(_each(own, 2))
            numbers = [f"{means[column]:.2f}" if column in means else "" for column in columns]
            lines.append([name, f"`{weights}`", str(images), *numbers, gain, lead])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def beside(rows: dict[str, list[Found]], columns: Sequence[str]) -> str:
    """Say how far camera shake is from g2.0d; empty where one of them was not measured."""
    if SHAKES not in rows or BESIDE not in rows:
        return ""
    lines = []
    for weights in _each(rows[SHAKES], 1):
        shakes, other = (_means(rows[row], weights, columns) for row in (SHAKES, BESIDE))
        apart = [f"{_title(c)} {_signed(shakes[c] - other[c])}" for c in columns if c in shakes and c in other]
        lines.append(f"Camera shake over g2.0d, `{weights}`, dB: {', '.join(apart)}.")
    return "\n".join(lines)


def _signed(difference: float) -> str:
    return f"{round(difference, 2) + 0.0:+.2f}"  # no -0.00


def _title(column: str) -> str:
    return {"bicubic": "bicubic", "0": "before"}.get(column, f"after {column}")


def _each(found: Sequence[Found], place: int) -> list[str]:
    return list(dict.fromkeys(one[place] for one in found))


def _means(found: Sequence[Found], weights: str, columns: Sequence[str]) -> dict[str, float]:
    """Average over images and kernels, dB, by column; without columns that some image lacks."""
    own = [psnr for _, name, _, psnr in found if name == weights]
    return {c: float(np.mean([psnr[c] for psnr in own])) for c in columns if all(c in psnr for psnr in own)}
