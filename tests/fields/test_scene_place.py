"""Where a result lies on the ground, by an independent derivation: the scene it was reduced from lies there."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import rasterio
import tifffile
import torch
from affine import Affine
from helpers.scenes import PLACE, TURNED, fast_probe, make_scene, pixels_of, upscaled  # noqa: F401
from helpers.small_networks import photo, save_network
from rasterio.control import GroundControlPoint

from mzsr_basicsr.degradation.degrade import blur, subsample
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.fields.scene_place import enlarged

pytestmark = pytest.mark.usefixtures("fast_probe")


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return {scale: save_network(folder / f"{scale}.pth", scale, correction=0.0) for scale in (2, 3)}


@pytest.fixture(scope="module")
def small(networks):
    return networks[2]


def at(place, column, row):
    """The ground under a place of a scene, px from its corner."""
    return place.a * column + place.b * row + place.c, place.d * column + place.e * row + place.f


def reduced(place: Affine, scale: int, subsampling: str) -> Affine:
    """The place of a scene that was reduced: by pixels that were kept the first one's centre stays, else the edge."""
    (a, b, c, d, e, f) = place[:6]
    half = 0.5 if subsampling == "direct" else 0.0  # px of the large scene, where the first pixels agree
    x, y = a * half + b * half + c, d * half + e * half + f
    a, b, d, e = scale * a, scale * b, scale * d, scale * e
    return Affine(a, b, x - (a + b) * half, d, e, y - (d + e) * half)


@pytest.mark.parametrize("place", [PLACE, TURNED], ids=["north up", "turned"])
@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
@pytest.mark.parametrize("scale", [2, 3])
def test_a_result_lies_where_the_scene_lay_that_was_reduced(networks, tmp_path, place, subsampling, scale):
    source = make_scene(tmp_path / "a.tif", photo(), transform=reduced(place, scale, subsampling))
    target, record = upscaled(source, networks[scale], subsampling=subsampling, scale=float(scale))
    with rasterio.open(target) as file:
        assert file.shape == (40 * scale, 48 * scale) and file.crs == "EPSG:32618"
        corners = [(0, 0), (48 * scale, 0), (0, 40 * scale), (17.3, 60.1)]
        away = [np.hypot(*np.subtract(at(~place, *at(file.transform, *c)), c)) for c in corners]
    assert max(away) < 1e-6  # px of the result
    expected = (1 - scale) / 2 if subsampling == "direct" else 0
    assert record["offset"] == [expected, expected]


def test_bicubic_leaves_the_footprint_to_a_millionth_of_a_pixel_by_gdal(small, tmp_path):
    if shutil.which("gdalinfo") is None:
        pytest.skip("needs gdalinfo")
    source = make_scene(tmp_path / "a.tif", photo(), transform=TURNED)
    target, _ = upscaled(source, small, kernel="bicubic")
    told = [json.loads(subprocess.check_output(["gdalinfo", "-json", path])) for path in (source, target)]
    assert [one["size"] for one in told] == [[48, 40], [96, 80]]
    (x, a, b, y, d, e), (u, p, q, v, r, s) = (one["geoTransform"] for one in told)
    np.testing.assert_allclose((u, v, 2 * p, 2 * q, 2 * r, 2 * s), (x, y, a, b, d, e), atol=1e-6 * 15)
    np.testing.assert_allclose(
        (u + 96 * p + 80 * q, v + 96 * r + 80 * s), (x + 48 * a + 40 * b, y + 48 * d + 40 * e), atol=1e-6
    )


def ramp(height, width, place):
    """Brightness that is the ground's first coordinate, and the second, at the centre of each pixel."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    x, y = (place.a * columns + place.b * rows + place.c, place.d * columns + place.e * rows + place.f)
    return np.dstack([x, y])


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
@pytest.mark.parametrize("kernel", ["gaussian:0.5,0.5,0,7", "gaussian:0.8,0.4,0.5,7"])
@pytest.mark.parametrize("scale", [2.0, 1.5])
def test_the_content_lies_there_too(small, tmp_path, subsampling, kernel, scale):
    """The ground is drawn as brightness: what a result shows at a place must be that place."""
    ground = Affine(2.0, 0.3, 100, -0.2, -1.5, 900)
    source = make_scene(tmp_path / "a.tif", ramp(60, 60, ground).astype(np.float64), transform=ground)
    target, _ = upscaled(source, small, kernel=kernel, subsampling=subsampling, scale=scale)
    found = pixels_of(target)
    with rasterio.open(target) as file:
        wanted = ramp(*found.shape[:2], file.transform)
    inner = (slice(24, -24), slice(24, -24))
    assert np.abs(found - wanted)[inner].max() < 0.05 * 1.5  # a twentieth of a pixel, where one is 1.5 and 2
    moved = ramp(*found.shape[:2], Affine(*file.transform[:2], wanted[1, 1, 0], *file.transform[3:5], wanted[1, 1, 1]))
    assert np.abs(found - moved)[inner].max() > 0.2  # half a pixel would be seen


def test_a_kernel_that_is_off_its_centre_moves_the_place(small, tmp_path):
    kernel = np.zeros((5, 5))
    kernel[2, 3] = 1  # a pixel to the right
    np.save(tmp_path / "k.npy", kernel)
    source = make_scene(tmp_path / "a.tif", photo())
    target, _ = upscaled(source, small, kernel=str(tmp_path / "k.npy"), subsampling="bicubic")
    with rasterio.open(target) as file:
        assert file.transform.almost_equals(Affine(15, 0, 500000 - 15, 0, -10, 4000000), 1e-9)
    hr = ramp(32, 32, Affine.identity())[None, None, ..., 0]
    low = subsample(blur(torch.from_numpy(hr), load_kernel(str(tmp_path / "k.npy"))), 2, "bicubic")[0, 0]
    assert float(low[8, 7]) == pytest.approx(16.0)  # its centre is 15.0, but it shows what lies a px to the right


@pytest.mark.parametrize("area", ["Area", "Point"])
def test_area_and_point_are_kept_and_tie_the_right_place(small, tmp_path, area):
    source = make_scene(tmp_path / "a.tif", photo(), tags={"AREA_OR_POINT": area})
    target, _ = upscaled(source, small, subsampling="direct")
    with rasterio.open(target) as file:
        assert file.tags()["AREA_OR_POINT"] == area
    ties = []
    for path in (source, target):
        with tifffile.TiffFile(path) as file:
            ties.append(file.pages[0].tags[33922].value)
    (i, j, _, x, y, _), (m, n, _, u, v, _) = ties
    assert i == j == m == n == 0
    if area == "Point":  # the tie is the centre of the first pixel, which stays by direct subsampling
        assert (u, v) == pytest.approx((x, y), abs=1e-9)
    else:
        assert (u, v) == pytest.approx((x + 30 / 4, y - 20 / 4), abs=1e-9)


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
def test_ground_control_points_are_moved_with_the_pixels(small, tmp_path, subsampling):
    pixels = [(0.0, 0.0), (30.5, 4.25), (10.0, 47.0), (39.0, 20.0)]  # row, column
    points = [GroundControlPoint(r, c, *at(PLACE, c, r), 5.0, str(n), "") for n, (r, c) in enumerate(pixels, 1)]
    source = make_scene(tmp_path / "a.tif", photo(), transform=None, crs=None)
    with rasterio.open(source, "r+") as file:
        file.gcps = (points, rasterio.CRS.from_epsg(32618))
    target, record = upscaled(source, small, subsampling=subsampling)
    shift = 0.5 if subsampling == "direct" else 0.0
    with rasterio.open(target) as file:
        found, crs = file.gcps
        assert file.transform.is_identity and crs == "EPSG:32618"
    moved = [(2 * r - shift, 2 * c - shift) for r, c in pixels]
    np.testing.assert_allclose([(p.row, p.col) for p in found], moved, atol=1e-9)
    assert [(p.x, p.y, p.z, p.id) for p in found] == [(p.x, p.y, p.z, p.id) for p in points]
    assert record["notices"] == []


def test_the_affine_is_undone_by_what_it_was_made_of():
    for offset in ((0.0, 0.0), (-0.5, 0.25)):
        result = enlarged(TURNED, 2.5, offset)
        for u, v in ((0, 0), (100, 37)):
            on_source = (u - offset[0]) / 2.5, (v - offset[1]) / 2.5
            assert at(result, u, v) == pytest.approx(at(TURNED, *on_source), abs=1e-7)
