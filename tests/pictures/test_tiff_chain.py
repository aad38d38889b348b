"""Pages of a TIFF file that go round in a circle are refused; tifffile would count them for ever."""

import struct

import numpy as np
import pytest
import tifffile
from helpers.small_networks import save_network

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.pages import upscale_file
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.tiff_chain import check_chain
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler


def chained(path, links, big=False):
    """Write pages of which each leads to the one that `links` names, by their numbers; None: to the end."""
    with tifffile.TiffWriter(path, bigtiff=big) as writer:
        for index in range(len(links)):
            writer.write(np.full((6, 8), index, np.uint8), metadata=None)
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        places = [page.offset for page in file.pages]
    number, field, pointer = ("<Q", 20, "<Q") if big else ("<H", 12, "<I")
    for place, link in zip(places, links, strict=True):
        (count,) = struct.unpack_from(number, content, place)
        struct.pack_into(
            pointer, content, place + struct.calcsize(number) + field * count, 0 if link is None else places[link]
        )
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("links", [(1, 0), (1, 2, 1), (0,)])
def test_a_circle_is_refused(tmp_path, links, big):
    path = chained(tmp_path / "a.tif", links, big)
    with pytest.raises(ImageError, match="its pages go round in a circle"):
        read_picture(path)


def test_a_stack_in_a_circle_is_refused(tmp_path):
    path = chained(tmp_path / "a.tif", (1, 2, 1))
    upscaler = Upscaler(UpscaleSettings(weights=save_network(tmp_path / "net.pth"), kernel="gaussian:1", device="cpu"))
    with pytest.raises(ImageError, match="its pages go round in a circle"):
        upscale_file(path, tmp_path / "out.tif", upscaler)


@pytest.mark.parametrize("big", [False, True])
def test_a_chain_with_an_end_passes_and_what_is_cut_off_is_left_to_the_reading(tmp_path, big):
    path = chained(tmp_path / "a.tif", (1, 2, None), big)
    for size in (path.stat().st_size, 60, 20):
        path.write_bytes(path.read_bytes()[:size])
        with path.open("rb") as stream:
            check_chain(stream, "a.tif")
