"""How strong the artefacts of a clip's codec are, told by the bits it spent on what there is to see.

A codec that quantises coarsely spends few bits. For a given picture the bits of a frame that is stored by itself fall
with the quantiser's step much alike in H.264, H.265 and VP9, so that the clip's own packets tell what its decoder need
not tell. Of frames that are patched together of others the bits tell nothing.
"""

from collections.abc import Sequence

import numpy as np

from mzsr_basicsr.clips.clip import Frame, TimedFrame

# The σ with the best PSNR of `mzsr_x2`, levels, is exp(CONSTANT) * bits a pixel ** BITS * structure in levels **
# STRUCTURE: fitted to photographs encoded by x264, x265 (CRF 18, 28, 38) and VP9 (20, 36, 52).
# benchmarks/clip_artefacts.py measures how far from the best it is.
CONSTANT, BITS, STRUCTURE = -0.17, -0.953, 0.688
STRONGEST = 18 / 255  # more was not tried
UNKNOWN = 6 / 255  # where no frame is stored by itself: the best single σ for all of those clips


def codec_noise(shot: Sequence[TimedFrame]) -> float:
    """Give the σ of white noise, [0, 1] intensity, that the artefacts of a shot's frames are best told as.

    It is more than the artefacts' own σ, as they are not white. 0 for frames that were stored without loss.
    """
    whole = [frame for frame in shot if frame.intra and frame.packed]
    if not whole:
        return UNKNOWN
    return float(np.mean([_noise_of(frame.packed, structure(frame.pixels)) for frame in whole]))


def structure(frame: Frame) -> float:
    """Measure how much there is to see in a frame: the mean step of green, down and across, as a share of white."""
    green = frame[..., 1].astype(np.float32) / np.iinfo(frame.dtype).max
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green, axis=1)).mean())


def _noise_of(packed: float, seen: float) -> float:
    return min(float(np.exp(CONSTANT) * packed**BITS * (255 * seen) ** STRUCTURE) / 255, STRONGEST)
