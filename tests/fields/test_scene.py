"""A scene keeps what it says of itself: holes, masks, alpha, names, colours, units, tags; what is lost is said."""

import warnings

import numpy as np
import pytest
import rasterio
import tifffile
from helpers.commands import Command
from helpers.picture_files import exif_block
from helpers.scenes import EASY, fast_probe, make_scene, pixels_of, upscaled, upscaler_of  # noqa: F401
from helpers.small_networks import photo, save_network
from rasterio.enums import ColorInterp as Colour
from rasterio.enums import MaskFlags
from rasterio.rpc import RPC

from mzsr_basicsr.fields import tiff_tags
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy
from mzsr_basicsr.jobs.worker import run_job
from mzsr_basicsr.pictures.metadata import Metadata
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.writing import write_picture

pytestmark = pytest.mark.usefixtures("fast_probe")
RGB = [Colour.red, Colour.green, Colour.blue]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def bright(height=70, width=80):
    return np.maximum(photo(height, width), 1)


def in_memory(small, pixels, **choices):
    upscaler = upscaler_of(small, **{"tile": 512, **choices})
    return upscaler.apply(pixels, upscaler.plan(pixels))


def apart(one, other):
    return np.abs(one.astype(float) - other.astype(float)).max()


def test_a_scene_has_the_pixels_of_the_picture(small, tmp_path):
    source = make_scene(tmp_path / "a.tif", photo(70, 80), photometric="RGB")
    target, record = upscaled(source, small)
    assert apart(pixels_of(target), in_memory(small, photo(70, 80))) <= 1
    assert (record["windows"], record["resumed"], record["notices"]) == (9, 0, [])
    with rasterio.open(target) as file:
        assert file.colorinterp == tuple(RGB) and file.nodata is None
        assert (file.block_shapes[0], file.compression.name, file.is_tiled) == ((64, 64), "deflate", True)
        assert file.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "2"


def test_holes_of_a_declared_value(small, tmp_path):
    pixels = bright()
    pixels[20:50, 30:60] = 0
    target, _ = upscaled(make_scene(tmp_path / "a.tif", pixels, nodata=0), small, subsampling="bicubic")
    empty = (pixels == 0).all(2).repeat(2, 0).repeat(2, 1)
    with rasterio.open(target) as file:
        assert file.nodata == 0
    np.testing.assert_array_equal((pixels_of(target) == 0).all(2), empty)


def test_the_value_of_no_data_is_not_made_up(small, tmp_path):
    dark = photo(70, 80) // 64  # black or nearly so
    dark[..., 0] += 1
    target, _ = upscaled(make_scene(tmp_path / "a.tif", dark, nodata=0), small, subsampling="bicubic")
    assert not (pixels_of(target) == 0).all(2).any()


def test_a_told_value_goes_before_the_files(small, tmp_path):
    pixels = bright()
    pixels[20:50, 30:60] = 255
    target, _ = upscaled(make_scene(tmp_path / "a.tif", pixels, nodata=0), small, nodata=255.0, subsampling="bicubic")
    with rasterio.open(target) as file:
        assert file.nodata == 255
    assert (pixels_of(target)[40:100, 60:120] == 255).all()


def test_a_mask_is_enlarged_and_lies_within_the_file(small, tmp_path):
    mask = np.ones((70, 80), bool)
    mask[20:50, 30:60] = mask[3, 3] = False
    target, _ = upscaled(make_scene(tmp_path / "a.tif", bright(), mask=mask), small, subsampling="bicubic")
    with rasterio.open(target) as file:
        assert all(flags == [MaskFlags.per_dataset] for flags in file.mask_flag_enums)
        np.testing.assert_array_equal(file.dataset_mask() > 0, mask.repeat(2, 0).repeat(2, 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "out.tif"]  # no .msk, no .aux.xml


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_alpha_stays_where_it_is_and_colours_keep_their_order(small, tmp_path, kind):
    top = np.iinfo(kind).max
    alpha = np.full((70, 80), top, kind)
    alpha[20:50, 30:60] = 0
    names = [Colour.blue, Colour.green, Colour.alpha, Colour.red]
    colours = photo(70, 80).astype(kind)
    stored = np.dstack([colours[..., 2], colours[..., 1], alpha, colours[..., 0]])
    target, _ = upscaled(make_scene(tmp_path / "a.tif", stored, names=names), small, subsampling="bicubic")
    found = pixels_of(target)
    with rasterio.open(target) as file:
        assert list(file.colorinterp) == names and file.dtypes[0] == np.dtype(kind).name
    assert (found[..., 2][50:90, 70:110] == 0).all() and (found[110:, :, 2] == top).all()
    plain, _ = upscaled(make_scene(tmp_path / "b.tif", colours, names=RGB), small, "b2.tif", subsampling="bicubic")
    assert apart(found[115:, :, [3, 1, 0]], pixels_of(plain)[115:]) <= 1


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32", "float64"])
def test_elevations_of_any_type(small, tmp_path, kind):
    heights = (photo(70, 80)[..., :1].astype(kind) + 300) / (7 if "float" in kind else 1)
    heights = heights.astype(kind)
    empty = np.nan if "float" in kind else np.iinfo(kind).max if kind == "uint16" else -32768
    heights[20:50, 30:60] = empty
    source = make_scene(tmp_path / "a.tif", heights, nodata=empty)
    with rasterio.open(source, "r+") as file:
        file.scales, file.offsets = (0.1,), (5.0,)
        file.set_band_description(1, "height"), file.set_band_unit(1, "metre")
        file.update_tags(1, SENSOR="radar", STATISTICS_MEAN="1.5")
        file.update_tags(MISSION="x", TIFFTAG_SOFTWARE="y")
        file.update_tags(ns="IMD", CLOUD="0.1")
    target, _ = upscaled(source, small, subsampling="bicubic")
    found = pixels_of(target)
    gone = np.isnan(found) if "float" in kind else found == empty
    np.testing.assert_array_equal(
        gone, np.isin(np.arange(140), range(40, 100))[:, None, None] & np.isin(np.arange(160), range(60, 120))[:, None]
    )
    data = heights[~gone[::2, ::2]]
    assert data.min() <= found[~gone].min() and found[~gone].max() <= data.max()
    with rasterio.open(target) as file:
        assert (file.dtypes, file.descriptions, file.units) == ((kind,), ("height",), ("metre",))
        assert (file.scales, file.offsets, file.tags(1)) == ((0.1,), (5.0,), {"SENSOR": "radar"})
        assert file.tags()["MISSION"] == "x" and file.tags()["TIFFTAG_SOFTWARE"] == "y"
        assert file.tags(ns="IMD") == {"CLOUD": "0.1"}
        assert file.nodata == pytest.approx(empty, nan_ok=True)


def test_many_bands_are_one_plane_each_and_stay_by_band(small, tmp_path):
    five = np.dstack([photo(40, 48), photo(40, 48)[::-1, :, :2]])
    target, _ = upscaled(make_scene(tmp_path / "a.tif", five, interleave="BAND"), small)
    with rasterio.open(target) as file:
        assert file.count == 5 and file.tags(ns="IMAGE_STRUCTURE")["INTERLEAVE"] == "BAND"
    assert apart(pixels_of(target), in_memory(small, five)) <= 1


def test_a_palette_becomes_colours_and_its_empty_class_a_mask(small, tmp_path):
    classes = (photo(70, 80)[..., :1] // 64).astype(np.uint8)
    source = tmp_path / "a.tif"
    make_scene(source, classes, nodata=3, photometric="PALETTE")
    table = {n: (20 + 60 * n, 200 - 50 * n, 10 * n, 255) for n in range(4)}
    with rasterio.open(source, "r+") as file:
        file.write_colormap(1, table)
    target, record = upscaled(source, small, kernel="bicubic")
    assert record["notices"] == [f"{source}: its palette has become colours: their numbers, such as classes, are lost"]
    with rasterio.open(target) as file:
        assert list(file.colorinterp) == RGB and file.nodata is None
        np.testing.assert_array_equal(file.dataset_mask() == 0, (classes[..., 0] == 3).repeat(2, 0).repeat(2, 1))
    colours = np.array([table[n][:3] for n in range(4)], np.uint8)[classes[..., 0]]
    flat = photo(70, 80)[..., 0] // 64
    inside = np.zeros_like(flat, bool)
    inside[4:-4, 4:-4] = [
        [len(set(flat[y - 4 : y + 5, x - 4 : x + 5].ravel())) == 1 for x in range(4, 76)] for y in range(4, 66)
    ]
    assert inside.any() and apart(pixels_of(target)[::2, ::2][inside], colours[inside]) <= 2


def test_what_is_lost_is_said(small, tmp_path):
    source = make_scene(tmp_path / "a.tif", bright(64, 64), nodata=None, crs=None)
    offs = dict.fromkeys(("height_off", "lat_off", "line_off", "long_off", "samp_off"), 5.0)
    scales = dict.fromkeys(("height_scale", "lat_scale", "line_scale", "long_scale", "samp_scale"), 50.0)
    names = ("line_num_coeff", "line_den_coeff", "samp_num_coeff", "samp_den_coeff")
    rpc = RPC(**offs, **scales, **{name: [1.0] * 20 for name in names})
    with rasterio.open(source, "r+") as file:
        file.rpcs = rpc
        file.build_overviews([2])
    target, record = upscaled(source, small, nodata=-9999.0)
    lines = [line.removeprefix(f"{source}: ") for line in record["notices"]]
    assert lines == [
        "its RPCs are left out: they are of the pixels of the source",
        "its overviews are not copied; give --cog for new ones",
        "its no-data value -9999.0 is left out: no uint8 can have it",
        "it has no coordinate reference system; its transform is kept",
    ]
    with rasterio.open(target) as file:
        assert file.rpcs is None and file.crs is None and file.overviews(1) == []
        assert file.transform.a == 15 and not file.transform.is_identity


def test_a_cog_has_overviews_and_the_same_pixels(small, tmp_path):
    mask = np.ones((300, 300), bool)
    mask[:50] = False
    y, x = np.mgrid[:300, :300]
    waves = (128 + 60 * np.sin(x / 5) * np.cos(y / 7)).astype(np.uint8)
    source = make_scene(tmp_path / "a.tif", np.dstack([waves] * 3), mask=mask, photometric="RGB")
    cog, record = upscaled(source, small, "cog.tif", cog=True, tile=512)
    plain, _ = upscaled(source, small, "plain.tif", tile=512)
    with rasterio.open(cog) as one, rasterio.open(plain) as other:
        assert one.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and one.overviews(1) == [2]
        assert (one.transform, one.crs) == (other.transform, other.crs)
        np.testing.assert_array_equal(one.read(), other.read())
        np.testing.assert_array_equal(one.dataset_mask(), other.dataset_mask())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "cog.tif", "plain.tif"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_large_picture_is_worked_on_by_windows_and_stays_one(small, tmp_path, monkeypatch, order):
    pixels, exif = photo(70, 80), exif_block(endian=order)
    told = Metadata(xmp=b'<x tiff:ImageWidth="80"/>', iptc=b"\x1c\2\5\0\1a")
    source = Picture(pixels, False, "TIFF", b"profile", exif, (300.0, 300.0), extras=told)
    write_picture(source, tmp_path / "a.tif")
    upscaler = upscaler_of(small, tile=32)
    small_way = run_job(FileJob(tmp_path / "a.tif", tmp_path / "b.tif"), upscaler, FilePolicy())
    monkeypatch.setattr(tiff_tags, "LARGE", 5000)
    record = run_job(FileJob(tmp_path / "a.tif", tmp_path / "c.tif"), upscaler, FilePolicy())
    assert "windows" in record and "windows" not in small_way and field_of(tmp_path / "c.tif") is None
    assert record["kernel"] == small_way["kernel"] and record["offset"] == small_way["offset"]
    with tifffile.TiffFile(tmp_path / "b.tif") as one, tifffile.TiffFile(tmp_path / "c.tif") as other:
        assert apart(one.asarray(), other.asarray()) <= 1 and pixels.shape == (70, 80, 3)
        for tag in (274, 271, 305, 34675, 282, 296, 700, 33723):
            assert str(one.pages[0].tags.valueof(tag)) == str(other.pages[0].tags.valueof(tag)), tag
        assert other.pages[0].tags[282].value == (600, 1)
        assert other.pages[0].tags[700].value == b'<x tiff:ImageWidth="160"/>'
        assert other.pages[0].tags[34665].value["PixelXDimension"] == one.pages[0].tags[34665].value["PixelXDimension"]


def test_the_command_upscales_a_scene(small, tmp_path, monkeypatch, capsys):
    make_scene(tmp_path / "in.tif", photo(40, 48))
    mzsr = Command(monkeypatch, capsys)
    choices = ("--weights", small, "--kernel", EASY["kernel"], "--updates", "0", "--device", "cpu", "--tile", "32")
    status, out, err = mzsr("upscale", tmp_path / "in.tif", "-o", tmp_path / "out", "--cog", *choices)
    assert (status, err) == (0, []) and out[0].startswith(f"{tmp_path}/out/in.tif: kernel λ 0.50")
    with rasterio.open(tmp_path / "out" / "in.tif") as file:
        assert file.shape == (80, 96) and file.crs == "EPSG:32618"
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_nothing_is_warned_of(small, tmp_path):
    source = make_scene(tmp_path / "a.tif", photo(), crs=None, transform=None, tags={"MISSION": "x"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        upscaled(source, small)
