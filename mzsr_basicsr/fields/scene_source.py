"""A scene as it is read: checked before any work, its bands in the order that a network takes, its holes known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import tifffile
from rasterio import DatasetReader
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.fields.scene_gdal import reporting
from mzsr_basicsr.fields.tiff_tags import GEO, directories
from mzsr_basicsr.pictures.kinds import SMALLEST_SIDE
from mzsr_basicsr.pictures.picture import FAILURES, reason
from mzsr_basicsr.pictures.tiff_pages import page_count
from mzsr_basicsr.upscaling.wide import Range, Raw, Wide

KINDS = ("uint8", "uint16", "int16", "float32", "float64")
_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_PIECE = 2**22  # values that are looked at at once
_LARGEST_BLOCK = 2**28  # values; a block is decoded whole
_READ = "read this scene"
_DAMAGED = "; it is damaged, replace it"


@dataclass(frozen=True, eq=False)
class Scene:
    """An open scene.

    Attributes:
        dataset: as GDAL reads it.
        image: its pixels, in the order of `order`, palettes as colours.
        order: the bands, from 0, in the order of the image: red, green and blue so, and alpha last.
        palette: (entries, 3 or 4) uint8, the colours of a palette; None for none.
        plain: whether it is an ordinary picture, without a place.
    """

    dataset: DatasetReader
    image: Wide
    order: list[int]
    palette: np.ndarray | None
    plain: bool


@contextmanager
def opened(path: Path, nodata: float | None) -> Iterator[Scene]:
    """Open a scene.

    Args:
        path: a TIFF file.
        nodata: the value that stands for no data, whatever the file says; None for the file's.

    Raises:
        ImageError: it is damaged, or of a kind that is not read.
    """
    with reporting(path, _READ, _DAMAGED):
        plain = _check_pages(path)
        dataset = rasterio.open(path, driver="GTiff")
    with dataset:
        with reporting(path, _READ, _DAMAGED):
            scene = _scene(dataset, path, nodata, plain)
        yield scene


def _check_pages(path: Path) -> bool:
    """Refuse several pages and pixels that are missing in the file; tell whether it has no place."""
    with path.open("rb") as stream:
        pages = [page for page in directories(stream) if page.is_page]
    if len(pages) != 1:
        raise ImageError(f"{path}: {len(pages)} scenes in one file; save each as a file: gdal_translate GTIFF_DIR:1:…")
    size = path.stat().st_size
    try:
        with tifffile.TiffFile(path) as file:
            check_segments(file, size, path)
    except MZSRError:
        raise
    except FAILURES as error:
        raise ValueError(reason(error)) from error  # becomes a line like those of GDAL
    return not pages[0].tags & GEO


def check_segments(file: tifffile.TiffFile, size: int, path: Path) -> None:
    """Refuse a file whose pixels do not all lie within it, as of one that was cut off; blocks may be left out.

    Raises:
        ImageError: some do not.
    """
    for number in range(page_count(file)):
        page = file.pages[number]
        if not isinstance(page, tifffile.TiffPage):
            continue
        places = zip(page.dataoffsets, page.databytecounts, strict=False)
        if len(page.dataoffsets) < 1 or any(start + count > size for start, count in places):
            raise ImageError(f"{path}: pixels are missing in the file; it is truncated or damaged, replace it")


def _scene(dataset: DatasetReader, path: Path, nodata: float | None, plain: bool) -> Scene:
    _check_kind(dataset, path)
    palette = _palette(dataset)
    order = _order(dataset, path)
    alpha = dataset.colorinterp[order[-1]] == ColorInterp.alpha
    bands, kind = len(order), np.dtype(dataset.dtypes[0])
    nodata = dataset.nodata if nodata is None else nodata
    flags = dataset.mask_flag_enums[order[0]]
    by_mask = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
    empty = None
    if palette is not None:
        bands, kind, alpha = palette.shape[1], palette.dtype, palette.shape[1] == 4
        nodata, empty = None, nodata  # of an index: a mask of the colours
    if bands == alpha:
        raise ImageError(f"{path}: an alpha band alone; give a scene with a band of colour")

    def read(rows: Range, columns: Range) -> Raw:
        window = Window.from_slices(rows, columns)
        with reporting(path, _READ, _DAMAGED):
            values = dataset.read([band + 1 for band in order], window=window)
            missing = dataset.read_masks(order[0] + 1, window=window) == 0 if by_mask else None
        if palette is None:
            return np.ascontiguousarray(np.moveaxis(values, 0, 2)), missing
        if empty is not None:
            missing = values[0] == empty if missing is None else missing | (values[0] == empty)
        return palette[np.minimum(values[0], len(palette) - 1)], missing

    shape, masked = (dataset.height, dataset.width, bands), by_mask or empty is not None
    return Scene(
        dataset, Wide(read, shape, kind, _piece(dataset), alpha, nodata, masked, str(path)), order, palette, plain
    )


def _check_kind(dataset: DatasetReader, path: Path) -> None:
    """Refuse samples that are no plain numbers of a known width, and scenes that are too small or oddly stored."""
    kind, bits = dataset.dtypes[0], int(dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    if kind not in KINDS or bits < 8:
        what = kind if bits >= 8 else f"{bits} bits"
        advice = "save its magnitude" if "complex" in kind else "convert it: gdal_translate -ot Float32"
        raise ImageError(f"{path}: samples of the type {what}; allowed: {', '.join(KINDS)}; {advice}")
    if min(dataset.width, dataset.height) < SMALLEST_SIDE:
        size = f"{dataset.width}x{dataset.height}"
        raise ImageError(f"{path}: {size} px is too small; at least {SMALLEST_SIDE}x{SMALLEST_SIDE} px")
    height, width = np.max(dataset.block_shapes, axis=0)
    if height * width * dataset.count > _LARGEST_BLOCK and height < dataset.height:
        raise ImageError(f"{path}: blocks of {width}x{height} px; store it in tiles: gdal_translate -co TILED=YES")


def _palette(dataset: DatasetReader) -> np.ndarray | None:
    if dataset.count != 1 or dataset.colorinterp[0] != ColorInterp.palette:
        return None
    entries = dataset.colormap(1)
    table = np.zeros((max(entries) + 1, 4), np.uint8)
    for index, colour in entries.items():
        table[index] = colour
    if dataset.nodata is not None and 0 <= dataset.nodata < len(table):  # GDAL shows it as transparent
        table[int(dataset.nodata), 3] = 255
    return table if (table[:, 3] < 255).any() else np.ascontiguousarray(table[:, :3])


def _order(dataset: DatasetReader, path: Path) -> list[int]:
    """Give the bands, from 0: red, green and blue in this order if they are all the colours, and alpha last."""
    names = dataset.colorinterp
    alphas = [band for band, name in enumerate(names) if name == ColorInterp.alpha]
    if len(alphas) > 1:
        raise ImageError(f"{path}: {len(alphas)} alpha bands; keep one: gdal_translate -b …")
    colours = [band for band in range(len(names)) if band not in alphas]
    if sorted(names[band] for band in colours) == sorted(_RGB):
        colours.sort(key=lambda band: _RGB.index(names[band]))
    return colours + alphas


def _piece(dataset: DatasetReader) -> Range:
    """Give the height and width of what is best read at once: of whole blocks, as many as a piece may hold."""
    height, width = (int(side) for side in dataset.block_shapes[0])
    most = max(1, _PIECE // dataset.count)
    across = width if width >= dataset.width else width * max(1, int(most**0.5) // width)
    across = min(across, dataset.width)
    return height * max(1, most // across // height), across
