"""Reading picture files, against Pillow, OpenCV, tifffile and files made by hand."""

import io

import cv2
import imagecodecs
import numpy as np
import pytest
from helpers.picture_files import H, W, assert_pixels, chunk, exif_block, noise, pillow, raw_png
from PIL import Image

from mzsr_basicsr.pictures.kinds import SUFFIXES, TARGETS, WRITTEN, is_picture_name
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import FORMATS, write_picture

PLAIN = [
    *[(format, mode) for format in ("PNG", "TIFF") for mode in ("L", "LA", "RGB", "RGBA")],
    *[("WEBP", "RGB"), ("WEBP", "RGBA"), ("BMP", "L"), ("BMP", "RGB"), ("PPM", "L"), ("PPM", "RGB")],
]


@pytest.mark.parametrize(("format", "mode"), PLAIN)
def test_pillow_files_are_read_exactly(format, mode):
    pixels = noise(len(mode))
    content = pillow(pixels, mode, format, **({"lossless": True, "exact": True} if format == "WEBP" else {}))
    picture = read_picture(content)
    assert_pixels(picture, pixels, mode.endswith("A"), mode.removesuffix("A"))
    assert (picture.format, picture.icc, picture.exif) == (format, None, None)
    assert picture.dpi is None or format == "BMP"  # where Pillow writes 96


def test_palettes_bits_and_transparent_colours_become_plain_bands():
    rgb = Image.fromarray(np.repeat(np.repeat(np.uint8([[[9, 8, 7], [200, 0, 1]]]), 3, 0), 2, 1))
    indexed, stream = rgb.quantize(4), io.BytesIO()
    indexed.save(stream, "PNG")
    assert_pixels(read_picture(stream.getvalue()), np.array(rgb), mode="RGB")
    indexed.save(stream := io.BytesIO(), "PNG", transparency=bytes([10, 255]))
    clear = read_picture(stream.getvalue())
    np.testing.assert_array_equal(clear.pixels[..., :3], np.array(rgb))
    assert clear.alpha and sorted(np.unique(clear.pixels[..., 3])) == [10, 255]
    bits = np.uint8([[0, 255, 255], [255, 0, 0]])[..., None]
    Image.fromarray(bits[..., 0]).convert("1").save(stream := io.BytesIO(), "PNG")
    assert_pixels(read_picture(stream.getvalue()), bits, mode="L")
    pixels = noise(3)
    content = pillow(pixels, "RGB", "PNG", transparency=tuple(int(v) for v in pixels[2, 3]))
    keyed = np.dstack([pixels, np.where((pixels == pixels[2, 3]).all(2), 0, 255).astype(np.uint8)])
    assert_pixels(read_picture(content), keyed, alpha=True)
    two_bits = raw_png(4, 1, 2, 0, [bytes([0b00011011])], chunk(b"tRNS", b"\0\2"))
    assert_pixels(read_picture(two_bits), np.uint8([[[0, 255], [85, 255], [170, 0], [255, 255]]]), alpha=True)


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_16_bit_png_keeps_every_bit_both_ways(bands, tmp_path):
    pixels, alpha = noise(bands, np.uint16), bands in (2, 4)
    picture = read_picture(imagecodecs.png_encode(pixels.squeeze()))
    assert_pixels(picture, pixels, alpha)
    write_picture(picture, tmp_path / "a.png")
    again = imagecodecs.png_decode((tmp_path / "a.png").read_bytes()).reshape(pixels.shape)
    np.testing.assert_array_equal(again, pixels)
    seen = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    if bands == 3:
        np.testing.assert_array_equal(seen[..., ::-1], pixels)


def test_interlaced_16_bit_png():
    pixels, rows = noise(3, np.uint16, 9, 11), []
    for top, left, down, right in (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):
        rows += [row.astype(">u2").tobytes() for row in pixels[top::down, left::right]]
    content = raw_png(11, 9, 16, 2, rows, interlace=1)
    assert_pixels(read_picture(content), pixels)


def test_16_bit_png_with_a_transparent_colour_and_late_exif():
    pixels = noise(3, np.uint16)
    extra = chunk(b"tRNS", pixels[1, 2].astype(">u2").tobytes())
    content = raw_png(W, H, 16, 2, [row.astype(">u2").tobytes() for row in pixels], extra)
    content = content[:-12] + chunk(b"eXIf", exif_block()) + content[-12:]
    picture = read_picture(content)
    expected = np.full((H, W, 4), 65535, np.uint16)
    expected[..., :3], expected[1, 2, 3] = pixels, 0
    assert_pixels(picture, expected, alpha=True)
    assert picture.exif == exif_block()


@pytest.mark.parametrize("kind", [b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"])
def test_all_kinds_of_portable_anymaps(kind):
    head = kind + b"\n# a comment\n 3 #w\n2\n"
    bits = np.uint8([[0, 255, 255], [255, 0, 0]])[..., None]
    if kind in (b"P1", b"P4"):
        body = b"1 0 0 # first row\n011" if kind == b"P1" else bytes([0b10000000, 0b01100000])
        expected = bits
    else:
        expected = noise(3 if kind in (b"P3", b"P6") else 1, height=2, width=3)
        head += b"255\n"
        plain = b" ".join(b"%d" % v for v in expected.ravel())
        body = plain if kind < b"P4" else expected.tobytes()
    assert_pixels(read_picture(head + body), expected)
    with Image.open(io.BytesIO(head + body)) as image:
        np.testing.assert_array_equal(
            np.array(image.convert(image.mode.replace("1", "L"))).reshape(expected.shape), expected
        )


def test_anymaps_of_16_bits_and_other_maxima():
    pixels = noise(3, np.uint16)
    content = cv2.imencode(".ppm", pixels[..., ::-1])[1].tobytes()
    assert_pixels(read_picture(content), pixels)
    small = read_picture(b"P5 4 1 10\n" + bytes([0, 4, 5, 10]))
    assert_pixels(small, np.uint8([[[0], [102], [128], [255]]]))
    assert_pixels(read_picture(b"P2 2 1 1000\n0 1000"), np.uint16([[[0], [65535]]]))


def test_gif_of_one_frame_with_and_without_a_clear_colour():
    rgb = Image.fromarray(np.repeat(np.uint8([[[9, 8, 7], [200, 0, 1]]]), 3, 0))
    rgb.quantize(4).save(stream := io.BytesIO(), "GIF")
    picture = read_picture(stream.getvalue())
    assert_pixels(picture, np.array(rgb), mode="RGB")
    assert picture.format == "GIF"
    rgb.quantize(4).save(stream := io.BytesIO(), "GIF", transparency=0)
    clear = read_picture(stream.getvalue())
    assert clear.alpha and np.count_nonzero(clear.pixels[..., 3] == 0) == 3


def test_names_of_pictures(tmp_path):
    assert is_picture_name(tmp_path / "A.JPEG") and is_picture_name(tmp_path / "a.gif")
    assert not is_picture_name(tmp_path / "a.svg") and not is_picture_name(tmp_path / "png")
    assert set(TARGETS) <= set(SUFFIXES) and WRITTEN.keys() == FORMATS.keys()
