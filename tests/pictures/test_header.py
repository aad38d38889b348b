"""The header of a picture file says what its pixels will be: it is held against the picture that is read."""

import io

import imagecodecs
import numpy as np
import pytest
from helpers.picture_files import noise, pillow, tiff
from PIL import Image

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.header import check_fits, enlarged, read_header
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture


def palette(**options):
    stream = io.BytesIO()
    Image.fromarray(noise(3)).quantize(9).save(stream, "PNG", **options)
    return stream.getvalue()


FILES = {
    "grey.png": pillow(noise(1), "L", "PNG"),
    "clear.png": pillow(noise(4), "RGBA", "PNG"),
    "grey_clear.png": pillow(noise(2), "LA", "PNG"),
    "palette.png": palette(),
    "clear_palette.png": palette(transparency=3),
    "keyed.png": pillow(noise(3), "RGB", "PNG", transparency=(1, 2, 3)),
    "deep.png": imagecodecs.png_encode(noise(3, np.uint16)),
    "deep_clear.png": imagecodecs.png_encode(noise(4, np.uint16)),
    "a.jpg": pillow(noise(3), "RGB", "JPEG"),
    "ink.jpg": pillow(noise(4), "CMYK", "JPEG"),
    "a.webp": pillow(noise(3), "RGB", "WEBP"),
    "clear.webp": pillow(noise(4), "RGBA", "WEBP"),
    "a.bmp": pillow(noise(3), "RGB", "BMP"),
    "a.gif": pillow(noise(1), "L", "GIF"),
    "a.ppm": pillow(noise(3), "RGB", "PPM"),
    "a.pgm": b"P5\n7 5\n999\n" + bytes(70),
    "deep.tif": tiff(noise(3, np.uint16), photometric="rgb"),
    "float.tif": tiff(noise(1, np.float64)[..., 0], photometric="minisblack"),
    "clear.tif": tiff(noise(4), photometric="rgb", extrasamples=["unassalpha"]),
    "ink.tif": tiff(noise(4), photometric="separated"),
    "bands.tif": tiff(noise(5), photometric="minisblack", planarconfig="contig"),
    "a.jp2": pillow(noise(3, height=40, width=44), "RGB", "JPEG2000"),
    "a.avif": pillow(noise(4, height=40, width=44), "RGBA", "AVIF"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_header_says_what_is_read(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    found, whole = read_header(tmp_path / name), read_picture(tmp_path / name)
    assert (found.pixels.shape, found.pixels.dtype) == (whole.pixels.shape, whole.pixels.dtype)
    assert (found.alpha, found.mode, found.format) == (whole.alpha, whole.mode, whole.format)
    assert found.pixels.strides == (0, 0, 0)  # no memory


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "bmp", "ppm"])
def test_it_refuses_what_writing_refuses(tmp_path, name, ending):
    (tmp_path / name).write_bytes(FILES[name])
    target = tmp_path / f"result.{ending}"

    def line(work, *arguments):
        try:
            work(*arguments)
        except ImageError as error:
            return str(error)
        return None

    judged = line(check_fits, tmp_path / name, target, 1.0)
    assert judged == line(write_picture, read_picture(tmp_path / name), target)
    assert target.exists() == (judged is None)


def test_sides_count_at_the_size_of_the_result(tmp_path):
    (tmp_path / "a.png").write_bytes(pillow(noise(1, height=8, width=8192), "L", "PNG"))
    check_fits(tmp_path / "a.png", tmp_path / "a.webp", 1.99)
    with pytest.raises(ImageError, match="webp holds at most 16383 pixels a side, not 16384x16; allowed: png, tif"):
        check_fits(tmp_path / "a.png", tmp_path / "a.webp", 2.0)
    assert enlarged(Picture(noise(3, height=5, width=7)), 1.5).pixels.shape == (8, 11, 3)


def test_what_has_no_header_is_left_to_reading(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a text")
    (tmp_path / "b.png").write_bytes(FILES["a.jpg"][:9])
    for name in ("a.png", "b.png", "none.png", "."):
        assert read_header(tmp_path / name) is None
