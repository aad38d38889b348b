"""A scene as it is written: tiled and compressed without loss, with all that its source says of itself."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import tifffile
from rasterio.enums import ColorInterp, Interleaving
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.scene_place import enlarged, moved
from mzsr_basicsr.fields.scene_source import Scene, check_segments
from mzsr_basicsr.pictures.exif import (
    ICC_PROFILE,
    Field,
    add_fields,
    describing,
    exif_of_tiff,
    layout_of,
)
from mzsr_basicsr.pictures.exif_edit import scaled, sized
from mzsr_basicsr.pictures.holes import holds
from mzsr_basicsr.pictures.resized import told_of
from mzsr_basicsr.pictures.tiff_metadata import fields_of, metadata_of
from mzsr_basicsr.upscaling.tiling import Tile

Part = tuple[Tile, np.ndarray, np.ndarray | None]
_OF_FILES = {"IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "SUBDATASETS", "RPC", "COLOR_PROFILE"}
_DOTS = ("TIFFTAG_XRESOLUTION", "TIFFTAG_YRESOLUTION", "TIFFTAG_RESOLUTIONUNIT")
_STALE = ("STATISTICS_", "OVR_RESAMPLING_ALG")
_RGB = [ColorInterp.red, ColorInterp.green, ColorInterp.blue]


def write_scene(
    path: Path,
    scene: Scene,
    size: tuple[int, int],
    block: int,
    place: tuple[float, tuple[float, float]],
    parts: Iterable[Part],
) -> None:
    """Write a GeoTIFF of windows; memory holds one.

    Args:
        path: of the file, whatever its ending.
        scene: the source.
        size: height and width, px.
        block: side of its tiles, px; windows are made of whole ones.
        place: scale and offset of the result, see `scene_place`.
        parts: windows, their (h, w, C) in the order of `scene.image`, and where they have no data by a mask, if any.

    Raises:
        OSError, RasterioError, ImageError: it cannot be written.
    """
    back = np.argsort(scene.order) if scene.palette is None else np.arange(scene.image.shape[2])
    how = rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_PAM_ENABLED=False)
    with how, rasterio.open(path, "w", **_profile(scene, size, block)) as file:
        _describe(file, scene, *place)
        for tile, pixels, missing in parts:
            window = Window.from_slices(tile.rows, tile.columns)
            if missing is not None:
                file.write_mask(~missing, window=window)
            file.write(np.moveaxis(pixels[:, :, back], 2, 0), window=window)
    check_whole(path)
    if scene.plain and not scene.image.masked:  # fields are added to a file of one directory
        _add_descriptions(path, Path(scene.dataset.name), size, place[0])


def write_cog(plain: Path, path: Path) -> None:
    """Make a Cloud Optimized GeoTIFF, with overviews, of a finished one."""
    with rasterio.Env(GDAL_PAM_ENABLED=False):
        rasterio.shutil.copy(plain, path, driver="COG", compress="DEFLATE", predictor="YES", bigtiff="IF_SAFER")
    check_whole(path)


def check_whole(path: Path) -> None:
    """Refuse a file that GDAL could not finish, as on a full disk: it does not always say so.

    Raises:
        OSError: not all of it was written.
    """
    try:
        with tifffile.TiffFile(path) as file:
            check_segments(file, path.stat().st_size, path)
    except (ImageError, tifffile.TiffFileError) as error:
        raise OSError("the disk took a part of it only, it may be full") from error


def nodata_of(scene: Scene) -> float | None:
    """Give the value of no data that the result declares; None where its type cannot hold it."""
    nodata, kind = scene.image.nodata, scene.image.dtype
    if nodata is None or kind.kind == "f" or (float(nodata).is_integer() and holds(kind, nodata)):
        return nodata
    return None


def _profile(scene: Scene, size: tuple[int, int], block: int) -> dict[str, Any]:
    source, image = scene.dataset, scene.image
    rgb = scene.palette is not None or list(source.colorinterp[:3]) == _RGB
    options = {
        "photometric": "RGB" if rgb else "MINISBLACK",
        "tiled": True,
        "blockxsize": block,
        "blockysize": block,
        "interleave": "BAND" if source.interleaving == Interleaving.band else "PIXEL",
        "compress": "DEFLATE",
        "predictor": 3 if image.dtype.kind == "f" else 2,
        "bigtiff": "IF_SAFER",
    }
    if scene.plain:
        with open(source.name, "rb") as stream:
            options["endianness"] = "LITTLE" if layout_of(stream)[0].order == "<" else "BIG"
    shape = {"height": size[0], "width": size[1], "count": image.shape[2], "dtype": image.dtype}
    return {"driver": "GTiff", **shape, "nodata": nodata_of(scene), **options}


def _describe(file: DatasetWriter, scene: Scene, scale: float, offset: tuple[float, float]) -> None:
    """Write the place, tags and names of a scene."""
    source = scene.dataset
    points, projection = source.gcps
    if points:
        file.gcps = (moved(points, scale, offset), projection)
    elif not scene.plain or not source.transform.is_identity:
        if source.crs is not None:
            file.crs = source.crs
        file.transform = enlarged(source.transform, scale, offset)
    alpha = [ColorInterp.alpha] * scene.image.alpha
    file.colorinterp = [*_RGB, *alpha] if scene.palette is not None else source.colorinterp
    tags = source.tags()
    if scene.plain:
        file.update_tags(**{name: tags[name] for name in _DOTS[2:] if name in tags})
        file.update_tags(**{name: float(tags[name]) * scale for name in _DOTS[:2] if name in tags})
        return
    file.update_tags(**_kept(tags))
    for domain in source.tag_namespaces():
        if domain not in _OF_FILES and not domain.startswith("xml:"):
            file.update_tags(ns=domain, **source.tags(ns=domain))
    if scene.palette is None:
        _describe_bands(file, source)


def _describe_bands(file: DatasetWriter, source: rasterio.DatasetReader) -> None:
    file.scales, file.offsets = source.scales, source.offsets
    for band in source.indexes:
        file.update_tags(band, **_kept(source.tags(band)))
        if source.descriptions[band - 1]:
            file.set_band_description(band, source.descriptions[band - 1])
        if source.units[band - 1]:
            file.set_band_unit(band, source.units[band - 1])


def _kept(tags: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if not name.startswith(_STALE)}


def _add_descriptions(path: Path, source: Path, size: tuple[int, int], scale: float) -> None:
    """Give a picture without a place what its source says of itself, as `pictures.tiff` does."""
    with source.open("rb") as stream, tifffile.TiffFile(source) as file:
        exif, told = exif_of_tiff(stream), metadata_of(stream)
        icc = file.pages.first.tags.valueof(ICC_PROFILE)
    fields = [Field(ICC_PROFILE, 7, icc)] if isinstance(icc, bytes) else []
    if exif:
        fields += describing(io.BytesIO(sized(scaled(exif, scale), size[1], size[0])))
    fields += fields_of(told_of(told, size, scale), True)
    if fields:
        with path.open("r+b") as stream:
            add_fields(stream, fields)
