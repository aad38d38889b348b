"""How far an estimated kernel's confidence can be relied on: is 90 % sure right nine times in ten?

    python benchmarks/blind_reliability.py BENCHMARKS/Set14/GT -o reliability.jsonl --picture docs/blind_reliability.png

Parts of photographs meet kernels of the law that KernelNet is trained on (Gaussians, disks, motions, shakes and others,
or none), bicubic subsampling, and in part noise, JPEG compression and earlier interpolation. Each is upscaled without
updates by the estimated kernel, trusted or not, and as if bicubic subsampling were all. The estimate is within its
bound where it loses at most `certainty.BOUND` dB against the latter. The file keeps what is done, so that the same
command goes on where it was stopped; `--fit` prints the constants of `certainty` that fit it best.
"""

import argparse
import io
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from mzsr_basicsr import upscale
from mzsr_basicsr.blind.certainty import BOUND, TRUSTED
from mzsr_basicsr.blind.estimate import estimate_kernel
from mzsr_basicsr.data.named_kernels import NamedKernels
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.options.datasets import LawOptions
from mzsr_basicsr.weights.kernel_net import load_kernel_net

SIDE = 96  # LR px
SHAPES = {"delta": 0.12, "disk": 0.13, "motion": 0.15, "box": 0.03, "pair": 0.03, "shake": 0.07, "free": 0.03}
LAW = LawOptions(size=25, lambda1=(0.05, 9.0), lambda2=(0.05, None), log_uniform=True, shapes=SHAPES)
NOISY, JPEG, ENLARGED = 0.3, 0.3, 0.08  # shares
WAYS = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)


def main() -> None:
    """Measure what is missing in the file, then print, draw or fit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photographs", type=Path, nargs="+", help="folders of HR images")
    parser.add_argument("-o", "--output", type=Path, default=Path("reliability.jsonl"))
    parser.add_argument("--count", type=int, default=500, help="images (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help="draw the plot here")
    parser.add_argument("--fit", action="store_true", help="print the constants that fit best")
    a = parser.parse_args()
    files = [path for path in sorted(p for folder in a.photographs for p in folder.iterdir()) if _is_large(path)]
    done = [json.loads(line) for line in a.output.read_text().splitlines()] if a.output.is_file() else []
    with a.output.open("a") as stream:
        for index in tqdm(range(len(done), a.count), unit="image"):
            done.append(measure(files[index % len(files)], index))
            stream.write(json.dumps(done[-1]) + "\n")
            stream.flush()
    print(table(done))
    if a.fit:
        print("constants:", np.round(fit(done), 3).tolist())
    if a.picture:
        draw(done, a.picture)


def _is_large(path: Path) -> bool:
    with Image.open(path) as image:
        return min(image.size) >= 2 * SIDE


def measure(path: Path, index: int) -> dict[str, object]:
    """Degrade a part of one photograph, upscale it in three ways, and compare."""
    random, generator = np.random.default_rng(index), torch.Generator().manual_seed(index)
    hr = np.asarray(Image.open(path).convert("RGB"))
    top, left = (int(random.integers(extent - 2 * SIDE + 1)) for extent in hr.shape[:2])
    hr = np.ascontiguousarray(hr[top : top + 2 * SIDE, left : left + 2 * SIDE])
    drawn = NamedKernels(LAW, 2).draw(generator)
    noise = float(random.uniform(0, 25 / 255)) if random.random() < NOISY else 0.0
    image = torch.from_numpy(hr).permute(2, 0, 1)[None].double() / 255
    low = Degradation(drawn.shape, 2, "bicubic", noise).apply(image, generator)
    pixels = Image.fromarray(np.uint8(np.rint(low[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255)))
    enlarged = bool(random.random() < ENLARGED)
    if enlarged:
        small = pixels.resize((round(SIDE / random.uniform(1.4, 3.2)),) * 2, Image.Resampling.BICUBIC)
        pixels = small.resize((SIDE, SIDE), WAYS[random.integers(len(WAYS))])
    quality = int(random.integers(30, 96)) if random.random() < JPEG else None
    if quality:
        stream = io.BytesIO()
        pixels.save(stream, "JPEG", quality=quality)
        pixels = Image.open(stream)
    lq = np.array(pixels)
    assumed = upscale(lq, kernel="bicubic", updates=0, noise="auto")
    estimate = estimate_kernel(
        load_kernel_net(), torch.from_numpy(lq).permute(2, 0, 1)[None].float() / 255, 2, "bicubic"
    )
    told = max(assumed.noise, 255 * estimate.noise)
    own = upscale(lq, kernel=estimate.kernel.numpy(), subsampling="bicubic", updates=0, noise=told)
    return {
        "image": path.stem,
        "family": "enlarged" if enlarged else drawn.family,
        "noise": noise,
        "jpeg": quality,
        "confidence": estimate.confidence,
        "features": list(estimate.features),
        "found": "enlarged" if estimate.enlarged else estimate.family,
        "estimated": psnr_y(own.image, hr, 8),
        "assumed": psnr_y(assumed.image, hr, 8),
    }


def within(row: dict) -> bool:
    """Tell whether an estimate's result is within its bound."""
    return row["assumed"] - row["estimated"] <= BOUND


def table(rows: list[dict]) -> str:
    """Lay out the share within the bound for each range of confidence."""
    lines = ["| confidence | images | mean | within the bound |", "| --- | --- | --- | --- |"]
    for low in np.arange(0, 1, 0.1):
        own = [row for row in rows if low <= row["confidence"] < low + 0.1 + 1e-9]
        if own:
            mean, share = np.mean([r["confidence"] for r in own]), np.mean([within(r) for r in own])
            lines.append(f"| {low:.1f} to {low + 0.1:.1f} | {len(own)} | {mean:.2f} | {share:.2f} |")
    return "\n".join([*lines, "", _gains("every estimate", rows, 0), _gains("those trusted", rows, TRUSTED)])


def _gains(name: str, rows: list[dict], trusted: float) -> str:
    used = [row["confidence"] >= trusted and (not trusted or row["found"] != "enlarged") for row in rows]
    gains = [(row["estimated"] - row["assumed"]) * use for row, use in zip(rows, used, strict=True)]
    worse = sum(gain < -BOUND for gain in gains) / len(rows)
    text = f"{np.mean(gains):+.2f} dB on the mean of all, {100 * worse:.0f} % lose, {min(gains):+.2f} at worst"
    return f"{name} ({sum(used)}): {text}"


def fit(rows: list[dict]) -> np.ndarray:
    """Fit the constants of `certainty` by logistic regression (Newton's steps, a weak ridge)."""
    x = np.array([[1.0, *row["features"]] for row in rows])
    y = np.array([within(row) for row in rows], dtype=float)
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(len(w))
        w += np.linalg.solve(hessian, x.T @ (y - p) - 1e-2 * w)
    return w


def draw(rows: list[dict], path: Path) -> None:
    """Draw the share within the bound over the confidence, in groups of equal size, with its standard error."""
    ordered = sorted(rows, key=lambda row: row["confidence"])
    groups = [ordered[i : i + len(rows) // 8] for i in range(0, len(rows) - len(rows) // 16, len(rows) // 8)]
    x = [np.mean([row["confidence"] for row in group]) for group in groups]
    y = np.array([np.mean([within(row) for row in group]) for group in groups])
    error = np.sqrt(np.maximum(y * (1 - y), 0.01) / [len(group) for group in groups])
    figure, axes = plt.subplots(figsize=(5, 5), dpi=110, layout="constrained")
    axes.plot([0, 1], [0, 1], color="#777777", linestyle="--", label="as it should be")
    axes.errorbar(
        x, y, error, marker="o", color="#0072b2", capsize=3, label=f"{len(rows)} images in {len(groups)} groups"
    )
    axes.set(
        xlabel="stated confidence",
        ylabel=f"share no more than {BOUND:g} dB below bicubic assumed",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    axes.legend(loc="upper left")
    figure.savefig(path)


if __name__ == "__main__":
    main()
