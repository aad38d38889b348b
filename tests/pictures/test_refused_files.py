"""Files and paths that are refused in one line: too large, several pictures, kinds that are not read, no file."""

import io
import struct

import numpy as np
import pytest
import tifffile
from helpers.picture_files import exif_block, noise, pillow, raw_png, refused, tiff
from PIL import Image

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import encode, write_picture


def patched(content, place, form, *values):
    changed = bytearray(content)
    struct.pack_into(form, changed, place, *values)
    return bytes(changed)


def huge_files():
    jpeg = pillow(noise(3), "RGB", "JPEG")
    yield "jpeg", patched(jpeg, jpeg.index(b"\xff\xc0") + 5, ">HH", 65000, 65000)
    for bits, colour in ((8, 2), (16, 2), (16, 6)):
        yield "png", raw_png(2**20, 2**20, bits, colour, [b"abc"])
    for kind, dtype in (("tiff", np.uint8), ("tiff", np.uint16), ("tiff", np.float32)):
        stream = io.BytesIO(tiff(noise(1, dtype)[..., 0], photometric="minisblack"))
        with tifffile.TiffFile(stream) as file:
            places = [file.pages[0].tags[tag].valueoffset for tag in (256, 257)]
        yield kind, patched(patched(stream.getvalue(), places[0], "<I", 2**31), places[1], "<I", 2**31)
    yield "bands", tiff(np.zeros((8, 8, 60_000), np.uint8), photometric=1, planarconfig="contig", compression=8)
    webp = pillow(noise(4), "RGBA", "WEBP", lossless=True, exif=b"Exif\0\0" + exif_block())
    yield "webp", patched(webp, webp.index(b"VP8X") + 12, "<HBHB", 16382, 0, 16382, 0)
    yield "bmp", patched(pillow(noise(3), "RGB", "BMP"), 18, "<ii", 2**30, 2**30)
    yield "gif", patched(pillow(noise(1), "P", "GIF"), 6, "<HH", 65535, 65535)
    yield "ppm", b"P6 999999999 999999999 255\n"
    yield "pbm", b"P1 999999999 999999999\n0"


@pytest.mark.parametrize(("kind", "content"), [pytest.param(*pair, id=pair[0]) for pair in huge_files()])
def test_huge_headers_are_refused_before_decoding(kind, content):
    message = refused(content, max_pixels=2**18)
    assert "pixels" in message and "cut it into smaller pictures" in message


def test_the_limit_of_pixels_is_exact():
    content = encode(Picture(np.zeros((100, 90, 3), np.uint16)), "png")
    assert read_picture(content, max_pixels=9000).pixels.shape == (100, 90, 3)
    assert "90x100 is 9000 pixels, more than 8999" in refused(content, max_pixels=8999)


def test_pages_and_animations_are_not_cut_to_the_first_picture():
    pages = tiff(np.zeros((3, 8, 8), np.uint8), photometric="minisblack")
    assert "3 pages" in refused(pages)
    first, *others = (Image.fromarray(noise(3, height=8, width=8) // (k + 1)) for k in range(3))
    for format in ("GIF", "WEBP", "PNG", "TIFF"):
        first.save(stream := io.BytesIO(), format, save_all=True, append_images=others)
        message = refused(stream.getvalue())
        assert ("3 pages" in message) if format == "TIFF" else ("animation" in message and ".gif" in message)


def test_previews_in_tiff_are_passed_over():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(noise(3), photometric="rgb", metadata=None)
        file.write(noise(3)[::2, ::2], photometric="rgb", metadata=None, subfiletype=1)
    np.testing.assert_array_equal(read_picture(stream.getvalue()).pixels, noise(3))


KINDS = [
    (tiff(np.zeros((4, 4), np.int16), photometric="minisblack"), "samples of 16 bits (int16)"),
    (tiff(np.zeros((4, 4), np.uint32), photometric="minisblack"), "samples of 32 bits (uint32)"),
    (tiff(np.zeros((4, 4), np.complex64), photometric="minisblack"), "samples of 64 bits (complex64)"),
    (tiff(np.zeros((4, 4, 3), np.uint8), photometric="cielab"), "colours of the kind CIELAB"),
    (
        tiff(np.zeros((4, 4, 5), np.uint8), photometric=2, planarconfig=1, extrasamples=[2, 0]),
        "alpha that is not the last",
    ),
    (tiff(np.zeros((4, 4), np.float32), photometric="miniswhite"), "floats with 0 as white"),
    (b"P5 2 1 300\n\xff\xff\0\0", "above the largest value 300"),
    (b"P5 2 1 70000\n\xff\xff\0\0", "largest value 70000; allowed: 1 to 65535"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture of a known kind; allowed: PNG, JPEG"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "no picture of a known kind"),
    (b"RIFF\0\0\0\0WAVEfmt ", "no picture of a known kind"),
    (b"Plain text", "no picture of a known kind"),
]


@pytest.mark.parametrize(("content", "message"), KINDS, ids=[message for _, message in KINDS])
def test_kinds_that_are_not_read_say_so(content, message):
    assert message in refused(content)


def test_paths_that_are_no_file(tmp_path):
    assert "no such file" in refused(tmp_path / "none.png", name=str(tmp_path / "none.png"))
    assert "not a file" in refused(tmp_path, name=str(tmp_path))
    (tmp_path / "a.png").touch()
    assert "empty, 0 bytes" in refused(tmp_path / "a.png", name=str(tmp_path / "a.png"))
    with pytest.raises(ImageError, match="^standard input: empty"):
        read_picture(b"")


def test_missing_strips_are_not_read_as_black():
    stream = io.BytesIO(tiff(noise(3, height=40), photometric="rgb", rowsperstrip=8))
    with tifffile.TiffFile(stream) as file:
        counts = file.pages[0].tags[279]
    assert "pixels are missing" in refused(patched(stream.getvalue(), counts.valueoffset + 2 * 2, "<H", 0))


@pytest.mark.parametrize("garbage", [b"no exif", b"II*\0", b"MM\0*\xff\xff\xff\xff", exif_block()[:40]])
def test_garbage_in_metadata_stops_nothing(garbage, tmp_path):
    for name in ("a.png", "a.jpg", "a.tif", "a.webp", "a.bmp"):
        kind = {"a.jpg": "JPEG", "a.tif": "TIFF"}.get(name, name[2:].upper())
        write_picture(Picture(noise(3), format=kind, exif=garbage, icc=b"no profile"), tmp_path / name)
        picture = read_picture(tmp_path / name)
        assert picture.pixels.size == noise(3).size
        if name in ("a.png", "a.jpg", "a.webp"):
            assert (picture.exif, picture.icc) == (garbage, b"no profile")


def test_directories_that_point_to_themselves_come_to_an_end():
    field = struct.pack("<HHII", 0x8769, 4, 1, 8)
    loop = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + field + bytes(4)
    assert read_picture(encode(Picture(noise(3), exif=loop), "tif")).pixels.size
