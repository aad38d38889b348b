"""The options of `mzsr upscale` that say how: one for each field of `UpscaleSettings`."""

import argparse
from collections.abc import Callable

from mzsr_basicsr.cli.words import number_or_word, scale
from mzsr_basicsr.degradation.kernel_text import TURNED
from mzsr_basicsr.upscaling.allowed import PRECISIONS, SIGNALS
from mzsr_basicsr.upscaling.quality import QUALITIES
from mzsr_basicsr.upscaling.settings import UpscaleSettings

_KERNEL = (
    "auto (estimated: a Gaussian, a disk or a motion), auto-free (any kernel, estimated), bicubic (none but bicubic "
    "subsampling), gaussian:L1[,L2[,THETA[,SIZE]]] (variances in px², radians), disk:R, box:S, motion:L[,DEG], "
    "pair:V,D[,DEG], shake:SEED[,SIZE], or a .mat, .npy, .npz or .png file; "
    "the blur is a correlation with it (default: auto)"
)
_QUALITY = (
    "fast (no update), normal (ten updates), or best (updates while they serve a part of the image that is held out, "
    "flips, back-projection; some twenty times slower); docs/upscale.md says what each gains (default: %(default)s)"
)
_MEMORY = (
    "remember what was learned of each image in this file, and begin with it for images like those; made if it is "
    "missing, shared by --jobs (default: none)"
)
_PRECISION = (
    "of the network's convolutions; auto: bfloat16 where the processor or GPU computes in it and the shipped weights "
    "lose less than 0.02 dB by it, else float32 (default: %(default)s)"
)
SIGNAL = (
    "what the updates learn from: son (the image degraded once more), scale (smaller copies of the network's own "
    "estimate), mixed (both), or auto: what the weights were meta-trained for (default: auto)"
)


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Add one option for each field of `UpscaleSettings`."""
    d = UpscaleSettings()
    option = parser.add_argument
    option("--scale", type=scale, default=d.scale, help="1 to 4, output over input (default: %(default)g)")
    option("--kernel", default=d.kernel, help=_KERNEL)
    option(
        "--subsampling",
        choices=["auto", "direct", "bicubic"],
        default=d.subsampling,
        help="how the photo lost its pixels; auto: bicubic for the kernels auto and bicubic, direct for others, as of "
        "mzsr degrade; bicubic leaves the result centred, direct lies (scale - 1) / 2 px left and up",
    )
    option("--kernel-turned", action="store_true", help=TURNED)
    option(
        "--noise",
        type=number_or_word,
        default=d.noise,
        metavar="auto|SIGMA",
        help="standard deviation of the photo's noise, in levels of 0 to 255 (default: auto, estimated)",
    )
    option(
        "--nodata",
        type=float,
        metavar="VALUE",
        help="pixels of this value hold no data, and none is made up for them (default: what a GeoTIFF says, and NaN)",
    )
    _add_work(option, d)


def _add_work(option: Callable[..., argparse.Action], d: UpscaleSettings) -> None:
    """Add the options that say how it is done, not what the photo is."""
    option("--quality", choices=list(QUALITIES), default=d.quality, help=_QUALITY)
    budget = "that the adaptation to an image or a shot may take, 0 for any (default: 60 with --quality best, else 0)"
    option("--time-budget", type=float, metavar="SECONDS", help=budget)
    option("--updates", type=int, help="gradient updates on the image, 0 for none (default: what --quality says)")
    option("--signal", choices=SIGNALS, default=d.signal, help=SIGNAL)
    option(
        "--weights",
        help="weights file or shipped:NAME (default: shipped:mzsr_domains_x2, mzsr_x3 or mzsr_x4, the nearest scale)",
    )
    option(
        "--device",
        choices=["auto", "cpu", "cuda", "mps"],
        default=d.device,
        help="(default: %(default)s)",
    )
    option(
        "--tile", type=int, default=d.tile, help="px of the input worked on at once, 32 to 8192 (default: %(default)s)"
    )
    option("--precision", choices=PRECISIONS, default=d.precision, help=_PRECISION)
    option("--back-projection", type=int, metavar="N", help="rounds of back-projection (default: what --quality says)")
    option(
        "--self-ensemble",
        action=argparse.BooleanOptionalAction,
        help="average over flips and transposes: finer, up to 8 times slower (default: what --quality says)",
    )
    option("--seed", type=int, default=0, help="of all chance (default: 0)")
    option("--memory", metavar="FILE", help=_MEMORY)


def choices(arguments: argparse.Namespace) -> UpscaleSettings:
    """Read the options of `add_choices`.

    Raises:
        ConfigError: a value outside its range.
    """
    return UpscaleSettings(**{name: getattr(arguments, name) for name in UpscaleSettings.__dataclass_fields__})
