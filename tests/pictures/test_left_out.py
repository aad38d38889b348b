"""Further pictures, gain maps, films and unknown parts of a file are left out, and named; nothing points to them."""

import struct

import numpy as np
import pytest
from helpers.metadata_files import XMP, XMP_MARK, jpeg, png, segment, xmp_of
from helpers.picture_files import noise, pillow, refused, tiff

from mzsr_basicsr.pictures.metadata import lines_about
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import encode

SECOND = pillow(noise(3, height=16, width=16), "RGB", "JPEG")
PLAIN = jpeg()


def index(pictures):
    """Make a multi-picture index as CIPA DC-007 lays it out, of the number of pictures alone."""
    return segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIII", 0xB001, 4, 1, pictures, 0))


GAIN = (
    b'<rdf:Description hdrgm:Version="1.0" Container:Keep="1" GCamera:MotionPhoto="1" GCamera:MicroVideoOffset=\'99\'>'
    b"<hdrgm:GainMapMax><rdf:Seq><rdf:li>3</rdf:li></rdf:Seq></hdrgm:GainMapMax>"
    b'<Container:Directory><rdf:Seq><rdf:li Item:Length="9"/></rdf:Seq></Container:Directory>'
    b"<hdrgm:BaseRenditionIsHDR>False</hdrgm:BaseRenditionIsHDR><dc:title>stays</dc:title></rdf:Description>"
)
FILM = b"\0\0\0\x18ftypmp42" + bytes(99)
C2PA = segment(0xEB, b"JP\0\1\0\0\0\1jumb")
FILES = [
    (jpeg(index(2), tail=SECOND), ("its second picture (MPO)",)),
    (jpeg(index(3), tail=SECOND * 2), ("its 2 further pictures (MPO)",)),
    (jpeg(segment(0xE1, XMP_MARK + GAIN), index(2), tail=SECOND), ("its gain map (HDR)",)),
    (jpeg(segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0")), ("its gain map (HDR)",)),
    (jpeg(tail=FILM), ("its moving part (MP4)",)),
    (jpeg(tail=b"MotionPhoto_Data" + FILM), ("its moving part (MP4)",)),
    (jpeg(tail=b"something else"), ("14 bytes behind its end",)),
    (jpeg(tail=bytes(99)), ()),
    (jpeg(C2PA), ("its content credentials (C2PA), which vouch for the old pixels",)),
    (jpeg(segment(0xE1, b"FLIR\0data"), segment(0xE5, b"\1\2\3")), ("APP1 (FLIR)", "APP5")),
    (jpeg(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0abc")), ("the extended part of its XMP",)),
    (jpeg(segment(0xEC, b"Ducky\0\1")), ()),
    (jpeg(segment(0xE1, XMP_MARK + b"<x>\xff\xfe\0</x>")), ("its XMP, which is no text",)),
    (png((b"caBX", b"jumb"), (b"tIME", bytes(7)), (b"sBIT", bytes(3))), ("its chunk caBX",)),
    (png()[:] + b"rest", ("4 bytes behind its end",)),
    (tiff(noise(3), photometric="rgb", extratags=[(37724, 7, 4, b"8BPS", True)]), ("its layers (Photoshop)",)),
    (tiff(noise(3), photometric="rgb", extratags=[(50000, 3, 1, 4, True)]), ("its tag 50000",)),
]


@pytest.mark.parametrize(("content", "left_out"), FILES, ids=[str(number) for number in range(len(FILES))])
def test_what_is_not_kept_is_named(content, left_out):
    picture = read_picture(content)
    assert picture.extras.left_out == left_out and picture.extras.faults == ()
    if content[:2] == b"\xff\xd8":
        np.testing.assert_array_equal(picture.pixels, read_picture(PLAIN).pixels)


def test_nothing_points_to_pictures_and_films_that_are_gone():
    packet = xmp_of(encode(read_picture(jpeg(segment(0xE1, XMP_MARK + GAIN), index(2), tail=SECOND + FILM)), "jpg"))
    assert packet == b'<rdf:Description Container:Keep="1"><dc:title>stays</dc:title></rdf:Description>'


def test_ordinary_files_lose_nothing():
    for content in (jpeg(segment(0xE1, XMP_MARK + XMP)), png(), tiff(noise(3), photometric="rgb")):
        extras = read_picture(content).extras
        assert (extras.left_out, extras.faults) == ((), ())


def test_animated_png_is_refused_and_not_cut_to_its_first_picture():
    frames = (b"acTL", struct.pack(">II", 2, 0))
    assert "an animation" in refused(png(frames))
    hidden = (b"acTL", struct.pack(">II", 1, 0))
    assert "an animation" in refused(png(hidden, (b"fdAT", bytes(9))))
    assert read_picture(png(hidden)).pixels.shape == (24, 32, 3)


def test_a_line_each_says_what_was_wrong_and_what_is_missing():
    assert lines_about("a.jpg", (), ()) == []
    assert lines_about("a.jpg", ("its end is missing",), ("its XMP", "APP5")) == [
        "a.jpg: damaged, but read: its end is missing",
        "a.jpg: left out: its XMP, APP5",
    ]
