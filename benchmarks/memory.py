"""What a memory saves: the second half of a folder of one camera, upscaled with what the first half has taught.

    python benchmarks/memory.py ../shared/data/domains/medical -o out
    python benchmarks/memory.py PHOTOS -o out --kernel gaussian:2,2 --updates 1 3 10 --crop 192 --images 12
    python benchmarks/memory.py PHOTOS -o out --updates 0 --also OTHERS gaussian:2,2 --unlike 0.7   # what disturbs it

Every picture is cut into parts of `--crop` px that do not overlap, and each part is degraded by the kernel, ×2, 8 bits.
The first half of the parts, by name, fills `out/memory.pt`; the second half is upscaled with and without it, and writes
nothing. PSNR is the paper's, on Y; the kernel is known. `out/memory.json` holds every figure.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.meta import store
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

LEVELS = 4.0  # of 255; parts whose standard deviation is below it show nothing
HEAD = ["updates", "without, dB", "with, dB", "gain, dB", "least, most", "begun from it", "seconds without, with"]
HEAD += ["updates without it for as much"]
Pair = tuple[np.ndarray, np.ndarray]  # LR and HR image


def main(given: list[str] | None = None) -> None:
    """Fill, measure, write the figures and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", help="folder of HR images")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder")
    parser.add_argument("--kernel", default="gaussian:2,2", help="default: %(default)s")
    parser.add_argument("--updates", type=int, nargs="+", default=[1, 3, 10], help="(default: 1 3 10); 0 is added")
    parser.add_argument("--fill", type=int, default=10, help="updates on the first half (default: %(default)s)")
    parser.add_argument("--crop", type=int, default=192, help="side of the parts, HR px (default: %(default)s)")
    parser.add_argument("--images", type=int, help="parts, spread evenly (default: all)")
    parser.add_argument("--weights", help="file or shipped:NAME (default: the command's own)")
    also = "more folders and kernels, the first half of which fills the memory too"
    parser.add_argument("--also", nargs=2, action="append", default=[], metavar=("FOLDER", "KERNEL"), help=also)
    parser.add_argument("--unlike", type=float, default=store.UNLIKE, help="cosine (default: %(default)s)")
    arguments = parser.parse_args(given)
    store.UNLIKE = arguments.unlike
    try:
        pairs = parts(arguments, arguments.photographs, arguments.kernel)
        rows = measure(pairs, arguments)
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None
    print(table(rows, len(pairs)))


def parts(choices: argparse.Namespace, folder: str, kernel: str) -> list[Pair]:
    """Cut all pictures of a folder into parts, and degrade each."""
    degradation, side, found = Degradation(kernel, 2), choices.crop // 2 * 2, []
    for path in sorted(list_photographs(folder, "photographs")):
        picture = decode(Path(path).read_bytes(), path)
        picture = picture if picture.dtype == np.uint8 else np.round(picture / 257).astype(np.uint8)
        corners = [range(0, extent - side + 1, side) for extent in picture.shape[:2]]
        cut = [picture[y : y + side, x : x + side] for y in corners[0] for x in corners[1]]
        found += [np.ascontiguousarray(part) for part in cut if part.std() > LEVELS]
    if choices.images and choices.images < len(found):
        found = [found[round(place)] for place in np.linspace(0, len(found) - 1, choices.images)]
    chance = torch.Generator().manual_seed(0)
    blurred = [degradation.apply(to_tensor(hr)[None].double(), chance) for hr in found]
    return [(to_picture(round_to_8_bits(lq)), hr) for lq, hr in zip(blurred, found, strict=True)]


def measure(pairs: list[Pair], choices: argparse.Namespace) -> dict[int, list[dict[str, float]]]:
    """Fill a memory by the first half, and upscale the second: for each number of updates, a record an image."""
    choices.output.mkdir(parents=True, exist_ok=True)
    file = choices.output / "memory.pt"
    file.unlink(missing_ok=True)
    counts = sorted({0, *choices.updates})
    half = len(pairs) // 2
    for kernel, known in [
        (choices.kernel, pairs),
        *((kernel, parts(choices, folder, kernel)) for folder, kernel in choices.also),
    ]:
        upscaler = _upscaler(choices, kernel, choices.fill, file)
        for lq, _ in tqdm(known[: len(known) // 2], desc=f"first half, {kernel}", unit="image", disable=None):
            upscaler.remember(upscaler.plan(lq))
    rows = {count: [] for count in counts}
    for count in counts:
        upscaler = _upscaler(choices, choices.kernel, count, file)
        for lq, hr in tqdm(pairs[half:], desc=f"{count} updates", unit="image", disable=None):
            rows[count].append(_both(upscaler, lq, hr))
    (choices.output / "memory.json").write_text(json.dumps({"kernel": choices.kernel, "updates": rows}, indent=1))
    return rows


def _upscaler(choices: argparse.Namespace, kernel: str, updates: int, file: Path) -> Upscaler:
    given = {"kernel": kernel, "weights": choices.weights, "updates": updates, "memory": str(file)}
    return Upscaler(UpscaleSettings(noise=0, **given))


def _both(upscaler: Upscaler, lq: np.ndarray, hr: np.ndarray) -> dict[str, float]:
    """Upscale an image without a memory and with it."""
    memory, upscaler.memory = upscaler.memory, None
    alone = upscaler.plan(lq)
    upscaler.memory = memory
    plan = upscaler.plan(lq)
    without, along = (psnr_y(upscaler.apply(lq, one), hr, 2) for one in (alone, plan))
    kept = {"kept_without": alone.adapted.kept, "kept": plan.adapted.kept, "used": plan.adapted.recalled}
    near = {"nearness": plan.recalled.nearness, "entries": plan.recalled.entries}
    seconds = {"seconds_without": alone.seconds["adaptation"], "seconds": plan.seconds["adaptation"]}
    return {"without": without, "with": along, **kept, **near, **seconds}


def table(rows: dict[int, list[dict[str, float]]], images: int) -> str:
    """Lay out one line for each number of updates: means over the second half."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " ---: |" * len(HEAD)]
    alone = {count: float(np.mean([one["without"] for one in own])) for count, own in rows.items()}
    for count, own in rows.items():
        gain = np.array([one["with"] - one["without"] for one in own])
        used, along = sum(one["used"] for one in own), float(np.mean([one["with"] for one in own]))
        cells = (f"{count}", f"{alone[count]:.2f}", f"{along:.2f}", f"{gain.mean():+.2f}")
        seconds = ", ".join(f"{np.mean([one[name] for one in own]):.1f}" for name in ("seconds_without", "seconds"))
        cells += (f"{gain.min():+.2f}, {gain.max():+.2f}", f"{used} of {len(own)}", seconds, _as_many(along, alone))
        lines.append("| " + " | ".join(cells) + " |")
    entries = next(iter(rows.values()))[0]["entries"]
    return "\n".join([*lines, "", f"{images} images, half of which filled {entries:.0f} entries."])


def _as_many(reached: float, alone: dict[int, float]) -> str:
    """Say how many updates without a memory reach a mean PSNR, interpolated between those that were made."""
    counts, means = list(alone), list(alone.values())
    enough = next((place for place, mean in enumerate(means) if mean >= reached), None)
    if enough is None:
        return f"more than {counts[-1]}"
    if enough == 0:
        return "0"
    last, next_ = means[enough - 1], means[enough]
    return f"{np.interp(reached, (last, next_), counts[enough - 1 : enough + 1]):.1f}"


if __name__ == "__main__":
    main()
