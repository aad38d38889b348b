"""Whether upscaling makes a clip flicker: the table of docs/upscale.md.

    python benchmarks/flicker.py PHOTOS --images 3                       # kernel and noise found by the command
    python benchmarks/flicker.py PHOTOS --images 3 --noise 2             # noise told, levels of 0 to 255
    python benchmarks/flicker.py PHOTOS --images 3 --kernel gaussian:2,2 # kernel told

Of each photograph a clip is made as a fixed camera sees it, with something that moves, reduced by gaussian:2,2 with
noise of 2 levels, and encoded. Its frames are upscaled as `mzsr upscale` does. Flicker is the mean change from frame
to frame of the result, reduced by the kernel it was made for, over that of the LR clip: 1 is the clip's own. "still" is
the same where nothing moves; "large" is the change at the result's own size over that of bicubic upscaling.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from clip_scenes import degraded, encode, photographs, still
from tqdm import tqdm

from mzsr_basicsr.clips.scout import Scout
from mzsr_basicsr.clips.video import probe, read_frames
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.jobs.clip_job import ShotPlans
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.metrics.flicker import flicker, temporal_difference
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

CLIPS = (("x264", 18), ("x264", 28), ("x264", 38), ("x265", 28))
HEAD = ("clip", "noise told, levels", "change of the LR clip, levels", "flicker", "still", "large")


def main(given: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", help="folder of HR images")
    parser.add_argument("--images", type=int, help="so many, spread evenly (default: all)")
    parser.add_argument("--frames", type=int, default=8, help="of a clip (default: %(default)s)")
    parser.add_argument("--size", type=int, nargs=2, default=(288, 416), help="height and width, HR px")
    parser.add_argument("--updates", type=int, default=10, help="(default: %(default)s)")
    parser.add_argument("--kernel", default="auto", help="told to the command (default: %(default)s)")
    parser.add_argument("--noise", type=float, help="told to the command, levels (default: found by it)")
    choices = parser.parse_args(given)
    noise = "auto" if choices.noise is None else choices.noise
    chosen = UpscaleSettings(kernel=choices.kernel, subsampling="bicubic", noise=noise, updates=choices.updates)
    try:
        upscaler = Upscaler(chosen)
        photos = photographs(choices.photographs, choices.images)
        rows = [
            [measure(photo, codec, crf, upscaler, choices) for photo in photos]
            for codec, crf in tqdm(CLIPS, disable=None)
        ]
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None
    print("| " + " | ".join(HEAD) + " |\n|" + " --- |" * len(HEAD))
    for (codec, crf), found in zip(CLIPS, rows, strict=True):
        told = " | ".join(f"{value:.3g}" for value in np.mean(found, axis=0))
        print(f"| {codec}, CRF {crf} | {told} |")


def measure(photo: np.ndarray, codec: str, crf: int, upscaler: Upscaler, choices: argparse.Namespace) -> list[float]:
    """Make a clip, upscale it, and give a row of the table without its first column."""
    low = degraded(
        still(photo, choices.frames, tuple(choices.size)), Degradation("gaussian:2,2", 2, "bicubic", 2 / 255)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mkv"
        encode(path, low, codec, crf, choices.frames // 2)
        plan = ShotPlans(FileJob(path, path), upscaler).plan(Scout(read_frames(probe(path))).shot_from(0))
        frames = [frame.pixels for frame in read_frames(probe(path))]
    source = [_luma(frame) for frame in frames]
    result = [_luma(upscaler.apply(frame, plan)) for frame in frames]
    degradation = plan.chosen.degradation
    quiet = slice(0, source[0].shape[-2] // 5)  # rows that the moving part never meets
    calm = [frame[..., quiet, :] for frame in source], [frame[..., : 2 * quiet.stop, :] for frame in result]
    large = temporal_difference(result) / temporal_difference([imresize(frame, 2.0) for frame in source])
    change = 255 * temporal_difference(source)
    return [
        255 * float(degradation.noise),
        change,
        flicker(source, result, degradation),
        flicker(*calm, degradation),
        large,
    ]


def _luma(frame: np.ndarray) -> torch.Tensor:
    weights = torch.tensor((0.299, 0.587, 0.114), dtype=torch.float64)
    return (torch.from_numpy(frame).double() / 255 @ weights)[None]


if __name__ == "__main__":
    main()
