"""What a file says of sizes, resolutions and positions is true of the larger picture, as Pillow reads it."""

import io
import re
from xml.dom import minidom

import numpy as np
import pytest
from helpers.metadata_files import XMP, XMP_MARK, jpeg, png, segment, xmp_of
from helpers.picture_files import noise
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import IFDRational

from mzsr_basicsr.pictures.picture import upright
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.resized import resized
from mzsr_basicsr.pictures.writing import encode, prepare

H, W = 24, 32
SMOOTH = np.asarray(Image.fromarray(noise(3, height=3, width=4)).resize((W, H), Image.Resampling.BICUBIC))


def exif(orientation=1, endian=">", area=(10, 7)):
    exif = Image.Exif()
    exif.endian = endian
    exif[256], exif[257], exif[274], exif[282], exif[283], exif[296] = W, H, orientation, 300.0, 150.0, 2
    exif.get_ifd(0x8769).update({0xA002: W, 0xA003: H, 0x9214: area, 0x829A: 0.008})
    exif.get_ifd(0x8769).update({0xA20E: IFDRational(2001, 2), 0xA20F: IFDRational(999)})
    exif.get_ifd(0x8769)[0xA005] = {1: "R98", 0x1001: W, 0x1002: H}
    return exif.tobytes().removeprefix(b"Exif\0\0")


def larger(content, scale=2):
    picture = read_picture(content)
    return resized(picture, np.kron(picture.pixels, np.ones((scale, scale, 1), np.uint8)), float(scale))


def seen(content):
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
        inner = exif.get_ifd(0x8769)
        return exif, inner, exif.get_ifd(0xA005) if 0xA005 in inner else {}  # Pillow 12 raises where there is none


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("format", ["jpg", "png", "webp"])
def test_sizes_and_resolutions_of_exif_are_those_of_the_result(format, endian):
    content = encode(larger(jpeg(exif=b"Exif\0\0" + exif(endian=endian))), format)
    main, inner, interop = seen(content)
    assert (main[256], main[257], inner[0xA002], inner[0xA003]) == (2 * W, 2 * H, 2 * W, 2 * H)
    assert (interop[0x1001], interop[0x1002]) == (2 * W, 2 * H)
    assert (main[282], main[283], main[296]) == (600, 300, 2)  # what was scanned is as large as before
    assert (inner[0xA20E], inner[0xA20F]) == (2001, 1998)  # px of the picture per unit of the sensor
    assert inner[0x9214] == (20, 14) and inner[0x829A] == 0.008


def test_dots_per_inch_follow_the_scale_both_ways():
    content = jpeg(dpi=(300, 300))
    for scale, dots in ((2.0, 600), (1 / 3, 100)):
        picture = resized(read_picture(content), np.zeros((5, 5, 3), np.uint8), scale)
        for format in ("jpg", "png", "tif"):
            assert read_picture(encode(picture, format)).dpi == pytest.approx((dots, dots), abs=0.01)
    only_exif = read_picture(jpeg(exif=b"Exif\0\0" + exif()))
    assert only_exif.dpi == (300, 150)


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "tif"])
def test_sizes_in_xmp_are_those_of_the_result_and_the_rest_stays(format):
    packet = xmp_of(encode(larger(jpeg(segment(0xE1, XMP_MARK + XMP)), 3), format)).rstrip(b"\0")
    document = minidom.parseString(packet)
    about = document.getElementsByTagName("rdf:Description")[0]
    text = lambda name: about.getElementsByTagName(name)[0].firstChild.nodeValue  # noqa: E731
    assert about.getAttribute("tiff:ImageWidth") == about.getAttribute("exif:PixelXDimension") == str(3 * W)
    assert text("tiff:ImageLength") == text("exif:PixelYDimension") == str(3 * H)
    assert (about.getAttribute("tiff:XResolution"), about.getAttribute("tiff:Orientation")) == ("216/1", "6")
    assert [node.firstChild.nodeValue for node in document.getElementsByTagName("rdf:li")] == ["30", "21"]
    digits = re.compile(rb"\d+")
    assert digits.sub(b"#", packet) == digits.sub(b"#", XMP)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_positions_are_turned_with_the_picture(orientation):
    """The bright pixel that SubjectArea names is where SubjectArea says after turning, too."""
    pixels = np.zeros((H, W, 3), np.uint8)
    pixels[7, 10] = 255
    block = exif(orientation, area=(10, 7, 6, 2))
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", exif=b"Exif\0\0" + block)
    with Image.open(content) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    main, inner, _ = seen(encode(upright(read_picture(content.getvalue())), "png"))
    x, y, across, down = inner[0x9214]
    assert expected[y, x].min() == 255 and expected.max(axis=2).sum() == 255
    assert (across, down) == ((2, 6) if orientation > 4 else (6, 2))
    assert (main[282], main[283]) == ((150, 300) if orientation > 4 else (300, 150)) and main[274] == 1
    assert (inner[0xA20E] > inner[0xA20F]) == (orientation <= 4)


def test_xmp_of_a_turned_picture_says_so_and_names_no_places():
    content = jpeg(segment(0xE1, XMP_MARK + XMP), exif=b"Exif\0\0" + exif(6))
    picture = upright(read_picture(content))
    packet = xmp_of(encode(picture, "png"))
    assert b'tiff:Orientation="1"' in packet and b"SubjectArea" not in packet and b'tiff:ImageWidth="24"' in packet
    assert picture.extras.left_out == ("regions in its XMP, as it is turned upright",)


def with_thumbnail(size, room=0):
    """Add a thumbnail to an EXIF block, as the DCF standard lays it out; `room` bytes are left behind it."""
    block, thumbnail = exif(), io.BytesIO()
    Image.new("RGB", size, (255, 0, 255)).save(thumbnail, "JPEG")
    small = thumbnail.getvalue() + bytes(room)
    main = int.from_bytes(block[4:8], "big")
    link = main + 2 + 12 * int.from_bytes(block[main : main + 2], "big")
    at = len(block)
    field = lambda tag, value: tag.to_bytes(2, "big") + b"\0\4\0\0\0\1" + value.to_bytes(4, "big")  # noqa: E731
    second = b"\0\2" + field(513, at + 30) + field(514, len(small)) + bytes(4)
    return block[:link] + at.to_bytes(4, "big") + block[link + 4 :] + second + small


@pytest.mark.parametrize("room", [0, 5000])
@pytest.mark.parametrize("format", ["jpg", "png", "webp"])
def test_the_thumbnail_shows_the_result(format, room):
    content = encode(larger(jpeg(pixels=SMOOTH, exif=b"Exif\0\0" + with_thumbnail((16, 12), room))), format)
    with Image.open(io.BytesIO(content)) as image:
        block = image.info["exif"].removeprefix(b"Exif\0\0")
    second = block.index(b"\0\2\x02\x01\0\4\0\0\0\1")  # a directory of two fields, the first of which is 513
    start, length = (int.from_bytes(block[at : at + 4], "big") for at in (second + 10, second + 22))
    with Image.open(io.BytesIO(block[start : start + length])) as small:
        expected = Image.fromarray(SMOOTH).resize(small.size, Image.Resampling.BOX)
        off = np.abs(np.asarray(small.convert("RGB")).astype(int) - np.asarray(expected)).mean()
    assert off < 12  # the old one is 90 off
    old = io.BytesIO()
    Image.new("RGB", (16, 12), (255, 0, 255)).save(old, "JPEG")
    assert old.getvalue()[200:] not in content


def test_exif_is_shortened_for_jpeg_the_least_needed_first():
    block = Image.Exif()
    block[271] = "Maker"
    block.get_ifd(0x8769).update({0x927C: bytes(60_000), 0x9286: b"ASCII\0\0\0" + b"a" * 20_000, 0x829A: 0.008})
    exif = block.tobytes()
    picture = read_picture(png((b"eXIf", exif.removeprefix(b"Exif\0\0"))))
    main, inner, _ = seen(encode(picture, "jpg"))
    assert main[271] == "Maker" and 0x927C not in inner and len(inner[0x9286]) == 20_008 and inner[0x829A] == 0.008
    assert prepare(picture, "jpg", "here").extras.left_out == ("the maker note",)
    assert prepare(picture, "webp", "here").extras.left_out == ()
