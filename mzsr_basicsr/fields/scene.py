"""Scenes: GeoTIFF files of any size, upscaled window by window, with their place on Earth and all that they say."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Upscaler

ENDINGS = (".tif", ".tiff")


def upscale_file(
    source: Path, target: Path, upscaler: Upscaler, progress: Progress | None = None, cog: bool = False
) -> dict[str, Any]:
    """Upscale a scene, or a TIFF picture that is too large to be held whole.

    Finished windows are kept in a folder `.NAME.parts` beside the target until it is whole; a run that was stopped goes
    on from there.

    Args:
        source: a GeoTIFF file, or a TIFF file of one page.
        target: the result, .tif; its folder is there.
        upscaler: the network and its choices.
        progress: called with (px done, px in all) of the result.
        cog: write a Cloud Optimized GeoTIFF, with overviews.

    Returns:
        A record for people and machines.

    Raises:
        ConfigError: the library is not installed.
        ImageError, KernelError: one line; nothing half-written has the target's name.
    """
    if find_spec("rasterio") is None:
        raise ConfigError(
            f"{source}: a scene with a place on Earth, which needs rasterio, not installed here; "
            "run: pip install 'mzsr_basicsr[geo]'"
        )
    if target.suffix.lower() not in ENDINGS:
        raise ImageError(
            f"{target}: a scene with a place on Earth is written as {' or '.join(ENDINGS)}; name such a file, or make "
            f"{source.name} a plain picture first: gdal_translate -co PROFILE=BASELINE"
        )
    from mzsr_basicsr.fields.scene_run import upscale_scene  # brings rasterio

    return upscale_scene(source, target, upscaler, progress, cog)
