"""Blind super-resolution: how well kernels are estimated, and what the estimate costs, on one benchmark set.

    python benchmarks/blind.py BENCHMARKS/Set14/GT -o blind.jsonl [--kernels 100] [--scale 4] [--without auto-free]

Every kernel of the law (lambda1 ~ U(1, 2.5 s), lambda2 ~ U(1, lambda1), theta ~ U(0, pi), 15x15, direct, 8 bits) meets
one photograph in turn. With `--shapes disk motion shake` they are 25x25 kernels of these shapes in turn, whose errors
of λ are those of a Gaussian of their spread. The file keeps what is done, so that the same command goes on where it was
stopped.
"""

import argparse
import json
import math
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

import mzsr_basicsr
from mzsr_basicsr.blind.spread import band_spread
from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import KernelLaw, delta_kernel, sample_kernels
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.shape_law import SHAPES
from mzsr_basicsr.degradation.spread import as_gaussian, covariance
from mzsr_basicsr.kernel_tools.report import compare_kernels
from mzsr_basicsr.metrics.quality import psnr_y

NAMES = {
    "true": "true kernel",
    "auto": "KernelNet",
    "auto-free": "KernelNet, free kernel",
    "assumed": "bicubic assumed",
}
HEAD = (
    *("kernel", "λ1, mean error", "λ2", "Θ (where λ1 > 1.25 λ2)", "kernel PSNR", "SR PSNR"),
    *("lost against the true kernel", "worse than bicubic assumed", "kernel, s", "n"),
)
SIDE = 25  # px, of kernels of other shapes
ANISOTROPIC = 1.25  # the angle counts where λ1 is so many times λ2


def main() -> None:
    """Measure what is missing in the file, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photographs", type=Path, help="folder of HR images")
    parser.add_argument("-o", "--output", type=Path, default=Path("blind.jsonl"))
    parser.add_argument("--kernels", type=int, default=100)
    parser.add_argument("--without", nargs="*", default=[], choices=list(NAMES), help="methods to leave out")
    parser.add_argument("--scale", type=int, choices=[2, 3, 4], default=2)
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), help="in the place of Gaussians")
    parser.add_argument("--weights", help="file or shipped:NAME (default: the command's own)")
    arguments = parser.parse_args()
    done = _done(arguments.output)
    kernels, parameters = _drawn(arguments)
    photographs = sorted(arguments.photographs.glob("*.png"))
    wanted = [(i, m) for i in range(arguments.kernels) for m in NAMES if m not in arguments.without]
    with arguments.output.open("a") as stream:
        for index, method in tqdm([pair for pair in wanted if pair not in done], unit="image"):
            path = photographs[index % len(photographs)]
            row = _measure(path, kernels[index], parameters[index].tolist(), method, arguments)
            stream.write(json.dumps({"index": index, "method": method, "image": path.stem, **row}) + "\n")
            stream.flush()
    rows = [row for pair, row in _done(arguments.output).items() if pair in wanted]
    print(table(rows))


def _drawn(choices: argparse.Namespace) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw kernels (n, k, k) by a seed, and their λ1, λ2 in px² and angle (n, 3)."""
    generator = torch.Generator().manual_seed(0)
    if not choices.shapes:
        return sample_kernels(KernelLaw.paper(choices.scale), choices.kernels, generator)
    draws = [SHAPES[choices.shapes[i % len(choices.shapes)]] for i in range(choices.kernels)]
    kernels = torch.stack([draw(SIDE, generator) for draw in draws])
    return kernels, torch.tensor([list(as_gaussian(covariance(kernel))) for kernel in kernels])


def _done(path: Path) -> dict[tuple[int, str], dict]:
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    return {(row["index"], row["method"]): row for row in rows}


def _measure(
    path: Path, kernel: torch.Tensor, parameters: list[float], method: str, choices: argparse.Namespace
) -> dict:
    """Degrade one photograph, upscale it with one kernel, and compare both with the truth."""
    hr, scale = cv2.imread(str(path))[:, :, ::-1], choices.scale
    hr = np.ascontiguousarray(hr[: hr.shape[0] // scale * scale, : hr.shape[1] // scale * scale])
    image = torch.from_numpy(hr).permute(2, 0, 1)[None].double() / 255
    low = round_to_8_bits(Degradation(kernel, scale).apply(image))
    lq = _picture(low)
    spec = {"true": kernel.numpy(), "assumed": _bicubic_in_phase(scale)}.get(method, method)
    told = 0 if method in ("true", "assumed") else "auto"  # an estimate says what noise shall be told beside it
    result = mzsr_basicsr.upscale(
        lq, scale, spec, choices.updates, subsampling="direct", noise=told, weights=choices.weights
    )
    found = as_gaussian(band_spread(torch.from_numpy(result.kernel), scale))
    angle = (found.theta - parameters[2] + math.pi / 2) % math.pi - math.pi / 2
    return {
        "true": parameters,
        "found": list(found),
        "angle": angle,
        "kernel_psnr": min(100.0, compare_kernels(kernel, torch.from_numpy(result.kernel)).psnr),
        "psnr": psnr_y(result.image, hr, scale),
        "bicubic": psnr_y(_picture(upscale(low, scale)), hr, scale),
        "confidence": result.confidence,
        "kept": result.kept,
        "seconds": result.seconds,
    }


def _spec(lambda1: float, lambda2: float, theta: float) -> str:
    return f"gaussian:{lambda1},{lambda2},{theta},15"


def _bicubic_in_phase(scale: int) -> str:
    """Give the Gaussian of bicubic subsampling's own spread, centred on a pixel, as direct subsampling has it."""
    own = band_spread(effective_kernel(delta_kernel(), scale), scale)
    return _spec(float(own[0]), float(own[1]), 0.0)


def _picture(image: torch.Tensor) -> np.ndarray:
    return torch.round(image[0].clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()


def table(rows: list[dict]) -> str:
    """Lay out one line a method."""
    by = {m: {r["index"]: r for r in rows if r["method"] == m} for m in NAMES}
    lines = ["| " + " | ".join(HEAD) + " |", "| " + " | ".join(["---"] * len(HEAD)) + " |"]
    plain = [r["bicubic"] for r in by["true"].values()]
    for method, name in NAMES.items():
        if by[method]:
            lines.append(_line(name, by[method], by["true"], by["assumed"]))
    return "\n".join([*lines, "", f"Bicubic upscaling: {np.mean(plain):.2f} dB." if plain else ""])


def _line(name: str, own: dict[int, dict], true: dict[int, dict], assumed: dict[int, dict]) -> str:
    rows = own.values()
    errors = [np.mean([abs(r["found"][i] / r["true"][i] - 1) for r in rows]) for i in (0, 1)]
    angles = [abs(r["angle"]) for r in rows if r["true"][0] > ANISOTROPIC * r["true"][1]]
    lost = [true[i]["psnr"] - r["psnr"] for i, r in own.items() if i in true]
    worse = [r["psnr"] < assumed[i]["psnr"] for i, r in own.items() if i in assumed]
    cells = [
        name,
        *(f"{100 * e:.0f} %" for e in errors),
        f"{math.degrees(np.mean(angles)):.0f}°",
        f"{np.mean([r['kernel_psnr'] for r in rows]):.1f} dB",
        f"{np.mean([r['psnr'] for r in rows]):.2f}",
        f"{np.mean(lost):.2f} dB (worst {np.max(lost):.2f})",
        f"{sum(worse)} of {len(worse)}",
        f"{np.mean([r['seconds']['kernel'] for r in rows]):.2f}",
        str(len(own)),
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
