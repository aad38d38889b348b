"""Damaged tags and chains of pages of TIFF files: the pixels are read all the same."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from helpers.metadata_files import XMP, XMP_MARK, jpeg, segment
from helpers.picture_files import exif_block, noise, tiff

from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import encode


@pytest.mark.parametrize("order", "<>")
def test_damaged_tags_of_tiff_that_are_not_about_pixels(order):
    """Kind, count and place of each tag are damaged in turn; tifffile's and our own view of it must bear it."""
    source = Picture(noise(3), exif=exif_block(1, order), icc=b"profile" * 9, dpi=(300, 300), nodata=3.0)
    told = read_picture(jpeg(segment(0xE1, XMP_MARK + XMP))).extras
    content = encode(replace(source, extras=told), "tif")
    start = struct.unpack_from(order + "I", content, 4)[0]
    (count,) = struct.unpack_from(order + "H", content, start)
    for number in range(count):
        place = start + 2 + 12 * number
        if struct.unpack_from(order + "H", content, place)[0] in {
            256,
            257,
            258,
            259,
            262,
            273,
            277,
            278,
            279,
            284,
            317,
        }:
            continue
        for form, at, values in (("H", 2, (0, 2, 13, 65535)), ("I", 4, (0, 5, 2**31)), ("I", 8, (0, start, 2**31))):
            for value in values:
                damaged = bytearray(content)
                struct.pack_into(order + form, damaged, place + at, value)
                np.testing.assert_array_equal(read_picture(bytes(damaged)).pixels, source.pixels)


@pytest.mark.parametrize("link", ["itself", 1, 2**31])
def test_a_damaged_chain_of_tiff_pages_is_followed_as_far_as_it_goes(link):
    content = tiff(noise(3), photometric="rgb")
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages[0]
        place = page.offset + 2 + 12 * len(page.tags)
    damaged = bytearray(content)
    struct.pack_into("<I", damaged, place, page.offset if link == "itself" else link)
    picture = read_picture(bytes(damaged))
    np.testing.assert_array_equal(picture.pixels, noise(3))
    assert picture.extras.faults == ("its chain of pages",)
