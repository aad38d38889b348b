"""Frames of a clip: several of them tell the kernel, and what a codec took away is no sign of an earlier enlargement."""

import numpy as np
import pytest
import torch
from helpers.small_networks import photo, save_network

from mzsr_basicsr.blind.estimate import Estimate
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.spread import Gaussian
from mzsr_basicsr.pictures.bands import describe
from mzsr_basicsr.upscaling import choice, sample
from mzsr_basicsr.upscaling.choice import TRUSTED_CODED, choose_kernel
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler


def estimate(confidence, enlarged):
    kernel = gaussian_kernel(2.0, 2.0, 0.0, 15)
    return Estimate(kernel, Gaussian(2.0, 2.0, 0.0), confidence, 0.0, enlarged=enlarged)


@pytest.mark.parametrize(
    ("confidence", "enlarged", "of_a_picture", "of_a_clip"),
    [
        (0.9, False, True, True),
        (0.9, True, False, True),
        (TRUSTED_CODED, False, False, True),
        (TRUSTED_CODED - 0.01, False, False, False),
    ],
)
def test_what_is_trusted(monkeypatch, confidence, enlarged, of_a_picture, of_a_clip):
    monkeypatch.setattr(choice, "estimate_kernel", lambda *_: estimate(confidence, enlarged))
    for coded, trusted in ((False, of_a_picture), (True, of_a_clip)):
        chosen = choose_kernel(UpscaleSettings(), 2, lambda: torch.zeros(1, 3, 32, 32), 32, "a", None, coded)
        assert (chosen.degradation.kernel.shape[-1] == 15) == trusted == (chosen.notice is None)


def test_all_frames_are_shown(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(choice, "estimate_kernel", lambda net, parts, *_: shown.append(parts) or estimate(0.9, False))
    upscaler = Upscaler(UpscaleSettings(weights=save_network(tmp_path / "net.pth"), updates=0, device="cpu"))
    frames = [photo(40, 48), photo(40, 48)[::-1].copy(), np.full((40, 48, 3), 99, np.uint8)]
    upscaler.plan(frames[0], also=frames[1:])
    upscaler.plan(frames[0])
    assert [tuple(parts.shape) for parts in shown] == [(3, 3, 40, 48), (1, 3, 40, 48)]
    for part, frame in zip(shown[0], frames):
        assert np.array_equal((255 * part).round().byte().permute(1, 2, 0).numpy(), frame)


def test_parts_of_large_frames_are_no_more_than_of_one(monkeypatch):
    monkeypatch.setattr(sample, "CROP", 8)
    frames = [np.asarray(np.random.default_rng(k).integers(0, 255, (64, 64, 3)), np.uint8) for k in range(3)]
    bands = describe(frames[0], False, "a")
    assert len(sample.to_judge_blur(frames[0], bands)) == sample.PARTS
    assert len(sample.to_judge_blur(frames[0], bands, frames[1:])) == 3 * (sample.PARTS // 3)
