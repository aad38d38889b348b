"""Codecs' artefacts beside noise and blur: the table of docs/upscale.md.

    python benchmarks/clip_artefacts.py PHOTOS --images 4
    python benchmarks/clip_artefacts.py PHOTOS --images 4 --kernels gaussian:2,2 gaussian:5,5 --updates 10

Of each photograph a clip is made that pans over it, reduced by a kernel (×2, bicubic subsampling, 8 bits, noise of one
level), and encoded with a frame by itself among every four. Columns: the σ that `clips.artefacts.codec_noise` tells,
the artefacts' own σ; λ, px², estimated from one frame that is patched together of others, from the first one, and from
what `Scout` chooses; the share of clips whose estimate is used, as for a picture and as for a clip; then PSNR, dB, of
the first frame: as it was (σ of 2 levels, estimates doubted as for pictures), as it is, and with the best σ of a row of
them beside the true kernel.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from clip_scenes import degraded, encode, pan, photographs
from tqdm import tqdm

from mzsr_basicsr.blind.estimate import Estimate, estimate_kernel
from mzsr_basicsr.clips.artefacts import codec_noise
from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.clips.scout import Scout
from mzsr_basicsr.clips.video import probe, read_frames
from mzsr_basicsr.data.photos import to_tensor
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import covariance
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.upscaling.choice import TRUSTED_CODED
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights.kernel_net import load_kernel_net, spread_net

CLIPS = (("x264", 18), ("x264", 28), ("x264", 38), ("x265", 18), ("x265", 28), ("x265", 38), ("vp9", 36), ("vp9", 52))
TRIED = (1, 2, 4, 6, 9, 13, 18)  # σ, levels
HEAD = (
    "kernel",
    "clip",
    "σ told",
    "its own",
    "λ, patched frame",
    "λ, first",
    "λ, chosen",
    "used, picture",
    "used, clip",
)
HEAD += ("as it was, dB", "as it is, dB", "best σ, true kernel, dB")


def main(given: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", help="folder of HR images")
    parser.add_argument("--images", type=int, help="so many, spread evenly (default: all)")
    parser.add_argument("--kernels", nargs="+", default=["gaussian:0.3,0.3", "gaussian:2,2", "gaussian:5,5"])
    parser.add_argument("--size", type=int, nargs=2, default=(288, 416), help="height and width, HR px")
    parser.add_argument("--updates", type=int, default=0, help="(default: %(default)s)")
    choices = parser.parse_args(given)
    try:
        photos = photographs(choices.photographs, choices.images)
        print("| " + " | ".join(HEAD) + " |\n|" + " --- |" * len(HEAD))
        for kernel in choices.kernels:
            for codec, crf in tqdm(CLIPS, disable=None):
                rows = [measure(photo, kernel, codec, crf, choices) for photo in photos]
                told = " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0))
                print(f"| {kernel} | {codec}, CRF {crf} | {told} |", flush=True)
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None


def measure(photo: np.ndarray, kernel: str, codec: str, crf: int, choices: argparse.Namespace) -> list[float]:
    """Make a clip and give a row of the table without its first two columns."""
    hr = pan(photo, 12, tuple(choices.size))
    truth = Degradation(kernel, 2, "bicubic", 1 / 255)
    low = degraded(hr, truth)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mkv"
        encode(path, low, codec, crf, 4)
        frames = list(read_frames(probe(path)))
        shot = Scout(iter(frames)).shot_from(0)
    patched = next(frame for frame in frames if not frame.intra)
    told = 255 * codec_noise(shot)
    own = np.std(frames[0].pixels[..., 1].astype(float) - low[0][..., 1])
    found = [estimated([one]) for one in (patched, frames[0])] + [estimated(shot)]
    doubted = (float(found[1].trusted), float(found[2].confidence >= TRUSTED_CODED))
    before = found[1].kernel if doubted[0] else delta_kernel()
    now = found[2].kernel if doubted[1] else delta_kernel()
    first = frames[0].pixels
    best = max(quality(first, hr[0], truth.kernel, sigma, choices) for sigma in TRIED)
    widths = [float(covariance(one.kernel)[:2].mean()) for one in found]
    results = quality(first, hr[0], before, 2.0, choices), quality(first, hr[0], now, told, choices)
    return [told, float(own), *widths, *doubted, *results, best]


def estimated(shot: list[TimedFrame]) -> Estimate:
    """Estimate the kernel as the command does."""
    stack = torch.cat([to_tensor(frame.pixels)[None] for frame in shot]).float()
    return estimate_kernel(load_kernel_net(), stack, 2, "bicubic", spread_by=spread_net("bicubic"))


def quality(
    low: np.ndarray, high: np.ndarray, kernel: torch.Tensor, level: float, choices: argparse.Namespace
) -> float:
    """Upscale a frame with a kernel and a σ in levels, and give the PSNR, dB, on Y."""
    upscaler = Upscaler(UpscaleSettings(kernel="bicubic", noise=level, updates=choices.updates))
    return psnr_y(upscaler.apply(low, upscaler.plan(low, kernel=kernel)), high, 2)


if __name__ == "__main__":
    main()
