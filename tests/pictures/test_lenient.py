"""Damage of what is said about a picture: the pixels are read all the same, and what was wrong is said."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from helpers.metadata_files import XMP, jpeg, png, segment
from helpers.picture_files import chunk, exif_block, noise, pillow, refused

from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import encode, prepare

PIXELS = noise(3, height=24, width=32)
PROFILE = np.random.default_rng(0).bytes(2_000_000)
BAD_CRC = struct.pack(">I", 9) + b"gAMA" + bytes(9) + b"oops"


def inserted(content, more, place=33):
    return content[:place] + more + content[place:]


DEEP = encode(Picture(noise(3, np.uint16, 24, 32)), "png")
WEBP = pillow(PIXELS, "RGB", "WEBP", lossless=True)
FILES = {  # name: the damaged file, the good one, the fault
    "a 2 MB text": (png((b"tEXt", b"k\0" + bytes(2_000_000))), png(), None),
    "a 2 MB packed text": (png((b"zTXt", b"k\0\0" + zlib.compress(b"ab" * 1_000_000))), png(), None),
    "a bomb": (png((b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8)))), png(), None),
    "a bomb as XMP": (png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(10**8)))), png(), None),
    "a bomb as profile": (
        png((b"iCCP", b"p\0\0" + zlib.compress(bytes(10**8)))),
        png(),
        "its ICC profile, which is left out",
    ),
    "a large profile": (png((b"iCCP", b"p\0\0" + zlib.compress(PROFILE))), png(), None),
    "a damaged profile": (png((b"iCCP", b"p\0\0no deflated data")), png(), "its ICC profile, which is left out"),
    "a profile without end": (png((b"iCCP", b"p")), png(), "its ICC profile, which is left out"),
    "a wrong checksum": (inserted(png(), BAD_CRC), png(), "the checksum of gAMA"),
    "a wrong checksum of 16 bits": (inserted(DEEP, BAD_CRC), DEEP, "the checksum of gAMA"),
    "a text without keyword": (png((b"tEXt", b""), (b"zTXt", b"k"), (b"iTXt", b"XML:com.adobe.xmp\0")), png(), None),
    "a wrong length": (inserted(png(), b"\xff\0\0\0tEXtabc"), png(), "a chunk before its pixels"),
    "no end": (png()[:-12], png(), "its end is missing"),
    "half an end": (png()[:-7], png(), "what follows its pixels"),
    "damaged EXIF data": (png((b"eXIf", b"II*\0\xff\xff\xff\xff")), png(), "its EXIF data, which are kept as they are"),
    "no end of JPEG": (jpeg()[:-2], jpeg(), "its end marker is missing"),
    "half an end of JPEG": (jpeg()[:-1], jpeg(), "its end marker is missing"),
    "zeros for an end": (jpeg()[:-2] + bytes(500), jpeg(), "its end marker is missing"),
    "no end, progressive": (jpeg(progressive=True)[:-2], jpeg(progressive=True), "its end marker is missing"),
    "garbage": (jpeg(tail=b"\xff\xd9\xff\xda garbage"), jpeg(), None),
    "a large profile of JPEG": (jpeg(icc_profile=PROFILE), jpeg(), None),
    "half a profile of JPEG": (
        jpeg(segment(0xE2, b"ICC_PROFILE\0\1\2half")),
        jpeg(),
        "its ICC profile, which lacks a part and is left out",
    ),
    "an empty profile of JPEG": (
        jpeg(segment(0xE2, b"ICC_PROFILE\0")),
        jpeg(),
        "its ICC profile, which lacks a part and is left out",
    ),
    "a wrong length of JPEG": (jpeg(b"\xff\xe5\xff\xffabc"), jpeg(), "the length of its segment APP5"),
    "damaged EXIF of JPEG": (
        jpeg(segment(0xE1, b"Exif\0\0garbage")),
        jpeg(),
        "its EXIF data, which are kept as they are",
    ),
    "damaged IPTC of JPEG": (jpeg(segment(0xED, b"Photoshop 3.0\08BIM\4\4\0\0\0\1\0\0")), jpeg(), "its IPTC data"),
    "EXIF of WebP": (
        WEBP[:4] + struct.pack("<I", len(WEBP) + 3) + WEBP[8:] + b"EXIF\xff\xff\0\0abc",
        WEBP,
        "its EXIF data, which are left out",
    ),
    "garbage of WebP": (WEBP + b"garbage", WEBP, None),
    "a missing part of WebP": (
        pillow(PIXELS, "RGB", "WEBP", lossless=True, exif=b"Exif\0\0" + exif_block())[:-9],
        WEBP,
        "its EXIF data, which are left out",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_pixels_are_read_and_the_fault_is_said(name):
    damaged, good, fault = FILES[name]
    tracemalloc.start()
    try:
        picture = read_picture(damaged)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(picture.pixels, read_picture(good).pixels)
    assert read_picture(good).extras.faults == ()
    assert fault in picture.extras.faults if fault else picture.extras.faults == ()
    assert peak < 100_000_000
    for format in ("png", "jpg", "tif", "webp"):
        assert encode(picture, format)


def test_large_profiles_and_texts_are_kept_whole():
    for name in ("a large profile", "a large profile of JPEG"):
        picture = read_picture(FILES[name][0])
        assert picture.icc == PROFILE
        for format in ("png", "jpg", "tif", "webp"):
            assert read_picture(encode(picture, format)).icc == PROFILE
    text = (b"tEXt", b"k\0" + bytes(2_000_000))
    assert chunk(*text) in encode(read_picture(FILES["a 2 MB text"][0]), "png")
    picture = read_picture(FILES["a bomb as XMP"][0])
    assert picture.extras.left_out == ("its text XML:com.adobe.xmp, damaged or too large",)
    assert prepare(read_picture(FILES["a bomb"][0]), "jpg", "").extras.left_out[0].startswith("a text that is damaged")


def test_what_is_too_long_for_jpeg_is_left_out_and_named():
    long = XMP.replace(b"</rdf:RDF>", b"<x>" + b"a" * 70_000 + b"</x></rdf:RDF>")
    padded = XMP.replace(b"<?xpacket end", b" " * 70_000 + b"<?xpacket end")
    extras = prepare(read_picture(png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + long))), "jpg", "").extras
    assert extras.xmp is None and extras.left_out[0].startswith("its XMP of 7")
    fits = prepare(read_picture(png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + padded))), "jpg", "").extras
    assert fits.left_out == () and b"title" in fits.xmp and len(fits.xmp) < 2000
    huge = Picture(PIXELS, icc=np.random.default_rng(1).bytes(17_000_000))
    assert prepare(huge, "jpg", "").extras.left_out == ("its ICC profile",) and encode(huge, "jpg")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"quality": 5}])
@pytest.mark.parametrize("flat", [False, True])
def test_no_jpeg_that_lacks_pixels_passes_for_one_that_lacks_its_end(options, flat):
    """Cut anywhere, a file gives every pixel or is refused; where the picture is flat, hardly anything is missed."""
    pixels = np.full_like(PIXELS, 99) if flat else PIXELS
    pixels[:8, :8] = PIXELS[:8, :8]
    content = jpeg(pixels=pixels, **options)
    whole = read_picture(content).pixels
    for length in range(content.index(b"\xff\xda") + 2, len(content) - 2):
        assert "damaged picture" in refused(content[:length])
    np.testing.assert_array_equal(read_picture(content[:-2]).pixels, whole)


def test_no_png_that_lacks_pixels_passes():
    for content in (png(), DEEP):
        whole = read_picture(content).pixels
        for length in range(40, len(content) - 16):
            assert "damaged picture" in refused(content[:length])
        np.testing.assert_array_equal(read_picture(content[:-16]).pixels, whole)  # packed pixels have a checksum, too
    damaged = bytearray(png())
    damaged[-20] ^= 1
    assert "damaged picture" in refused(bytes(damaged))


def test_a_wrong_checksum_of_pixels_is_forgiven_if_their_own_is_right():
    content = bytearray(png())
    content[-16:-12] = b"oops"
    picture = read_picture(bytes(content))
    np.testing.assert_array_equal(picture.pixels, read_picture(png()).pixels)
    assert picture.extras.faults == ("the checksum of IDAT",)


def test_many_fields_that_point_to_the_same_bytes_take_little_memory_and_time():
    fields = b"".join(struct.pack("<HHII", 40_000 + number % 9, 1, 2**22, 8) for number in range(4000))
    block = b"II*\0" + struct.pack("<I", 2**22 + 8) + bytes(2**22) + struct.pack("<H", 4000) + fields + bytes(4)
    tracemalloc.start()
    try:
        picture = read_picture(png((b"eXIf", block)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert picture.pixels.shape == (24, 32, 3) and peak < 200_000_000
