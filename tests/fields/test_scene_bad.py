"""Scenes that cannot be upscaled are refused in one line before any work; odd ones are done."""

import contextlib
import re

import numpy as np
import pytest
import rasterio
import tifffile
from helpers.commands import Command
from helpers.picture_files import noise
from helpers.scenes import fast_probe, make_scene, pixels_of, upscaled, upscaler_of  # noqa: F401
from helpers.small_networks import photo, save_network
from rasterio.enums import ColorInterp as Colour

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.fields import scene
from mzsr_basicsr.fields.scene_source import opened
from mzsr_basicsr.upscaling.upscaler import Upscaler

pytestmark = pytest.mark.usefixtures("fast_probe")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture
def refused(small, tmp_path, monkeypatch):
    """The line that refuses a scene, which is not worked on and leaves nothing."""

    def line(source, name="out.tif"):
        monkeypatch.setattr(Upscaler, "plan_from", lambda *_: pytest.fail("worked on"))
        before = sorted(tmp_path.iterdir())
        with pytest.raises((ImageError, ConfigError)) as caught:
            upscaled(source, small, name)
        assert sorted(tmp_path.iterdir()) == before and "\n" not in str(caught.value)
        return str(caught.value).replace(str(tmp_path), "")

    return line


def test_without_the_extra(small, tmp_path, monkeypatch, capsys):
    source = make_scene(tmp_path / "a.tif", photo())
    monkeypatch.setattr(scene, "find_spec", lambda name: None)
    status, out, err = Command(monkeypatch, capsys).upscale(source, "-o", tmp_path / "out", "--weights", small)
    assert (status, out) == (1, []) and err == [
        f"error: {source}: a scene with a place on Earth, which needs rasterio, not installed here; "
        "run: pip install 'mzsr_basicsr[geo]'"
    ]


@pytest.mark.parametrize("name", ["out.png", "out.jpg"])
def test_another_ending(refused, tmp_path, name):
    line = refused(make_scene(tmp_path / "a.tif", photo()), name)
    assert line == (
        f"/{name}: a scene with a place on Earth is written as .tif or .tiff; name such a file, or make a.tif a plain "
        "picture first: gdal_translate -co PROFILE=BASELINE"
    )


@pytest.mark.parametrize("kind", ["complex64", "complex128", "uint32", "int32", "int8"])
def test_other_samples(refused, tmp_path, kind):
    line = refused(make_scene(tmp_path / "a.tif", noise(1, height=16, width=16).astype(kind)))
    allowed = "allowed: uint8, uint16, int16, float32, float64"
    advice = "save its magnitude" if "complex" in kind else "convert it: gdal_translate -ot Float32"
    assert line == f"/a.tif: samples of the type {kind}; {allowed}; {advice}"


def test_few_bits(refused, tmp_path):
    line = refused(make_scene(tmp_path / "a.tif", noise(1, height=16, width=16) % 2, nbits=1))
    assert line.startswith("/a.tif: samples of the type 1 bits; allowed: uint8")


def test_too_small_and_alpha_alone(refused, tmp_path):
    assert refused(make_scene(tmp_path / "a.tif", noise(1, height=7, width=16))) == (
        "/a.tif: 16x7 px is too small; at least 8x8 px"
    )
    alone = make_scene(tmp_path / "b.tif", noise(1, height=16, width=16), names=[Colour.alpha])
    assert refused(alone) == "/b.tif: an alpha band alone; give a scene with a band of colour"
    two = make_scene(tmp_path / "c.tif", noise(3, height=16, width=16), names=[Colour.gray, Colour.alpha, Colour.alpha])
    assert refused(two) == "/c.tif: 2 alpha bands; keep one: gdal_translate -b …"


def test_several_scenes_in_one_file(refused, tmp_path):
    source = make_scene(tmp_path / "a.tif", photo(16, 16))
    with tifffile.TiffWriter(source, append=True) as file:
        file.write(noise(1, height=16, width=16)[..., 0], photometric="minisblack", metadata=None)
    assert refused(source) == "/a.tif: 2 scenes in one file; save each as a file: gdal_translate GTIFF_DIR:1:…"


def test_a_file_that_was_cut_off(refused, tmp_path):
    source = make_scene(tmp_path / "a.tif", noise(3, height=64, width=64), tiled=True, blockxsize=16, blockysize=16)
    content = source.read_bytes()
    for share in (0.5, 0.9):
        source.write_bytes(content[: int(share * len(content))])
        assert re.match(
            r"/a.tif: (pixels are missing|cannot read this scene .+;) .*damaged, replace it$", refused(source)
        )


def test_pixels_that_cannot_be_decoded(small, tmp_path):
    source = make_scene(tmp_path / "a.tif", noise(3, height=64, width=64), compress="deflate")
    with tifffile.TiffFile(source) as file:
        place, size = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
    content = bytearray(source.read_bytes())
    content[place : place + size] = bytes(size)
    source.write_bytes(content)
    with pytest.raises(ImageError, match=r"a\.tif: cannot read this scene \(.+\); it is damaged, replace it"):
        upscaled(source, small)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["a.tif"]


def test_blocks_that_no_memory_holds(refused, tmp_path, monkeypatch):
    monkeypatch.setattr("mzsr_basicsr.fields.scene_source._LARGEST_BLOCK", 1000)
    source = make_scene(tmp_path / "a.tif", noise(3, height=64, width=64), blockysize=32)
    assert refused(source) == "/a.tif: blocks of 64x32 px; store it in tiles: gdal_translate -co TILED=YES"


@pytest.mark.parametrize(
    "options",
    [
        {"blockysize": 1},
        {"blockysize": 64, "interleave": "band"},
        {"tiled": True, "blockxsize": 16, "blockysize": 48, "compress": "lzw"},
        {"bigtiff": "YES", "endianness": "BIG"},
    ],
    ids=str,
)
def test_blocks_of_any_shape_give_the_same(small, tmp_path, options):
    usual, _ = upscaled(make_scene(tmp_path / "a.tif", photo(64, 64)), small)
    mask = np.ones((64, 64), bool)  # in blocks of its own
    other = make_scene(tmp_path / "b.tif", photo(64, 64), mask=mask, **options)
    found, _ = upscaled(other, small, "other.tif")
    np.testing.assert_array_equal(pixels_of(found), pixels_of(usual))


def test_blocks_that_were_left_out_are_empty(small, tmp_path):
    source = tmp_path / "a.tif"
    pixels = np.zeros((64, 64, 1), np.uint8)
    pixels[:32] = np.maximum(photo(32, 64)[..., :1], 1)
    make_scene(source, pixels, sparse_ok=True, tiled=True, blockxsize=32, blockysize=32, nodata=0)
    with tifffile.TiffFile(source) as file:
        assert 0 in file.pages[0].databytecounts
    target, _ = upscaled(source, small, subsampling="bicubic")
    assert not pixels_of(target)[64:].any() and pixels_of(target)[:64].all()


def test_no_place_at_all(small, tmp_path):
    source = make_scene(tmp_path / "a.tif", photo(), crs=None, transform=None, tags={"MISSION": "x"})
    target = tmp_path / "out.tif"
    record = scene.upscale_file(source, target, upscaler_of(small))
    with rasterio.open(target) as file:
        assert file.crs is None and file.transform.is_identity and file.shape == (80, 96)
    assert record["notices"] == []


def test_tags_of_the_wrong_number_of_values_are_a_line(tmp_path):
    """Found by benchmarks/faults.py: tifffile hands on a pair where it compares a number."""
    source = make_scene(tmp_path / "a.tif", photo())
    whole = source.read_bytes()
    with tifffile.TiffFile(source) as file:
        places = [tag.offset for tag in file.pages.first.tags]
    for place in places:
        for change in ((1, 0), (4, 2), (4, 0)):  # of the tag, its type and its count, by a byte
            damaged = bytearray(whole)
            damaged[place + change[0] + 2 * (change[0] == 1)] = change[1]
            source.write_bytes(damaged)
            with contextlib.suppress(ImageError), opened(source, None):
                pass
