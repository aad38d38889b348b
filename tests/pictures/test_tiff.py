"""Reading TIFF files: bands, planes, byte orders, alpha, palettes and bits, as tifffile and Pillow write them."""

import numpy as np
import pytest
import tifffile
from helpers.picture_files import BITS, assert_pixels, noise, pillow, tiff

from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "lzw", "adobe_deflate"])
def test_tiff_of_five_bands_planar_or_not(dtype, byteorder, compression, tmp_path):
    pixels = noise(5, dtype)
    plain = tiff(
        *(pixels,), photometric="minisblack", planarconfig="contig", byteorder=byteorder, compression=compression
    )
    planes = tiff(
        np.moveaxis(pixels, 2, 0),
        photometric="minisblack",
        planarconfig="separate",
        byteorder=byteorder,
        compression=compression,
        tile=(16, 16),
    )
    for content in (plain, planes):
        picture = read_picture(content)
        assert_pixels(picture, pixels, mode="L")
    write_picture(picture, tmp_path / "a.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), pixels)


PHOTOMETRIC = [
    *[(*kind, dtype) for kind in (("L", 1, 1), ("RGB", 2, 3)) for dtype in (np.uint8, np.uint16, np.float32)],
    *[("CMYK", 5, 4, dtype) for dtype in (np.uint8, np.uint16)],
]


@pytest.mark.parametrize(("kind", "photometric", "base", "dtype"), PHOTOMETRIC)
@pytest.mark.parametrize("extra", [(), (0,), (2,), (0, 2)])
def test_tiff_has_alpha_only_where_it_says_so(kind, photometric, base, extra, dtype, tmp_path):
    pixels = noise(base + len(extra), dtype)
    planes = {"planarconfig": "contig"} if pixels.shape[2] > 1 else {}
    content = tiff(pixels.squeeze(), photometric=photometric, extrasamples=extra, **planes)
    picture = read_picture(content)
    assert_pixels(picture, pixels, extra[-1:] == (2,), kind)
    write_picture(picture, tmp_path / "a.tiff")
    with tifffile.TiffFile(tmp_path / "a.tiff") as file:
        assert (file.pages[0].photometric, tuple(file.pages[0].extrasamples)) == (photometric, extra)
    assert_pixels(read_picture(tmp_path / "a.tiff"), pixels, extra[-1:] == (2,), kind)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_premultiplied_alpha_of_tiff_becomes_straight(dtype):
    top = BITS.get(dtype, 1)
    straight = np.abs(noise(4, dtype, 40, 40)).clip(0, top)
    straight[..., 3] = straight[..., 3].clip(top // 2 or 0.5, top)
    straight[0, 0] = 0
    share = straight[..., 3:] / np.float64(top)
    stored = straight[..., :3] * share
    stored = np.dstack([stored if top == 1 else np.rint(stored), straight[..., 3]]).astype(dtype)
    picture = read_picture(tiff(stored, photometric="rgb", extrasamples=[1]))
    assert picture.alpha
    error = picture.pixels.astype(np.float64) - straight
    assert np.abs(error).max() <= (1 if top > 1 else 1e-6)  # half a step, at most doubled by the alpha of a half


def test_tiff_of_bits_palettes_white_zero_and_jpeg():
    pixels = noise(3, height=16, width=16)
    content = pillow(np.full_like(pixels, (200, 30, 60)), "RGB", "TIFF", compression="jpeg", quality=95)
    np.testing.assert_allclose(read_picture(content).pixels, np.full_like(pixels, (200, 30, 60)), atol=3)
    index, palette = np.uint8([[0, 1, 2]]), (np.arange(768) % 256 * 257).astype(np.uint16).reshape(3, 256)
    content = tiff(index, photometric="palette", colormap=palette)
    assert_pixels(read_picture(content), (palette[:, :3].T // 257).astype(np.uint8)[None], mode="RGB")
    grey = noise(1)
    assert_pixels(read_picture(tiff(grey[..., 0], photometric="miniswhite")), 255 - grey)
    assert_pixels(
        read_picture(tiff(np.array([[True, False, True]]), photometric="minisblack")), np.uint8([[[255], [0], [255]]])
    )
    assert_pixels(read_picture(tiff(np.float16([[0.5, -2]]))), np.float32([[[0.5], [-2]]]))
