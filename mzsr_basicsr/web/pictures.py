"""What a visitor is shown of a result: bicubic and the result at one size, and the kernel."""

from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.jobs.compare import as_bytes, on_screen
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.kernel_tools.picture import draw_kernel
from mzsr_basicsr.pictures.picture import Picture, upright
from mzsr_basicsr.pictures.prepare import prepared
from mzsr_basicsr.pictures.reading import read_picture

LONGEST = 4096  # px, longer side of what is shown; larger results are reduced
_KERNEL = 240  # px, side of the drawing, or less for whole px a weight


def shown_pair(job: FileJob, folder: Path, scale: float) -> tuple[Path, Path, int] | None:
    """Draw bicubic enlargement and the result, turned upright, as PNG of one size.

    Args:
        job: done; of a clip the first frames are shown.
        folder: for `before.png` and `after.png`.
        scale: result over source.

    Returns:
        Both files, and how many times they are smaller than the result; None where nothing can be shown.
    """
    try:
        before, after = (_read(path, job.video) for path in (job.source, job.target))
    except MZSRError:  # such as files of the field
        return None
    reduced = max(1, -(-max(after.pixels.shape[:2]) // LONGEST))
    bands = prepared(before.pixels, before.alpha, "image", before.nodata).bands
    small = on_screen(_reduced(after, reduced), bands)
    low = on_screen(_reduced(before, max(1, int(reduced // scale))), bands)
    files = folder / "before.png", folder / "after.png"
    bicubic = imresize(low, size=(small.shape[-2], small.shape[-1]))
    for path, picture in zip(files, (bicubic, small), strict=True):
        Image.fromarray(as_bytes(picture)).save(path, compress_level=1)
    return *files, reduced


def kernel_picture(kernel: Tensor, path: Path) -> Path:
    """Draw a kernel, with its ellipse, as PNG."""
    Image.fromarray(draw_kernel(kernel, max(1, _KERNEL // kernel.shape[-1]) * kernel.shape[-1])).save(path)
    return path


def _read(path: Path, clip: bool) -> Picture:
    if clip:
        from mzsr_basicsr.jobs.clip_job import first_frame  # brings FFmpeg

        return first_frame(path)
    return upright(read_picture(path))


def _reduced(picture: Picture, times: int) -> Picture:
    """Take the mean of each square of so many px a side; what is left over at the right and below is left out."""
    if times == 1:
        return picture
    height, width, bands = picture.pixels.shape
    rows, columns = height // times, width // times
    small = np.empty((rows, columns, bands), picture.pixels.dtype)
    for row in range(rows):  # a copy of everything as floats would take eight times the memory
        strip = picture.pixels[row * times : (row + 1) * times, : columns * times]
        mean = strip.reshape(times, columns, times, bands).mean((0, 2))
        small[row] = mean if picture.pixels.dtype.kind == "f" else np.rint(mean)
    return Picture(small, picture.alpha, picture.format, mode=picture.mode, nodata=picture.nodata)
