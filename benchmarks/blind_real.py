"""Blind super-resolution on what people really have: what `--kernel auto` gains over bicubic enlargement.

    python benchmarks/blind_real.py BENCHMARKS/Set14/GT [--scale 4] [--kernel auto] [--lines motion jpeg50_png]

Of each photograph a square part is the HR image. It is blurred as the line says, loses its pixels by bicubic
subsampling as cameras' and programs' reductions do, and is spoiled as the line says. Against it stand Pillow's bicubic
enlargement and what one gets who assumes that nothing but bicubic subsampling happened (`--kernel bicubic`).
"""

import argparse
import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

Pixels = np.ndarray
LINES: dict[str, tuple[str, str, float, int, int]] = {  # in words; kernel, HR px; noise, levels; JPEG; enlarged before
    "sharp": ("sharp source", "delta", 0, 0, 1),
    "defocus": ("defocus, radius 3 px", "disk:3", 0, 0, 1),
    "noise10": ("noise 10", "delta", 10, 0, 1),
    "jpeg60": ("JPEG 60", "delta", 0, 60, 1),
    "motion": ("motion, 7 px", "motion:7,30", 0, 0, 1),
    "enlarged2": ("enlarged ×2 before", "delta", 0, 0, 2),
    "enlarged3": ("enlarged ×3 before", "delta", 0, 0, 3),
    "jpeg50_png": ("JPEG 50 saved as PNG", "delta", 0, -50, 1),  # negative: the file does not say so
}
DEGREES = (0, 30, 60, 90, 120, 150, 15, 75)  # of motion, one a photograph


def main() -> None:
    """Measure every line on every photograph and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photographs", type=Path, help="folder of HR images")
    parser.add_argument("--scale", type=int, choices=[2, 3, 4], default=2)
    parser.add_argument("--kernel", default="auto", help="what is judged (default: %(default)s)")
    parser.add_argument("--lines", nargs="*", default=list(LINES), choices=list(LINES))
    parser.add_argument("--count", type=int, default=8, help="photographs, the first that are large enough")
    parser.add_argument("--side", type=int, default=128, help="of the LR image, px")
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--weights", help="file or shipped:NAME (default: the command's own)")
    parser.add_argument("-o", "--output", type=Path, help="also write one line of JSON a measurement")
    a = parser.parse_args()
    choices = {"scale": a.scale, "updates": a.updates, "weights": a.weights}
    judged, assumed = (Upscaler(UpscaleSettings(kernel=k, **choices)) for k in (a.kernel, "bicubic"))
    photographs = load(a.photographs, a.scale * a.side, a.count)
    print("| what the image is | Pillow's bicubic | bicubic assumed | auto | gain | worst | against assumed, worst |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for line in a.lines:
        rows = [measure(line, i, hr, judged, assumed, a.scale) for i, hr in enumerate(photographs.values())]
        if a.output:
            with a.output.open("a") as stream:
                for name, row in zip(photographs, rows, strict=True):
                    stream.write(json.dumps({"line": line, "image": name, "scale": a.scale, **row}) + "\n")
        print(_row(line, rows), flush=True)


def load(folder: Path, side: int, count: int) -> dict[str, Pixels]:
    """Cut the middle out of the first colour photographs that hold it: (side, side, 3) uint8."""
    found: dict[str, Pixels] = {}
    for path in sorted(folder.iterdir()):
        image = np.asarray(Image.open(path).convert("RGB"))
        height, width = image.shape[:2]
        if min(height, width) >= side and len(found) < count and image.std(2).any():
            top, left = (height - side) // 2, (width - side) // 2
            found[path.stem] = np.ascontiguousarray(image[top : top + side, left : left + side])
    return found


def spoil(line: str, index: int, hr: Pixels, scale: int) -> tuple[Pixels, float]:
    """Make the LR image (h, w, 3) uint8, and the mean step of the JPEG table that its file tells of, 0 for none."""
    _, kernel, noise, quality, before = LINES[line]
    if kernel.startswith("motion"):
        kernel = f"motion:7,{DEGREES[index % len(DEGREES)]}"
    generator = torch.Generator().manual_seed(index)
    image = torch.from_numpy(hr).permute(2, 0, 1)[None].double() / 255
    low = Degradation(kernel, scale, "bicubic", noise / 255).apply(image, generator)
    pixels = np.uint8(np.rint(low[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255))
    if before > 1:
        height, width = pixels.shape[:2]
        small = Image.fromarray(pixels).resize((width // before, height // before), Image.Resampling.BICUBIC)
        pixels = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
    if not quality:
        return pixels, 0.0
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=abs(quality))
    file = Image.open(stream)
    step = float(np.mean(file.quantization[0])) if quality > 0 else 0.0
    return np.asarray(file), step


def measure(line: str, index: int, hr: Pixels, judged: Upscaler, assumed: Upscaler, scale: int) -> dict[str, object]:
    """Upscale one spoiled image in three ways: dB on luma, and what was found."""
    low, step = spoil(line, index, hr, scale)
    plain = np.asarray(Image.fromarray(low).resize(hr.shape[1::-1], Image.Resampling.BICUBIC))
    row: dict[str, object] = {"pillow": psnr_y(plain, hr, 2 * scale)}
    for name, one in (("assumed", assumed), ("auto", judged)):
        plan = one.plan(low, artefacts=jpeg_noise(step))
        row[name] = psnr_y(one.apply(low, plan), hr, 2 * scale)
        if name == "auto":
            estimate = plan.chosen.estimate
            row["confidence"] = estimate and round(estimate.confidence, 3)
            row["found"] = str(plan.chosen.degradation)
            row["notice"] = plan.notice
    return row


def _row(line: str, rows: list[dict[str, object]]) -> str:
    def mean(key: str) -> float:
        return float(np.mean([row[key] for row in rows]))

    gains = [float(row["auto"]) - float(row["pillow"]) for row in rows]
    against = [float(row["auto"]) - float(row["assumed"]) for row in rows]
    means = f"{mean('pillow'):.2f} | {mean('assumed'):.2f} | {mean('auto'):.2f}"
    return f"| {LINES[line][0]} | {means} | {np.mean(gains):+.2f} | {min(gains):+.2f} | {min(against):+.2f} |"


if __name__ == "__main__":
    main()
