"""What `mzsr upscale` and `mzsr degrade` say of damage, and of what they do not keep; resolutions follow the scale."""

import io
import json

import pytest
from helpers.commands import Command, smooth
from helpers.metadata_files import XMP, XMP_MARK, jpeg, segment, xmp_of
from helpers.picture_files import exif_block, pillow
from PIL import Image

FILE = jpeg(segment(0xE1, XMP_MARK + XMP), segment(0xE5, b"Vendor\0"), pixels=smooth(3), dpi=(100, 100))[:-2]
LINES = ["in.jpg: damaged, but read: its end marker is missing", "in.jpg: left out: APP5 (Vendor)"]


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jpg").write_bytes(FILE)
    return Command(monkeypatch, capsys)


def test_a_line_and_a_record_say_it(mzsr, tmp_path):
    status, out, err = mzsr.upscale("in.jpg", "-o", "out.jpg", "--json")
    record = json.loads(out[0])
    assert status == 0 and record["damaged"] == ["its end marker is missing"]
    assert record["left_out"] == ["APP5 (Vendor)"] and set(LINES) <= set(record["notices"])
    status, _, err = mzsr.upscale("in.jpg", "-o", "other.jpg")
    assert status == 0 and [f"warning: {line}" for line in LINES] == err[-2:]
    content = (tmp_path / "out.jpg").read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["dpi"] == (200, 200)
        assert b'tiff:ImageWidth="%d"' % image.width in xmp_of(content) and image.width == 2 * smooth(3).shape[1]


def test_degrade_says_the_same(mzsr, tmp_path):
    status, _, err = mzsr("degrade", "in.jpg", "-o", "lr.png", "--kernel", "bicubic")
    assert status == 0 and err == [f"warning: {line}" for line in LINES]
    with Image.open(tmp_path / "lr.png") as image:
        assert round(image.info["dpi"][0]) == 50


def test_ordinary_photographs_say_nothing(mzsr, tmp_path):
    (tmp_path / "in.jpg").write_bytes(
        pillow(smooth(3), "RGB", "JPEG", exif=b"Exif\0\0" + exif_block(1), icc_profile=b"profile", dpi=(72, 72))
    )
    for name in ("a.jpg", "a.png", "a.webp", "a.tif"):
        status, out, err = mzsr.upscale("in.jpg", "-o", name, "--json")
        assert (status, json.loads(out[0])["left_out"]) == (0, [])
