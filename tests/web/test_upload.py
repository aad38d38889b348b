"""A file that was sent is refused in one line, by its first bytes, or told in a few words."""

import zlib

import numpy as np
import pytest
from helpers.clips import HEIGHT, WIDTH, make_clip, two_shots
from helpers.commands import photograph
from PIL import Image

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.web.limits import Limits
from mzsr_basicsr.web.upload import examine

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def empty_picture(path, width, height):
    """A PNG of bits whose header says how large it is, with little in it."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + check

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def refused(path, limits=None):
    with pytest.raises(MZSRError) as error:
        examine(path, limits or Limits())
    line = str(error.value)
    assert "\n" not in line and str(path.parent) not in line and path.name in line
    return line


@pytest.mark.parametrize("content", [SVG, b"<!DOCTYPE html><p>hello", b"%PDF-1.7", b"\0" * 100])
def test_other_kinds_named_png_are_refused(tmp_path, content):
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    assert "no picture of a known kind" in refused(path)


def test_an_empty_and_a_cut_file_are_refused(tmp_path):
    empty, cut = tmp_path / "empty.png", tmp_path / "cut.png"
    empty.write_bytes(b"")
    photograph(tmp_path / "whole.png")
    cut.write_bytes((tmp_path / "whole.png").read_bytes()[:20])
    assert "empty, 0 bytes" in refused(empty)
    assert "damaged" in refused(cut)


def test_200_megapixels_are_refused_by_the_header(tmp_path):
    path = tmp_path / "wide.png"
    empty_picture(path, 20000, 10000)
    assert "20000 × 10000 is 200 megapixels, and this page takes 50 (--limit-megapixels)" in refused(path)
    assert examine(path, Limits(megapixels=200)).size == (20000, 10000)


def test_megabytes_are_limited(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\0" * 2_000_000)
    assert "2 MB, and this page takes 1 MB (--limit-mb)" in refused(path, Limits(megabytes=1))


def test_what_is_said_of_a_picture(tmp_path):
    photograph(tmp_path / "a.jpg")
    found = examine(tmp_path / "a.jpg", Limits())
    assert found.words(1.5) == "JPEG, 36 × 40 px → 54 × 60 px" and found.preview == "img"
    Image.fromarray(np.zeros((9, 11), np.uint8)).save(tmp_path / "b.tif")
    found = examine(tmp_path / "b.tif", Limits())
    assert found.words(1.5) == "TIFF, 11 × 9 px → 17 × 14 px" and found.preview == ""


def test_a_clip(tmp_path):
    make_clip(tmp_path / "a.mp4", two_shots(4))
    found = examine(tmp_path / "a.mp4", Limits())
    assert (found.clip, found.size, found.frames, found.preview) == (True, (WIDTH, HEIGHT), 4, "video")
    assert "megapixels" in refused(tmp_path / "a.mp4", Limits(megapixels=0.001))
    (tmp_path / "b.mp4").write_bytes(SVG)
    refused(tmp_path / "b.mp4")
