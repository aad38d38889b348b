"""Clips that the benchmarks of clips make of photographs, with a known kernel, and encode."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch

from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.data.photos import decode, to_tensor
from mzsr_basicsr.degradation.record import Degradation

CODECS = {"x264": "libx264", "x265": "libx265", "vp9": "libvpx-vp9"}
HR = np.ndarray  # (H, W, 3) uint8


def photographs(folder: str, count: int | None) -> list[HR]:
    """Read the photographs of a folder, or so many of them, spread evenly by name."""
    paths = sorted(list_photographs(folder, "photographs"))
    chosen = paths[:: max(1, len(paths) // (count or len(paths)))][:count]
    return [decode(Path(path).read_bytes(), path) for path in chosen]


def pan(photo: HR, frames: int, size: tuple[int, int]) -> list[HR]:
    """Cut a window of (height, width) px out that moves by 3 px to the right and 1 px down for each frame."""
    last = frames - 1, 3 * (frames - 1)
    height, width = (
        min(wanted, extent - move) // 4 * 4 for wanted, extent, move in zip(size, photo.shape[:2], last, strict=True)
    )
    return [photo[k : k + height, 3 * k : 3 * k + width] for k in range(frames)]


def still(photo: HR, frames: int, size: tuple[int, int]) -> list[HR]:
    """Cut one window out for all frames, with a part of it that crosses it: what a fixed camera sees."""
    fixed = photo[: min(size[0], len(photo)) // 4 * 4, : min(size[1], photo.shape[1]) // 4 * 4]
    height, width = fixed.shape[0] // 4 * 2, fixed.shape[1] // 4
    mover = np.ascontiguousarray(fixed[-height:, -width:][::-1])
    seen = []
    for k in range(frames):
        frame = fixed.copy()
        frame[height // 2 : height // 2 + height, 3 * k : 3 * k + width] = mover
        seen.append(frame)
    return seen


def degraded(frames: list[HR], degradation: Degradation, seed: int = 0) -> list[np.ndarray]:
    """Make LR frames, 8 bits, each with noise of its own."""
    generator = torch.Generator().manual_seed(seed)
    low = [degradation.apply(to_tensor(frame)[None].double(), generator)[0] for frame in frames]
    return [(255 * frame).round().clamp(0, 255).byte().permute(1, 2, 0).numpy() for frame in low]


def encode(path: Path, frames: list[np.ndarray], codec: str, crf: int, group: int) -> None:
    """Encode frames by "x264", "x265" or "vp9" at a CRF, every `group`th frame by itself."""
    options = {"crf": str(crf), "g": str(group)}
    if codec == "x265":
        options["x265-params"] = "log-level=none:info=0"
    if codec == "vp9":
        options |= {"b": "0", "cpu-used": "4"}
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(CODECS[codec], rate=25, width=width, height=height, options=options)
        context = stream.codec_context
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = 1, 1, 1, 1
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
