"""What `mzsr adapt` gains on a picture that it has not seen: every picture of a folder is left out once.

    python benchmarks/collection.py ../shared/data/domains/medical ../shared/data/domains/text -o out
    python benchmarks/collection.py SCANS -o out --steps 500 --kernel gaussian:0.2,0.2 --crop 384

Each folder is a domain. The middle of each picture is degraded by the kernel, ×2, 8 bits. Weights are adapted to all
but one, the kernel known, and the one is upscaled with them and with those that they began with, by 0 and 10 updates.
PSNR is the paper's, on Y. One thread and a number of steps, so that every run gives the same; OUT/collection.json.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from quality import middle
from tqdm import tqdm

from mzsr_basicsr.collection.adapt import adapt
from mzsr_basicsr.collection.choices import AdaptChoices
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

UPDATES = (0, 10)
HEAD = "| domain | left out | " + " | ".join(f"{n} updates, before | after | gain, dB" for n in UPDATES) + " |"


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture: its name, its LR and its HR image."""

    name: str
    lq: np.ndarray
    hr: np.ndarray


def main(given: list[str] | None = None) -> None:
    """Leave out, adapt, measure, and print the table."""
    made = parser(__doc__)
    made.add_argument("folders", type=Path, nargs="+", help="folders of HR images; each is a domain")
    a = made.parse_args(given)
    try:
        rows = [row for folder in a.folders for row in leave_one_out(folder, a)]
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None
    (a.output / "collection.json").write_text(json.dumps(rows, indent=1))
    print(table(rows))


def parser(about: str) -> argparse.ArgumentParser:
    """Make the command line's common part."""
    torch.set_num_threads(1)
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("-o", "--output", type=Path, required=True, help="folder")
    made.add_argument("--kernel", default="gaussian:2,2,0,21", help="default: %(default)s")
    made.add_argument("--steps", type=int, default=150, help="of an adaptation (default: %(default)s)")
    made.add_argument("--crop", type=int, default=256, help="side of the middle, HR px (default: %(default)s)")
    made.add_argument("--weights", default="shipped:mzsr_x2", help="to begin with (default: %(default)s)")
    made.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    return made


def leave_one_out(folder: Path, a: argparse.Namespace) -> list[dict[str, object]]:
    """Adapt to all pictures of a folder but one, for each of them."""
    pictures, rows = shown(folder, a), []
    for left in tqdm(pictures, desc=folder.name, unit="picture", disable=None):
        others = [one for one in pictures if one is not left]
        file = adapted(others, a.output / f"{folder.name}_without_{left.name}", a)
        row: dict[str, object] = {"domain": folder.name, "picture": left.name}
        for count in UPDATES:
            row[f"before_{count}"] = psnr(left, a, a.weights, count)
            row[f"after_{count}"] = psnr(left, a, str(file), count)
        rows.append(row)
    return rows


def shown(folder: Path, a: argparse.Namespace) -> list[Shown]:
    """Read the middles of all pictures of a folder, by name, and degrade them."""
    degradation, found = Degradation(a.kernel, 2), []
    for path in sorted(list_photographs(str(folder), "folder")):
        hr = middle(decode(Path(path).read_bytes(), path), a.crop, 2)
        blurred = degradation.apply(to_tensor(hr)[None].double(), torch.Generator().manual_seed(0))
        found.append(Shown(Path(path).stem, to_picture(round_to_8_bits(blurred)), hr))
    return found


def adapted(pictures: list[Shown], place: Path, a: argparse.Namespace) -> Path:
    """Adapt the starting weights to pictures, as `mzsr adapt` does; the file's path."""
    written(pictures, place)
    output = place.with_suffix(".pth")
    choices = AdaptChoices(place, output, settings(a, a.weights, 0), None, 1e4, a.steps, None, overwrite=True)
    choices.state.unlink(missing_ok=True)
    choices.check()
    adapt(choices)
    return output


def written(pictures: list[Shown], place: Path) -> None:
    """Write LR images into a folder of their own."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for one in pictures:
        Image.fromarray(one.lq).save(place / f"{one.name}.png")


def settings(a: argparse.Namespace, weights: str, updates: int, memory: str | None = None) -> UpscaleSettings:
    """Choose what is known of the pictures."""
    given = {"weights": weights, "updates": updates, "memory": memory, "seed": a.seed}
    return UpscaleSettings(kernel=a.kernel, noise=0, device="cpu", **given)


def psnr(one: Shown, a: argparse.Namespace, weights: str, updates: int, memory: str | None = None) -> float:
    """Upscale a picture, and measure it, dB; a memory is asked, and not written."""
    upscaler = Upscaler(settings(a, weights, updates, memory))
    return psnr_y(upscaler.apply(one.lq, upscaler.plan(one.lq)), one.hr, 2)


def table(rows: list[dict[str, object]]) -> str:
    """Lay out a line for each picture, and the mean of each domain."""
    lines = [HEAD, "| --- | --- |" + " ---: |" * (3 * len(UPDATES))]
    for domain in dict.fromkeys(row["domain"] for row in rows):
        own = [row for row in rows if row["domain"] == domain]
        keys = [f"{when}_{count}" for count in UPDATES for when in ("before", "after")]
        mean = {key: float(np.mean([row[key] for row in own])) for key in keys}
        for row in (*own, {"picture": "**mean**", **mean}):
            cells = [f"{domain}", f"{row['picture']}"]
            for count in UPDATES:
                before, after = row[f"before_{count}"], row[f"after_{count}"]
                cells += [f"{before:.2f}", f"{after:.2f}", f"{after - before:+.2f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
