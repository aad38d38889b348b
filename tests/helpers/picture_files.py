"""Small picture files of every kind, made by other libraries or by hand, for the tests of reading and writing."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.reading import read_picture

H, W = 5, 7
BITS = {np.uint8: 255, np.uint16: 65535}


def noise(bands, dtype=np.uint8, height=H, width=W):
    random = np.random.default_rng(bands + 10 * np.dtype(dtype).itemsize)
    if np.dtype(dtype).kind == "f":
        return (random.normal(0, 3, (height, width, bands))).astype(dtype)
    return random.integers(0, BITS[dtype] + 1, (height, width, bands), dtype=dtype)


def pillow(pixels, mode, format, **options):
    stream = io.BytesIO()
    image = Image.frombuffer(mode, pixels.shape[1::-1], np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    if mode == "P":
        image.putpalette([level for level in range(256) for _ in range(3)])  # Pillow 12 writes a BMP wrong without
    image.save(stream, format, **options)
    return stream.getvalue()


def tiff(pixels, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, metadata=None, **options)
    return stream.getvalue()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def raw_png(width, height, bits, colour, rows, *extra, interlace=0):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(extra) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def assert_pixels(picture, expected, alpha=False, mode=""):
    assert picture.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.pixels.dtype.isnative and picture.pixels.flags.writeable
    assert picture.alpha == alpha
    assert not mode or picture.mode == mode


def exif_block(orientation=6, endian=">"):
    exif = Image.Exif()
    exif.endian = endian
    exif[0x010F], exif[0x0112], exif[0x0131] = "Maker", orientation, "Camera 1.0"
    exif.get_ifd(0x8769).update(
        {0x829A: 0.008, 0x9286: b"ASCII\0\0\0odd", 0xA002: 7, 0xA003: 5, 0x927C: bytes(range(99))}
    )
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 30.0, 12.5)})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def refused(content, *, name="bad file", max_pixels=2**20):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError) as error:
            read_picture(content, name, max_pixels)
    message = str(error.value)
    assert message.startswith(f"{name}: ") and message.isprintable() and len(message) < 400
    return message
