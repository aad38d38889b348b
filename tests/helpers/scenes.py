"""Small scenes that tests make themselves, and an upscaler for them."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from mzsr_basicsr.fields.scene import upscale_file
from mzsr_basicsr.upscaling import render, tiling
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

PLACE = Affine(30.0, 0, 500000, 0, -20.0, 4000000)
TURNED = Affine(30.0, 7.0, 500000, -4.0, -20.0, 4000000)
EASY = {"kernel": "gaussian:0.5,0.5,0,7", "updates": 0, "noise": 0.0, "device": "cpu", "tile": 32}


def make_scene(path, pixels, tags=None, mask=None, nodata=None, names=None, **options):
    """Write (H, W, C) as a GeoTIFF; `mask` is (H, W) bool, True where there is data, `names` colour interpretations."""
    height, width, count = pixels.shape
    shape = {"height": height, "width": width, "count": count, "dtype": pixels.dtype, "nodata": nodata}
    how = {"driver": "GTiff", "crs": "EPSG:32618", "transform": PLACE, **shape, **options}
    how = {name: value for name, value in how.items() if value is not None}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "w", **how) as file:
        file.write(np.moveaxis(pixels, 2, 0))
        file.update_tags(**(tags or {}))
        if names:
            file.colorinterp = names
        if mask is not None:
            file.write_mask(mask)
    return path


def pixels_of(path):
    """(H, W, C) as rasterio reads them."""
    with rasterio.open(path) as file:
        return np.moveaxis(file.read(), 0, 2)


def upscaler_of(weights, **choices):
    return Upscaler(UpscaleSettings(weights=weights, **{**EASY, **choices}))


def upscaled(source, weights, name="out.tif", cog=False, **choices):
    """Upscale a scene; give the file and the record."""
    target = source.parent / name
    return target, upscale_file(source, target, upscaler_of(weights, **choices), cog=cog)


@pytest.fixture
def fast_probe(monkeypatch):
    """A reach that is enough for the small network, and is measured in half a second."""
    monkeypatch.setattr(tiling, "PROBE", 40)
    monkeypatch.setattr(render, "PROBE", 40)
