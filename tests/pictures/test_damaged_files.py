"""Damaged files of every kind end in a picture or in one line that names them, and in nothing else."""

import warnings

import numpy as np
import pytest
from helpers.picture_files import chunk, exif_block, noise, pillow, refused, tiff
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import encode

EXIF = b"Exif\0\0" + exif_block()
WITH_METADATA = {"exif": EXIF, "icc_profile": b"profile" * 9, "dpi": (300, 300)}
FILES = {
    "png": pillow(noise(3), "RGB", "PNG", **WITH_METADATA),
    "palette png": pillow(noise(1) // 128, "P", "PNG", transparency=bytes([9] * 256)),
    "16 bit png": encode(Picture(noise(4, np.uint16), True, icc=b"profile", exif=exif_block(), dpi=(9, 9)), "png"),
    "jpeg": pillow(noise(3, height=16, width=16), "RGB", "JPEG", **WITH_METADATA),
    "cmyk jpeg": pillow(noise(4), "CMYK", "JPEG", progressive=True),
    "tiff": pillow(noise(4), "RGBA", "TIFF", **WITH_METADATA),
    "lzw tiff": tiff(noise(3, np.uint16), photometric="rgb", compression="lzw", predictor=True, byteorder=">"),
    "float tiff": encode(Picture(noise(3, np.float32), exif=exif_block(), icc=b"profile"), "tif"),
    "tiled tiff": tiff(np.moveaxis(noise(5), 2, 0), photometric=1, planarconfig=2, tile=(16, 16), compression=8),
    "jpeg tiff": pillow(noise(3, height=16, width=16), "RGB", "TIFF", compression="jpeg"),
    "big tiff": tiff(noise(4), photometric="rgb", extrasamples=[1], bigtiff=True),
    "webp": pillow(noise(4), "RGBA", "WEBP", lossless=True, exif=EXIF, icc_profile=b"profile"),
    "lossy webp": pillow(noise(3), "RGB", "WEBP"),
    "bmp": pillow(noise(3), "RGB", "BMP"),
    "palette bmp": pillow(noise(1), "P", "BMP"),
    "gif": pillow(noise(1), "P", "GIF", transparency=3),
    "ppm": pillow(noise(3), "RGB", "PPM"),
    "16 bit pgm": encode(Picture(noise(1, np.uint16)), "ppm"),
    "plain pbm": b"P1\n# bits\n3 2\n1 0 1\n0 1 0\n",
}


def read_or_refuse(content):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = read_picture(content, "bad file", 2**20)
        except ImageError as error:
            assert str(error).startswith("bad file: ") and str(error).isprintable()
        else:
            assert picture.pixels.ndim == 3 and picture.pixels.size and np.isfinite(picture.pixels).all()
            assert picture.pixels.dtype in (np.uint8, np.uint16, np.float32, np.float64)
            if picture.exif:
                encode(picture, "tif")  # whatever was read as EXIF can be written


@pytest.mark.parametrize("kind", FILES)
def test_the_good_files_are_good(kind):
    assert read_picture(FILES[kind], max_pixels=256).pixels.size


@pytest.mark.parametrize("kind", FILES)
def test_truncated_files_are_refused(kind):
    content = FILES[kind]
    for length in (0, 1, 2, 3, 8, len(content) // 3, len(content) // 2, len(content) * 3 // 4):
        if kind == "webp" and length > content.index(b"EXIF"):  # every pixel is there
            continue
        message = refused(content[:length])
        assert length or "empty, 0 bytes" in message


def with_fresh_checksums(content):
    position, parts = 8, [content[:8]]
    while position + 12 <= len(content):
        length = min(int.from_bytes(content[position : position + 4], "big"), len(content) - position - 12)
        parts.append(chunk(content[position + 4 : position + 8], content[position + 8 : position + 8 + length]))
        position += length + 12
    return b"".join(parts)


@pytest.mark.parametrize("kind", FILES)
def test_damage_ends_in_a_picture_or_in_one_line(kind):
    good = FILES[kind]

    @settings(derandomize=True, max_examples=100, deadline=5000, database=None, suppress_health_check=list(HealthCheck))
    @given(st.booleans(), st.binary(max_size=15), st.binary(max_size=15), st.integers(0, 3 * len(good)))
    def damage(in_header, changes, splice, cut):
        content = bytearray(good)
        for high, low, value in zip(changes[::3], changes[1::3], changes[2::3]):
            content[(high * 256 + low) % min(len(good), 120 if in_header else 2**16)] = value
        if len(splice) > 2:
            start = (splice[0] * 256 + splice[1]) % len(good)
            content[start : start + splice[2] % 16] = splice[3:]
        del content[cut or len(good) :]  # two of three are not cut
        read_or_refuse(bytes(content))
        if "png" in kind:
            read_or_refuse(with_fresh_checksums(bytes(content)))

    damage()


@settings(derandomize=True, max_examples=100, deadline=5000, database=None)
@given(st.sampled_from([content[:12] for content in FILES.values()]), st.binary(max_size=200))
def test_noise_after_a_good_beginning(head, rest):
    read_or_refuse(head + rest)
