"""Stacks of pages: one plan, every page, their calibration and what describes them; bad ones in one line."""

import errno
import os

import numpy as np
import pytest
import tifffile
from helpers.picture_files import noise
from helpers.scenes import fast_probe, upscaler_of  # noqa: F401
from helpers.small_networks import photo, save_network

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields import pages_stack
from mzsr_basicsr.fields.pages import upscale_file
from mzsr_basicsr.pictures.ranges import usual_range
from mzsr_basicsr.upscaling.upscaler import Upscaler

pytestmark = pytest.mark.usefixtures("fast_probe")
RGB, GREY = {"photometric": "rgb", "metadata": None}, {"photometric": "minisblack", "metadata": None}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture
def planned(monkeypatch):
    """The pixels that plans are made of."""
    seen, plan = [], Upscaler.plan_from

    def noted(self, pixels, *rest):
        seen.append(pixels[:])
        return plan(self, pixels, *rest)

    monkeypatch.setattr(Upscaler, "plan_from", noted)
    return seen


def write(path, *pages, **how):
    with tifffile.TiffWriter(path, **how) as file:
        for pixels, options in pages:
            file.write(pixels, **options)
    return path


def upscaled(source, small, name="out.tif", **choices):
    target = source.parent / name
    return target, upscale_file(source, target, upscaler_of(small, **{"tile": 512, **choices}))


def pages_of(path):
    with tifffile.TiffFile(path) as file:
        return [page.asarray() for page in file.pages]


def in_memory(small, pixels):
    upscaler = upscaler_of(small, tile=512)
    return upscaler.apply(pixels, upscaler.plan(pixels))


def apart(one, other):
    return np.abs(one.astype(float) - other.astype(float)).max()


def test_every_page_is_upscaled_by_the_plan_of_the_middle_one(small, tmp_path, planned):
    stack = [np.roll(photo(), shift, 1) for shift in (0, 5, 9)]
    source = write(tmp_path / "a.tif", *((page, RGB) for page in stack))
    told = []
    target = tmp_path / "out.tif"
    record = upscale_file(source, target, upscaler_of(small, updates=1, tile=32), lambda *done: told.append(done))
    assert len(planned) == 1 and (planned[0] == stack[1]).all()
    assert (record["frames"], record["plans"], record["updates_made"], record["notices"]) == (3, 1, 1, [])
    assert told == [(1920, 5760), (3840, 5760), (5760, 5760)]
    upscaler = upscaler_of(small, updates=1, tile=512)
    plan = upscaler.plan(stack[1])
    for found, page in zip(pages_of(target), stack, strict=True):
        assert apart(found, upscaler.apply(page, plan)) <= 1


def test_pages_of_different_sizes_are_planned_by_themselves(small, tmp_path, planned):
    stack = [photo(), photo(32, 30), np.roll(photo(), 3, 0), photo()[..., 0]]
    source = write(tmp_path / "a.tif", *((page, RGB if page.ndim == 3 else GREY) for page in stack))
    target, record = upscaled(source, small)
    assert record["plans"] == 3 and [page.shape[:2] for page in planned] == [(40, 48), (32, 30), (40, 48)]
    assert (planned[0] == stack[2]).all()  # the middle of the two
    for found, page in zip(pages_of(target), stack, strict=True):
        pixels = page if page.ndim == 3 else page[..., None]
        assert apart(found.reshape(2 * page.shape[0], 2 * page.shape[1], -1), in_memory(small, pixels)) <= 1


def test_pages_of_16_bits_share_the_range_of_all(small, tmp_path, monkeypatch):
    stack = np.stack([photo()[..., 0].astype(np.uint16) * factor + 90 for factor in (1, 2, 4)])
    ranges, plan = [], pages_stack.plan_wide
    monkeypatch.setattr(pages_stack, "plan_wide", lambda own, page: ranges.append(page.known) or plan(own, page))
    target, _ = upscaled(write(tmp_path / "a.tif", *((page, GREY) for page in stack)), small)
    low, high = usual_range(stack.astype(np.float64).reshape(-1, 48))
    assert [(one.low, one.high) for one in ranges] == [(low, high)] == [(stack.min(), stack.max())]
    found = np.stack(pages_of(target))
    assert found.dtype == np.uint16 and found.shape == (3, 80, 96)
    assert np.abs(found[2].astype(float) - 90 - 4 * (found[0].astype(float) - 90)).mean() < 12  # of some 1000


def test_overviews_are_no_pages(small, tmp_path):
    overview = {**RGB, "subfiletype": 1}
    source = write(tmp_path / "a.tif", (photo(), RGB), (photo()[::2, ::2], overview), (photo()[::-1], RGB))
    target, record = upscaled(source, small)
    assert [page.shape for page in pages_of(target)] == [(80, 96, 3)] * 2
    assert record["notices"] == [f"{source}: its overviews are not copied"]


def test_what_pages_say_of_themselves_is_copied(small, tmp_path):
    more = {"resolution": (300, 150), "resolutionunit": "inch", "description": "cells µ".encode(), "software": "scan"}
    tags = [(285, 2, 0, b"first", True), (297, 3, 2, (0, 2), True), (274, 3, 1, 1, True), (34675, 7, 4, b"icc!", True)]
    tags += [(42113, 2, 0, b"0", True)]
    source = write(
        tmp_path / "a.tif", (np.maximum(photo(), 1), {**RGB, **more, "extratags": tags}), (photo(), RGB), byteorder=">"
    )
    with tifffile.TiffFile(upscaled(source, small)[0]) as file, tifffile.TiffFile(source) as before:
        assert file.byteorder == ">" and len(file.pages) == 2
        for tag in (270, 285, 297, 274, 34675, 305, 296, 42113):
            assert file.pages[0].tags.valueof(tag) == before.pages[0].tags.valueof(tag) is not None, tag
        assert file.pages[0].tags[282].value == (600, 1) and file.pages[0].tags[283].value == (300, 1)
        assert file.pages[1].tags.valueof(270) is None


def test_alpha_and_holes_of_pages(small, tmp_path):
    clear = np.full((40, 48), 255, np.uint8)
    clear[10:20, 10:30] = 0
    source = write(tmp_path / "a.tif", *((np.dstack([photo(), clear]), {**RGB, "extrasamples": ["unassalpha"]}),) * 2)
    target, _ = upscaled(source, small, subsampling="bicubic")
    with tifffile.TiffFile(target) as file:
        assert [int(kind) for kind in file.pages[1].extrasamples] == [2]
    assert (pages_of(target)[1][26:34, 26:54, 3] == 0).all()
    empty = photo()[..., 0].astype(np.float32)
    empty[10:20, 10:30] = np.nan
    found = pages_of(upscaled(write(tmp_path / "b.tif", (empty, GREY), (empty, GREY)), small, subsampling="bicubic")[0])
    np.testing.assert_array_equal(np.isnan(found[1]), np.isnan(empty).repeat(2, 0).repeat(2, 1))


def test_a_stack_of_imagej(small, tmp_path):
    stack = np.stack([photo()[..., 0].astype(np.uint16)] * 3)
    told = {
        "unit": "um",
        "spacing": 2.0,
        "axes": "ZYX",
        "Labels": ["a", "b", "c"],
        "Ranges": (0.0, 255.0),
        "ROI": b"Iout",
    }
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, resolution=(4, 5), metadata=told)
    target, record = upscaled(tmp_path / "a.tif", small)
    with tifffile.TiffFile(target) as file:
        about = file.imagej_metadata
        assert file.is_imagej and file.series[0].shape == (3, 80, 96) and file.series[0].axes == "ZYX"
        assert (about["unit"], about["spacing"], about["images"]) == ("um", 2.0, 3)
        assert about["Labels"] == ["a", "b", "c"] and about["Ranges"] == (0.0, 255.0) and "ROI" not in about
        assert file.pages[0].tags[282].value == (8, 1) and file.pages[0].tags[283].value == (10, 1)
        assert file.pages[0].tags[296].value == 1
    lost = "its regions of interest are left out: they are drawn in the pixels of the source"
    assert record["notices"] == [f"{tmp_path / 'a.tif'}: {lost}"]


def test_an_ome_tiff(small, tmp_path):
    stack = np.stack([photo()[..., 0], photo()[..., 1]])
    told = {"axes": "CYX", "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.3, "PhysicalSizeZ": 1.5}
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, ome=True, metadata=told, photometric="minisblack")
    target, _ = upscaled(tmp_path / "a.ome.tif", small, "b.ome.tif")
    with tifffile.TiffFile(target) as file:
        assert file.is_ome and file.series[0].shape == (2, 80, 96) and file.series[0].axes == "CYX"
        about = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (about["SizeX"], about["SizeY"], about["SizeC"]) == (96, 80, 2)
    assert (about["PhysicalSizeX"], about["PhysicalSizeY"], about["PhysicalSizeZ"]) == (0.125, 0.15, 1.5)
    assert about["PhysicalSizeXUnit"] == "µm"


def refused(source, small, name="out.tif"):
    before = sorted(source.parent.iterdir())
    with pytest.raises(ImageError) as caught:
        upscaled(source, small, name)
    assert sorted(source.parent.iterdir()) == before and "\n" not in str(caught.value)
    return str(caught.value).replace(str(source.parent), "")


def test_pages_that_cannot_be_upscaled_are_named_before_any_work(small, tmp_path, planned):
    good = (photo(), RGB)
    integers = write(tmp_path / "a.tif", good, (np.ones((16, 16), np.uint32), GREY))
    assert refused(integers, small).startswith("/a.tif: page 2: samples of 32 bits (uint32); allowed: ")
    assert refused(write(tmp_path / "b.tif", good), small, "b.png").startswith(
        "/b.png: a stack of pages is written as .tif"
    )
    cut = write(tmp_path / "c.tif", good, (noise(3, height=64, width=64), RGB))
    with tifffile.TiffFile(cut) as file:
        place = file.pages[1].tags[273]
    content = bytearray(cut.read_bytes())
    content[place.valueoffset : place.valueoffset + 4] = (2**31).to_bytes(4, "little")
    cut.write_bytes(content)
    assert (
        refused(cut, small) == "/c.tif: page 2: pixels are missing in the file; it is truncated or damaged, replace it"
    )
    layers = write(
        tmp_path / "d.tif", (np.zeros((16, 16, 16), np.uint8), {**GREY, "volumetric": True, "tile": (16, 16, 16)})
    )
    assert refused(layers, small) == "/d.tif: page 1: 16 layers in one page; save each as a page"
    assert planned == []
    tiny = write(tmp_path / "e.tif", good, (noise(3, height=6, width=9), RGB))
    assert refused(tiny, small) == "/e.tif: page 2: 9x6 px is too small; at least 8x8 px"


def test_images_behind_one_page_of_imagej(small, tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        photo()[..., 0],
        photometric="minisblack",
        description="ImageJ=1.53\nimages=9\n",
        metadata=None,
    )
    assert refused(tmp_path / "a.tif", small) == "/a.tif: 9 images behind one page, as of ImageJ; save it as OME-TIFF"


def test_a_page_that_cannot_be_decoded(small, tmp_path):
    zipped = {**RGB, "compression": "adobe_deflate"}
    source = write(tmp_path / "a.tif", (photo(), zipped), (photo(), zipped))
    with tifffile.TiffFile(source) as file:
        place, size = file.pages[1].dataoffsets[0], file.pages[1].databytecounts[0]
    content = bytearray(source.read_bytes())
    content[place : place + size] = bytes(size)
    source.write_bytes(content)
    assert refused(source, small).startswith("/a.tif: damaged picture (")


def test_a_full_disk_leaves_an_old_result_and_nothing_else(small, tmp_path, monkeypatch):
    source = write(tmp_path / "a.tif", (photo(), RGB), (photo(), RGB))
    (tmp_path / "out.tif").write_bytes(b"of yesterday")
    pages, write_page = [], pages_stack.write_page

    def full(writer, *rest, **more):
        if pages:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        pages.append(write_page(writer, *rest, **more))

    monkeypatch.setattr(pages_stack, "write_page", full)
    assert refused(source, small) == (
        "/out.tif: cannot be written (No space left on device); nothing of it is kept: check the folder and its space"
    )
    assert (tmp_path / "out.tif").read_bytes() == b"of yesterday"
