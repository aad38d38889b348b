"""What a TIFF file is, told by its tags alone."""

import numpy as np
import pytest
import tifffile
from helpers.picture_files import noise
from helpers.scenes import make_scene

from mzsr_basicsr.fields import tiff_tags
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.fields.tiff_tags import directories

GREY = {"photometric": "minisblack", "metadata": None}


def stack(path, *pages, big=False, order="<"):
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as file:
        for options in pages:
            file.write(noise(1, height=16, width=16)[..., 0], **{**GREY, **options})
    with tifffile.TiffFile(path, mode="r+") as file:
        for page in file.pages:
            if page.subfiletype == 2:
                page.tags[254].overwrite(4)  # a mask, which this library writes of bits alone
    return path


@pytest.mark.parametrize(("big", "order"), [(False, "<"), (False, ">"), (True, "<"), (True, ">")])
def test_pages_are_counted_without_overviews_and_masks(tmp_path, big, order):
    overview, mask = {"subfiletype": 1}, {"subfiletype": 2}
    both = stack(tmp_path / "a.tif", {}, overview, mask, {}, big=big, order=order)
    assert field_of(both) == "pages"
    with both.open("rb") as stream:
        found = list(directories(stream))
    assert [page.is_page for page in found] == [True, False, False, True] and found[0].pixels == 256
    assert field_of(stack(tmp_path / "b.tif", {}, overview, mask, big=big, order=order)) is None
    assert field_of(stack(tmp_path / "c.tif", {"subifds": 1}, {}, big=big, order=order)) is None


@pytest.mark.parametrize("tag", sorted(tiff_tags.GEO))
def test_each_tag_of_a_place_makes_a_scene(tmp_path, tag):
    assert field_of(stack(tmp_path / "a.TIF", {"extratags": [(tag, 12, 6, (1.0,) * 6, True)]})) == "scene"


def test_gdals_files_and_world_files_are_scenes(tmp_path):
    assert field_of(make_scene(tmp_path / "a.tif", noise(3, height=16, width=16))) == "scene"
    plain = stack(tmp_path / "map.tif", {})
    (tmp_path / "map.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    assert field_of(plain) == "scene"


def test_microscope_images_are_stacks_even_of_one_page(tmp_path):
    pixels = noise(1, np.uint16, 16, 16)[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True)
    tifffile.imwrite(tmp_path / "b.ome.tif", pixels, ome=True)
    tifffile.imwrite(tmp_path / "c.tif", pixels, description="<?xml version='1.0'?><other/>", metadata=None)
    assert [field_of(tmp_path / name) for name in ("a.tif", "b.ome.tif", "c.tif")] == ["pages", "pages", None]


def test_a_large_picture_goes_by_windows_where_the_result_is_a_tiff(tmp_path, monkeypatch):
    path, target = stack(tmp_path / "a.tif", {}), tmp_path / "out.tif"
    assert field_of(path, target) is None
    monkeypatch.setattr(tiff_tags, "LARGE", 255)
    assert field_of(path, target) == "scene" and field_of(path, tmp_path / "out.png") is None and field_of(path) is None
    palette = stack(tmp_path / "b.tif", {"photometric": "palette", "colormap": np.zeros((3, 256), np.uint16)})
    assert field_of(palette, target) is None
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert field_of(path, target) is None


def test_what_is_no_tiff_or_damaged_is_left_to_the_readers_of_pictures(tmp_path):
    good = make_scene(tmp_path / "good.tif", noise(3, height=16, width=16)).read_bytes()
    for number, content in enumerate([b"", b"II*", b"\x89PNG" * 9, good[:7], good[:300], b"II*\0" + b"\xff" * 40]):
        path = tmp_path / f"{number}.tif"
        path.write_bytes(content)
        assert field_of(path) is None
    assert field_of(tmp_path / "missing.tif") is None and field_of(tmp_path) is None
    assert field_of(tmp_path / "a\0.tif") is None


def test_directories_that_point_to_each_other_end(tmp_path):
    path = stack(tmp_path / "a.tif", {}, {})
    with tifffile.TiffFile(path) as file:
        first, second = (page.offset for page in file.pages)
    content = bytearray(path.read_bytes())
    end = second + 2 + 12 * int.from_bytes(content[second : second + 2], "little")
    content[end : end + 4] = first.to_bytes(4, "little")
    path.write_bytes(content)
    with path.open("rb") as stream:
        assert len(list(directories(stream))) == 2
