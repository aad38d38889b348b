"""The options of `mzsr upscale` that say how: one for each field of `UpscaleSettings`."""

import argparse
from functools import partial

from mzsr_basicsr.cli.settings import add_setting
from mzsr_basicsr.upscaling.allowed import PRECISIONS
from mzsr_basicsr.upscaling.quality import QUALITIES

_KERNEL = (
    "auto (estimated: a Gaussian, a disk or a motion), auto-free (any kernel, estimated), bicubic (none but bicubic "
    "subsampling), gaussian:L1[,L2[,THETA[,SIZE]]] (variances in px², radians), disk:R, box:S, motion:L[,DEG], "
    "pair:V,D[,DEG], shake:SEED[,SIZE], or a .mat, .npy, .npz or .png file; "
    "the blur is a correlation with it (default: auto)"
)
_SUBSAMPLING = (
    "how the photo lost its pixels; auto: bicubic for the kernels auto and bicubic, direct for others, as of "
    "mzsr degrade; bicubic leaves the result centred, direct lies (scale - 1) / 2 px left and up"
)
_NODATA = "pixels of this value hold no data, and none is made up for them (default: what a GeoTIFF says, and NaN)"
_QUALITY = (
    "fast (no update), normal (ten updates), or best (updates while they serve a part of the image that is held out, "
    "flips, back-projection; some twenty times slower); docs/upscale.md says what each gains (default: %(default)s)"
)
_BUDGET = "that the adaptation to an image or a shot may take, 0 for any (default: 60 with --quality best, else 0)"
_WEIGHTS = "weights file or shipped:NAME (default: shipped:mzsr_domains_x2, mzsr_x3 or mzsr_x4, the nearest scale)"
_PRECISION = (
    "of the network's convolutions; auto: bfloat16 where the processor or GPU computes in it and the shipped weights "
    "lose less than 0.02 dB by it, else float32 (default: %(default)s)"
)
_ENSEMBLE = "average over flips and transposes: finer, up to 8 times slower (default: what --quality says)"
_MEMORY = (
    "remember what was learned of each image in this file, and begin with it for images like those; made if it is "
    "missing, shared by --jobs (default: none)"
)


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Add one option for each field of `UpscaleSettings`: what the photo is, then how it is done."""
    option = partial(add_setting, parser)
    option("scale", help="1 to 4, output over input (default: %(default)g)")
    option("kernel", metavar=None, help=_KERNEL)
    option("subsampling", help=_SUBSAMPLING)
    option("kernel_turned")
    option("noise", help="standard deviation of the photo's noise, in levels of 0 to 255 (default: auto, estimated)")
    option("nodata", help=_NODATA)
    option("quality", choices=list(QUALITIES), help=_QUALITY)
    option("time_budget", type=float, metavar="SECONDS", help=_BUDGET)
    about = "gradient updates on the image, 0 for none (default: what --quality says)"
    option("updates", metavar=None, help=about)
    option("signal")
    option("weights", help=_WEIGHTS)
    option("device")
    option("tile", type=int, help="px of the input worked on at once, 32 to 8192 (default: %(default)s)")
    option("precision", choices=PRECISIONS, help=_PRECISION)
    option("back_projection", help="rounds of back-projection (default: what --quality says)")
    option("self_ensemble", action=argparse.BooleanOptionalAction, help=_ENSEMBLE)
    option("seed")
    option("memory", metavar="FILE", help=_MEMORY)
