"""A run on a scene that was killed goes on: nothing is done twice, and the file is the same to the last byte."""

import errno
import os
import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from helpers.scenes import fast_probe, make_scene, upscaled, upscaler_of  # noqa: F401
from helpers.small_networks import photo, save_network

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields import scene_run, scene_target
from mzsr_basicsr.fields.scene import upscale_file
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.upscaling.windows import Windows

pytestmark = pytest.mark.usefixtures("fast_probe")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture
def place(tmp_path):
    mask = np.ones((70, 80), bool)
    mask[20:30, 30:60] = False
    return make_scene(tmp_path / "a.tif", photo(70, 80), mask=mask)


@pytest.fixture
def rendered(monkeypatch):
    """The windows that are enlarged; `stop` says before which one a run is killed."""

    class Noted:
        def __init__(self):
            self.windows, self.stop = [], None

    noted, render = Noted(), Windows.render

    def watched(self, window):
        if len(noted.windows) == noted.stop:
            raise KeyboardInterrupt
        noted.windows.append(window)
        return render(self, window)

    monkeypatch.setattr(Windows, "render", watched)
    return noted


def parts_of(target):
    folder = target.parent / f".{target.name}.parts"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else None


def killed(place, small, rendered, stop, **choices):
    rendered.stop = stop
    with pytest.raises(KeyboardInterrupt):
        upscaled(place, small, **choices)
    rendered.stop = None
    rendered.windows.clear()
    return place.parent / "out.tif"


def test_a_killed_run_goes_on_and_gives_the_same_file(small, place, rendered):
    whole, record = upscaled(place, small, "whole.tif", updates=2)
    assert record["windows"] == 9 and parts_of(whole) is None
    rendered.windows.clear()
    target = killed(place, small, rendered, 4, updates=2)
    assert not target.exists() and parts_of(target) == [*(f"{n:06}.part" for n in range(5)), "state.json"]
    told = []
    record = upscale_file(place, target, upscaler_of(small, updates=2), lambda *done: told.append(done))
    assert (record["windows"], record["resumed"], len(rendered.windows)) == (9, 4, 5)
    assert target.read_bytes() == whole.read_bytes() and parts_of(target) is None
    assert told[0] == (64 * 64, 140 * 160) and told[-1] == (140 * 160,) * 2 and len(told) == 9


def test_what_was_learned_is_not_learned_again(small, place, rendered, monkeypatch):
    """An adaptation that time ends is not the same twice, and would be seen as a seam."""
    target = killed(place, small, rendered, 3, updates=2)
    monkeypatch.setattr(Upscaler, "plan_from", lambda *_: pytest.fail("planned again"))
    again, record = upscaled(place, small, updates=2)
    assert again == target and record["updates_made"] == 2 and len(record["loss"]) == 3


@pytest.mark.parametrize("changed", ["settings", "source", "weights"])
def test_parts_of_something_else_are_not_used(small, place, rendered, changed, tmp_path):
    killed(place, small, rendered, 3)
    choices = {}
    if changed == "settings":
        choices = {"noise": 1.0}
    elif changed == "source":
        make_scene(place, photo(70, 80)[::-1])
    else:
        small = save_network(tmp_path / "other.pth", correction=0.5)
    _, record = upscaled(place, small, **choices)
    assert (record["resumed"], len(rendered.windows)) == (0, 9)


def test_a_part_that_was_damaged_is_said(small, place, rendered):
    target = killed(place, small, rendered, 3)
    (target.parent / ".out.tif.parts" / "000002.part").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(
        ImageError, match=r"000002.part: a finished part is damaged; delete .*\.out\.tif\.parts and start"
    ):
        upscaled(place, small)
    (target.parent / ".out.tif.parts" / "000000.part").write_bytes(b"")
    with pytest.raises(ImageError, match="000000.part: a finished part is damaged"):
        upscaled(place, small)
    assert not target.exists()


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


LINE = "cannot {} (No space left on device); finished windows are kept beside it, give the same command again to go on"


def test_a_disk_that_is_full_in_the_middle_loses_no_finished_window(small, place, monkeypatch):
    keep, kept = scene_run.keep_window, []

    def keeps(path, *window):
        if len(kept) == 2:
            path.write_bytes(b"half")
            full()
        kept.append(path)
        keep(path, *window)

    monkeypatch.setattr(scene_run, "keep_window", keeps)
    with pytest.raises(ImageError) as caught:
        upscaled(place, small)
    target = place.parent / "out.tif"
    assert str(caught.value) == f"{target}: {LINE.format('keep a finished window')}"
    assert not target.exists() and parts_of(target) == ["000000.part", "000001.part", "000002.part", "state.json"]
    monkeypatch.setattr(scene_run, "keep_window", keep)
    assert upscaled(place, small)[1]["resumed"] == 2


def test_a_disk_that_is_full_at_the_end_keeps_all_windows_and_an_old_result(small, place, monkeypatch):
    target = place.parent / "out.tif"
    target.write_bytes(b"of yesterday")
    for name, cog in (("write_scene", False), ("write_cog", True)):
        with monkeypatch.context() as patch:
            patch.setattr(scene_run, name, full)
            with pytest.raises(ImageError) as caught:
                upscaled(place, small, cog=cog)
        assert str(caught.value) == f"{target}: {LINE.format('write this scene')}"
        assert target.read_bytes() == b"of yesterday" and len(parts_of(target)) == 11
    assert upscaled(place, small)[1]["resumed"] == 9 and target.stat().st_size > 1000


@contextmanager
def files_no_larger_than(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("cog", [False, True])
def test_a_limit_of_the_system_that_gdal_meets_is_noticed(small, tmp_path, cog):
    """GDAL does not always say that it could not write; what it leaves is looked at."""
    pixels = np.random.default_rng(0).integers(0, 256, (70, 80, 3), np.uint8)
    source = make_scene(tmp_path / "a.tif", pixels)
    target = tmp_path / "out.tif"
    with (
        files_no_larger_than(30_000),
        pytest.raises(ImageError, match="finished windows are kept|truncated or damaged"),
    ):
        upscaled(source, small, cog=cog)
    assert not target.exists() and len(parts_of(target)) == 11
    assert upscaled(source, small, cog=cog)[1]["resumed"] == 9


def test_a_scene_that_fails_at_once_leaves_nothing(small, tmp_path):
    source = make_scene(tmp_path / "a.tif", np.zeros((40, 40, 3), np.uint8), nodata=0)
    with pytest.raises(ImageError, match="0 px of band 1 hold data"):
        upscaled(source, small)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_a_plan_and_a_scene_that_the_disk_took_a_part_of(small, place, monkeypatch):
    """PyTorch and GDAL have other words for it, or none."""
    target = place.parent / "out.tif"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(ImageError) as caught:
            upscaled(place, small)
    assert str(caught.value) == f"{target}: cannot keep what was learned (No space left on device)"

    def missing(*_):
        raise ImageError("pixels are missing in the file; it is truncated or damaged, replace it")

    monkeypatch.setattr(scene_target, "check_segments", missing)
    with pytest.raises(ImageError, match="cannot write this scene .the disk took a part of it only, it may be full"):
        upscaled(place, small)
    assert not target.exists()
