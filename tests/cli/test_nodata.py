"""No-data from file to file: the tag of GDAL, NaN and a declared value, in `mzsr upscale`, `degrade` and `inspect`."""

import io

import numpy as np
import pytest
import scipy.ndimage
import tifffile
from helpers.commands import Command, load, smooth
from helpers.picture_files import refused, tiff
from PIL import Image

from mzsr_basicsr.inspection.subject import read_colours, read_pair
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture

HOLE = (slice(8, 12), slice(10, 18))
LARGE = (slice(16, 24), slice(20, 36))


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return Command(monkeypatch, capsys)


def declaring(pixels: np.ndarray, text: str, **options) -> bytes:
    """A TIFF whose GDAL_NODATA says so."""
    return tiff(pixels, extratags=[(42113, 2, 0, text, True)], **{"photometric": "minisblack", **options})


def declared(path) -> object:
    with tifffile.TiffFile(path) as file:
        return file.pages[0].tags.valueof(42113)


@pytest.mark.parametrize(
    ("text", "value"),
    [("-9999", -9999), (" -32768.0 ", -32768), ("nan", np.nan), ("-3.4028234663852886e+38", -3.4028234663852886e38)],
)
def test_the_tag_is_read_and_written(text, value, tmp_path):
    picture = read_picture(declaring(smooth(1, np.float32)[..., 0], text))
    assert picture.nodata == pytest.approx(value, nan_ok=True)
    write_picture(picture, tmp_path / "a.tif")
    assert float(declared(tmp_path / "a.tif")) == pytest.approx(value, nan_ok=True)
    assert Image.open(tmp_path / "a.tif").tag_v2[42113].strip("\0") == f"{value:.17g}"


def test_the_tag_means_what_the_decoded_pixels_are():
    grey = smooth(1)[..., 0]
    assert read_picture(declaring(grey, "0", photometric="miniswhite")).nodata == 255
    assert read_picture(tiff(grey, photometric="minisblack")).nodata is None
    assert read_picture(declaring(grey, "none")).nodata is None
    palette = np.zeros((3, 256), np.uint16)
    assert read_picture(declaring(grey, "0", photometric="palette", colormap=palette)).nodata is None


@pytest.mark.parametrize("how", ["tag", "option", "nan"])
def test_upscale_keeps_holes_and_says_what_they_are(mzsr, tmp_path, how):
    model = smooth(1, np.float32)[..., 0] * 100 + 400
    model[HOLE] = np.nan if how == "nan" else -9999
    (tmp_path / "in/a.tif").write_bytes(
        declaring(model, "-9999") if how == "tag" else tiff(model, photometric="minisblack")
    )
    options = ("--nodata", "-9999") if how == "option" else ()
    assert mzsr.upscale("in/a.tif", "-o", "out", "--compare", "--json", *options)[0] == 0
    found = tifffile.imread(tmp_path / "out/a.tif")
    hole = np.isnan(found) if how == "nan" else found == -9999
    expected = np.zeros((52, 60), bool)
    expected[LARGE] = True
    np.testing.assert_array_equal(hole, expected)
    assert found[~hole].min() > 150 and found[~hole].max() < 850  # the model spans 200 to 800
    assert declared(tmp_path / "out/a.tif") == (None if how == "nan" else "-9999")
    shown = load(tmp_path / "out/a_compare.png")
    assert np.count_nonzero((shown == 255).all(2)) > 100  # white, on both sides


def test_black_borders_of_8_bits_stay_black(mzsr, tmp_path):
    pixels = smooth()
    pixels[:, :6] = 0
    (tmp_path / "in/a.tif").write_bytes(declaring(pixels, "0", photometric="rgb"))
    assert mzsr.upscale("in/a.tif", "-o", "out")[0] == 0
    assert mzsr.upscale("in/a.tif", "-o", "out", "--format", "png")[0] == 0
    found = load(tmp_path / "out/a.tif")
    np.testing.assert_array_equal((found == 0).all(2), np.arange(60) < 12 + np.zeros((52, 1)))
    np.testing.assert_array_equal(load(tmp_path / "out/a.png"), found)
    filled = pixels.copy()
    filled[:, :6] = pixels[:, 6:7]
    Image.fromarray(filled).save(tmp_path / "in/b.png")
    assert mzsr.upscale("in/b.png", "-o", "out")[0] == 0
    near = np.abs(load(tmp_path / "out/b.png")[:, 12:].astype(int) - found[:, 12:])
    assert near.mean() < 2  # as if the picture went on


def test_what_holds_no_nan_is_refused_in_a_line(mzsr, tmp_path):
    model = smooth(1, np.float32)[..., 0]
    model[HOLE] = np.nan
    (tmp_path / "in/a.tif").write_bytes(tiff(model, photometric="minisblack"))
    status, _, err = mzsr.upscale("in/a.tif", "-o", "out", "--format", "png")
    assert status == 1 and "png holds no float32 pixels; allowed: tif" in err[0]


@pytest.mark.parametrize(
    ("how", "dtype"), [(h, np.float32) for h in ("tag", "option", "nan")] + [(h, np.uint16) for h in ("tag", "option")]
)
def test_degrade_lets_no_hole_spread(mzsr, tmp_path, how, dtype):
    """By a box of 3 px: an LR pixel has no data where most of its nine have none, else it averages data alone."""
    value = {np.float32: np.nan if how == "nan" else -9999, np.uint16: 65535}[dtype]
    hr = (np.add.outer(np.arange(40), np.arange(44)) + 300).astype(dtype)
    hr[10:20, 12:24] = value
    content = declaring(hr, str(value)) if how == "tag" else tiff(hr, photometric="minisblack")
    (tmp_path / "in/a.tif").write_bytes(content)
    options = ("--nodata", value) if how == "option" else ()
    assert mzsr("degrade", "in/a.tif", "-o", "a.tif", "--kernel", "box:3", *options)[0] in (0, None)
    found = tifffile.imread(tmp_path / "a.tif")
    missing = np.zeros((40, 44))
    missing[10:20, 12:24] = 1
    expected = scipy.ndimage.uniform_filter(missing, 3)[::2, ::2] > 0.5
    np.testing.assert_array_equal(np.isnan(found) if how == "nan" else found == value, expected)
    assert found[~expected].min() >= 300 and found[~expected].max() <= 383
    assert how != "tag" or float(declared(tmp_path / "a.tif")) == value


def test_inspect_fills_holes_and_says_so(tmp_path):
    model = smooth(1, np.float32)[..., 0] * 100 + 400
    model[HOLE], model[0, 0] = -9999, 1e6
    (tmp_path / "a.tif").write_bytes(declaring(model, "-9999"))
    subject = read_pair(read_colours(tmp_path / "a.tif"), None, 2, None)
    assert subject.pixels.min() > 150 and subject.pixels.max() < 850
    assert [line.split(" of ")[0] for line in subject.notices] == ["Pixels", "Outliers"]


def test_a_picture_without_data_is_one_line(mzsr, tmp_path):
    (tmp_path / "in/a.tif").write_bytes(declaring(np.full((20, 20), -9999, np.float32), "-9999"))
    for command in (("upscale",), ("degrade", "--format", "tif"), ("kernel", "estimate"), ("inspect",)):
        status, _, err = mzsr(*command, "in/a.tif", *(() if "kernel" in command else ("-o", "out")))
        assert status == 1 and len(err) == 1 and "in/a.tif: 0 px hold data" in err[0], (command, err)
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((4, 4), np.int16), photometric="minisblack")
    assert "samples of 16 bits (int16)" in refused(stream.getvalue())
