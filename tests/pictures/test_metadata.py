"""EXIF, ICC profile, dots per inch and orientation, against Pillow and tifffile."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from helpers.picture_files import assert_pixels, exif_block, noise, pillow
from PIL import Image, ImageOps

from mzsr_basicsr.pictures.exif_edit import changed, number
from mzsr_basicsr.pictures.picture import Picture, upright
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture

METADATA = [
    ("png", np.uint8),
    ("png", np.uint16),
    ("jpg", np.uint8),
    ("tif", np.uint8),
    ("tif", np.uint16),
    ("webp", np.uint8),
]


def seen_exif(path):
    exif = Image.Exif()
    if path.suffix == ".tif":  # Pillow opens no TIFF of 16-bit colours, but reads its directories
        exif.load_from_fp(io.BytesIO(path.read_bytes()))
        return exif
    with Image.open(path) as image:
        image.load()
        return image.getexif()


def seen_icc(path):
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            return file.pages[0].tags[34675].value
    with Image.open(path) as image:
        return image.info["icc_profile"]


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize(("format", "dtype"), METADATA)
def test_metadata_are_kept(format, dtype, endian, tmp_path):
    icc = np.random.default_rng(0).bytes(70_000)  # more than one JPEG segment holds; nobody may look inside
    wide = 66_000 if format == "tif" else 90  # more than the 16 bits of the old EXIF width hold
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(format, format.upper())
    source = Picture(noise(3, dtype, 3, wide), format=kind, icc=icc, exif=exif_block(6, endian), dpi=(300, 150))
    path = tmp_path / f"a.{format}"
    write_picture(source, path)
    exif = seen_exif(path)
    inner, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    assert (exif[0x010F], exif[0x0112], exif[0x0131]) == ("Maker", 6, "Camera 1.0")
    assert (inner[0xA002], inner[0xA003]) == (wide, 3)
    assert (float(inner[0x829A]), inner[0x9286], inner[0x927C]) == (0.008, b"ASCII\0\0\0odd", bytes(range(99)))
    assert (place[1], place[2]) == ("N", (48.0, 30.0, 12.5))
    assert seen_icc(path) == icc
    again = read_picture(path)
    assert again.icc == icc
    if format != "webp":
        np.testing.assert_allclose(again.dpi, (300, 150), rtol=1e-4)
    write_picture(replace(again, format="PNG"), tmp_path / "b.png")
    assert read_picture(tmp_path / "b.png").exif == again.exif


def test_structural_tags_of_tiff_stay_behind(tmp_path):
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, noise(1)[..., 0], metadata={"axes": "YX"}, extratags=[(274, 3, 1, 8, True)], software="made by"
    )
    picture = read_picture(stream.getvalue())
    write_picture(replace(picture, pixels=noise(3), format="JPEG"), tmp_path / "a.jpg")
    exif = Image.open(tmp_path / "a.jpg").getexif()
    assert dict(exif) == {274: 8, 305: "made by"}  # not the shape of the old pixels, their strips or their resolution
    picture = replace(picture, pixels=noise(1, height=50, width=60), exif=exif_block(3))
    write_picture(picture, tmp_path / "a.tif")
    assert tifffile.imread(tmp_path / "a.tif").shape == (50, 60)
    assert read_picture(tmp_path / "a.tif").exif.count(b"Maker") == 1


def test_bigtiff_holds_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("mzsr_basicsr.pictures.tiff_writing.BIGGEST_CLASSIC", 10)
    for endian in "<>":
        picture = Picture(noise(3, np.uint16), False, "TIFF", b"profile", exif_block(8, endian), (72, 72))
        write_picture(picture, tmp_path / "a.tif")
        assert (tmp_path / "a.tif").read_bytes()[2:4].strip(b"\0") == b"\x2b"
        again = read_picture(tmp_path / "a.tif")
        assert_pixels(again, picture.pixels)
        exif = Image.Exif()
        exif.load(again.exif)
        assert (again.icc, again.dpi, exif[0x010F], exif.get_ifd(0x8825)[1]) == (b"profile", (72, 72), "Maker", "N")
        with tifffile.TiffFile(tmp_path / "a.tif") as file:
            assert file.pages[0].tags["ExifTag"].value["ExposureTime"] == 0.008


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_where_exif_has_no_place(orientation, tmp_path):
    pixels = noise(3)
    content = pillow(pixels, "RGB", "PNG", exif=b"Exif\0\0" + exif_block(orientation), dpi=(300, 150))
    expected = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    picture = read_picture(content)
    assert_pixels(picture, pixels)
    turned = upright(picture)
    np.testing.assert_array_equal(turned.pixels, expected)
    assert round(turned.dpi[0]) == (150 if orientation > 4 else 300)
    for name in ("a.bmp", "a.ppm"):
        write_picture(picture, tmp_path / name)
        assert_pixels(read_picture(tmp_path / name), expected)
    write_picture(picture, tmp_path / "a.png")
    assert_pixels(read_picture(tmp_path / "a.png"), pixels)
    write_picture(turned, tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        assert image.getexif()[0x0112] == 1
        np.testing.assert_array_equal(np.array(ImageOps.exif_transpose(image)), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("source", "target"), [("JPEG", "png"), ("JPEG", "webp"), ("JPEG", "tif"), ("PNG", "jpg")])
def test_a_picture_that_changes_its_format_is_turned_upright(orientation, source, target, tmp_path):
    """What Pillow shows of the source with EXIF heeded is what the file's pixels are, and EXIF says so."""
    pixels = np.repeat(np.repeat(noise(3, height=2, width=3), 16, 0), 16, 1)  # JPEG's blocks hold it nearly exactly
    content = pillow(pixels, "RGB", source, exif=b"Exif\0\0" + exif_block(orientation), dpi=(300, 150))
    expected = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    write_picture(read_picture(content), tmp_path / f"a.{target}")
    again = read_picture(tmp_path / f"a.{target}")
    assert again.pixels.shape == expected.shape
    off = np.abs(again.pixels - expected.astype(int)).mean()
    assert off == 0 if target in ("png", "tif") else off < 4  # turned wrongly, it is about 80
    exif = seen_exif(tmp_path / f"a.{target}")
    inner = exif.get_ifd(0x8769)
    assert exif[0x0112] == 1 and (inner[0xA002], inner[0xA003]) == expected.shape[1::-1]
    if target != "webp":
        assert round(again.dpi[0]) == (150 if orientation > 4 else 300)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_that_keeps_its_format_keeps_its_orientation(kind, tmp_path):
    path = tmp_path / {"JPEG": "a.jpeg", "TIFF": "a.tiff"}.get(kind, f"a.{kind.lower()}")
    path.write_bytes(
        pillow(noise(3), "RGB", kind, exif=exif_block(6) if kind == "TIFF" else b"Exif\0\0" + exif_block(6))
    )
    picture = read_picture(path)
    write_picture(picture, path)
    again = read_picture(path)
    assert again.pixels.shape == picture.pixels.shape and again.exif == picture.exif


@pytest.mark.parametrize(("form", "kind"), [("<H", 3), (">H", 3), ("<I", 4), (">I", 4)])
def test_a_number_is_changed_in_place_with_its_type_where_it_fits(form, kind):
    order = form[0]
    head, tail = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 1), b"\0\0\0\0 the rest"
    block = head + struct.pack(order + "HHI", 0x0112, kind, 1) + struct.pack(form, 6).ljust(4, b"\0") + tail
    small, large = (changed(block, {(0, 0x0112): number(value)}) for value in (9, 70_000))
    assert small == head + struct.pack(order + "HHI", 0x0112, kind, 1) + struct.pack(form, 9).ljust(4, b"\0") + tail
    assert large == head + struct.pack(order + "HHII", 0x0112, 4, 1, 70_000) + tail
    assert changed(block, {(0, 0x0113): number(1)}) == block
