"""AVIF and JPEG 2000 of 8 bits and of more: what another library has written is read, band by band, level by level."""

import io

import imagecodecs
import numpy as np
import pytest
from helpers.picture_files import exif_block, pillow, refused
from PIL import Image

from mzsr_basicsr.pictures.modern import kind_of
from mzsr_basicsr.pictures.picture import upright
from mzsr_basicsr.pictures.reading import read_picture


def levels(bits, bands):
    kind = np.uint8 if bits == 8 else np.uint16
    made = np.random.default_rng(bits + bands).integers(0, 2**bits, (24, 20, bands)).astype(kind)
    made[0, 0], made[0, 1] = 0, 2**bits - 1  # both ends of the range
    return made


def stretched(pixels, bits):
    """To the whole range of the depth that is kept, in floats, by rounding half up."""
    if bits in (8, 16):
        return pixels
    return np.floor(pixels / (2**bits - 1) * 65535 + 0.5).astype(np.uint16)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_jpeg_2000(bits, bands, form):
    pixels = levels(bits, bands)
    content = imagecodecs.jpeg2k_encode(
        pixels.squeeze(), level=0, reversible=True, bitspersample=bits, codecformat=form
    )
    picture = read_picture(content)
    np.testing.assert_array_equal(picture.pixels, stretched(pixels, bits))
    assert (picture.alpha, picture.mode, picture.format) == (bands == 4, "L" if bands == 1 else "RGB", "JPEG2000")


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("bands", [1, 3, 4])
def test_avif(bits, bands):
    pixels = levels(bits, bands)
    content = imagecodecs.avif_encode(pixels.squeeze(), level=100, bitspersample=bits)
    picture = read_picture(content)
    np.testing.assert_array_equal(picture.pixels, stretched(pixels, bits))
    assert (picture.alpha, picture.mode, picture.format) == (bands == 4, "L" if bands == 1 else "RGB", "AVIF")


def test_what_belongs_to_them_is_kept():
    pixels = levels(8, 3)
    marked = {"icc_profile": b"a colour profile" * 9, "exif": b"Exif\0\0" + exif_block(orientation=6)}
    picture = read_picture(pillow(pixels, "RGB", "AVIF", quality=100, subsampling="4:4:4", **marked))
    assert picture.icc == marked["icc_profile"] and b"Maker" in picture.exif
    turned = upright(picture).pixels.astype(int)  # the orientation lies in the file's own box, too
    assert np.abs(turned - np.rot90(pixels, -1)).mean() < 9 < np.abs(turned - np.rot90(pixels)).mean()


def test_damaged_and_large_ones_are_lines():
    for content in (
        imagecodecs.avif_encode(levels(10, 3), bitspersample=10),
        imagecodecs.jpeg2k_encode(levels(16, 3), level=0, reversible=True),
    ):
        assert "pixels, more than 99" in refused(content, max_pixels=99)
        assert "damaged picture" in refused(content[: len(content) // 2]) + refused(content[:40])


def test_an_animation_is_named_and_other_kinds_are_not_theirs():
    frames = [Image.fromarray(levels(8, 3)), Image.fromarray(levels(8, 3)[::-1])]
    stream = io.BytesIO()
    frames[0].save(stream, "AVIF", save_all=True, append_images=frames[1:])
    assert "an animation, not one picture" in refused(stream.getvalue())
    assert kind_of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") is None
    assert kind_of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif") == "Avif"
