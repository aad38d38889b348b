"""Where the time of `mzsr upscale` goes, as bars: one for each version."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PARTS = ("start", "reading", "weights", "kernel and updates", "writing")


def shares(record: dict) -> dict[str, float]:
    """Give the seconds of each part; those of upscaling are told apart by the kind of the operations."""
    laps, kinds = record["laps"], record["kinds"]
    whole = sum(kinds.values())
    upscaling = {name: laps["upscaling"] * seconds / whole for name, seconds in kinds.items() if seconds}
    return {**{part: laps[part] for part in PARTS[:4]}, **upscaling, "writing": laps["writing"]}


def draw(records: dict[str, dict], path: Path) -> None:
    """Draw the bars.

    Args:
        records: name of a version -> what `upscale_case.py` printed with --profile.
        path: of the picture.
    """
    found = {name: shares(record) for name, record in records.items()}
    names = list(dict.fromkeys(part for parts in found.values() for part in parts))
    figure, axes = plt.subplots(figsize=(9, 0.7 * len(found) + 1.6), layout="constrained")
    colours = plt.get_cmap("tab20")
    left = dict.fromkeys(found, 0.0)
    for number, part in enumerate(names):
        widths = [parts.get(part, 0.0) for parts in found.values()]
        axes.barh(list(found), widths, left=list(left.values()), label=part, color=colours(number))
        left = {version: left[version] + width for version, width in zip(found, widths, strict=True)}
    for version, end in left.items():
        axes.text(end, version, f" {end:.1f} s", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08 * max(left.values()))
    axes.set_xlabel("seconds of one process, 1 megapixel x2, kernel known, no update")
    axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.3), frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
