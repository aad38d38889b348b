"""A clip's job: what its shots are adapted to, what is told of its artefacts, and its comparison picture."""

import numpy as np
import pytest
from helpers.clips import make_clip, scene, two_shots
from helpers.small_networks import photo, save_network

from mzsr_basicsr.clips.artefacts import codec_noise, structure
from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.jobs.clip_job import ShotPlans, run_clip
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler


@pytest.fixture
def upscaler(tmp_path):
    weights = save_network(tmp_path / "net.pth")
    return Upscaler(UpscaleSettings(weights=weights, kernel="gaussian:1,1", updates=1, device="cpu"))


def test_a_shot_is_adapted_to_by_its_liveliest_frame_and_its_kernel_comes_from_all(upscaler, monkeypatch):
    asked = []
    monkeypatch.setattr(upscaler, "plan", lambda pixels, **more: asked.append((pixels, more)))
    flat, lively, middling = scene(0), photo(48, 64), scene(1)
    assert structure(lively) > structure(middling) > structure(flat)
    shot = [TimedFrame(frame, k, 1, packed=0.4) for k, frame in enumerate((flat, lively, middling))]
    ShotPlans(FileJob("a.mp4", "b.mp4"), upscaler).plan(shot)
    ((pixels, more),) = asked
    assert pixels is lively and [id(frame) for frame in more["also"]] == [id(flat), id(middling)]
    assert more["artefacts"] == codec_noise(shot) > 0 and more["name"] == "a.mp4"


def test_artefacts_are_told_as_noise_and_recorded(upscaler, tmp_path):
    frames = [photo(48, 64)] * 3
    low = make_clip(tmp_path / "low.mp4", frames, video="mjpeg", pix_fmt="yuvj420p")
    record = run_clip(FileJob(low, tmp_path / "out.mp4"), upscaler, False, None)
    assert len(record["artefacts"]) == len(record["noise"]) == 1
    assert record["noise"][0] >= record["artefacts"][0] > 0.5


def test_a_comparison_is_drawn_by_a_run_that_goes_on_too(upscaler, tmp_path, monkeypatch):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(6)), tmp_path / "out.mp4"
    run_clip(FileJob(source, target), upscaler, True, None)
    whole = (tmp_path / "out_compare.png").read_bytes()
    (tmp_path / "out_compare.png").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("mzsr_basicsr.clips.video.PART_FRAMES", 2)
        patch.setattr("mzsr_basicsr.clips.video._Run.upscaled", _stopping(4))
        with pytest.raises(KeyboardInterrupt):
            run_clip(FileJob(source, target), upscaler, True, None)
    record = run_clip(FileJob(source, target), upscaler, True, None)
    assert (tmp_path / "out_compare.png").read_bytes() == whole
    assert record["clip"]["frames"] == 6


def _stopping(after):
    from mzsr_basicsr.clips.video import _Run

    upscaled = _Run.upscaled

    def stopping(self):
        for index, frame in enumerate(upscaled(self)):
            if index == after:
                raise KeyboardInterrupt
            yield frame

    return stopping


def test_sixteen_bits_are_upscaled_as_such(upscaler, tmp_path):
    deep = photo(48, 64).astype(np.uint16) * 257
    shots = ShotPlans(FileJob("a.mp4", "b.mp4"), upscaler)
    result = shots.adapt([TimedFrame(deep, 0, 1, packed=2.0)])(deep)
    eight = shots.adapt([TimedFrame(photo(48, 64), 0, 1, packed=2.0)])(photo(48, 64))
    assert result.dtype == np.uint16 and result.shape == (96, 128, 3)
    assert np.abs(result / 257 - eight).mean() < 1
