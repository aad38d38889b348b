"""Flat areas keep their colour, and neutral ones stay neutral, whatever the network does."""

import numpy as np
import pytest
import torch
from helpers.odd_kernels import camera_shake, shifted_delta
from torch import Tensor

from mzsr_basicsr.adaptation.plain import blur_reach, keep_plain
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.weights.pretrained import load_pretrained

KERNELS = {
    "none": delta_kernel(),
    "narrow": gaussian_kernel(0.2, 0.2, 0.0),
    "wide": gaussian_kernel(2.0, 2.0, 0.0),
    "shake": camera_shake(0),
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def checkerboard(low: int = 0, high: int = 255, side: int = 40) -> Tensor:
    """(1, 3, side, side), neutral, in 8 bits."""
    odd = (torch.arange(side)[:, None] + torch.arange(side)) % 2
    return (low + odd * (high - low)).float().expand(1, 3, -1, -1) / 255


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("name", KERNELS)
def test_a_constant_image_is_constant_to_the_last_bit(name: str, scale: int, subsampling: str) -> None:
    colour = torch.tensor([200, 30, 90]) / 255
    lq = colour[:, None, None].expand(3, 26, 31)[None]
    network = load_pretrained(f"shipped:mzsr_x{scale}").network
    degradation = Degradation(KERNELS[name].float(), scale, subsampling)
    result = zero_shot(network, lq, degradation, Settings(updates=(0, 2)))
    for image in result.images.values():
        assert torch.equal(image, colour[:, None, None].expand(3, 26 * scale, 31 * scale)[None])


@pytest.mark.parametrize(
    "image", [checkerboard(), checkerboard(90, 160), (checkerboard() + checkerboard().roll(1, -2))]
)
@pytest.mark.parametrize("name", KERNELS)
def test_equal_channels_stay_equal(name: str, image: Tensor) -> None:
    network = load_pretrained("shipped:mzsr_x2").network
    degradation = Degradation(KERNELS[name].float(), 2)
    for sr in zero_shot(network, image.clamp(0, 1), degradation, Settings(updates=(0, 2))).images.values():
        assert torch.equal(sr.amax(1), sr.amin(1))


def test_black_on_white_keeps_its_white() -> None:
    """Bars and dots on a large white page: what is white in the HR image and lies beyond the blur is white to the bit."""
    hr = torch.ones(1, 3, 128, 128)
    hr[..., 40:43, 30:100] = hr[..., 40:90, 60:63] = hr[..., 70:73, 70:100] = 0
    degradation = Degradation(gaussian_kernel(2.0, 2.0, 0.0, 21).float(), 2)
    lq = round_to_8_bits(degradation.apply(hr))
    network = load_pretrained("shipped:mzsr_x2").network
    sr = round_to_8_bits(zero_shot(network, lq, degradation, Settings(updates=(0,))).images[0])
    dark = torch.nn.functional.max_pool2d(1 - hr, 17, 1, 8)
    assert bool((sr[dark == 0] == 1).all())
    assert float((sr == 1).float().mean()) > 0.92 * float((hr == 1).float().mean())


def test_a_neutral_part_of_a_coloured_picture_stays_neutral() -> None:
    lq = noise(1, 1, 24, 40).expand(-1, 3, -1, -1).clone()
    lq[..., 20:] = noise(1, 3, 24, 20, seed=1)
    sr = noise(1, 3, 48, 80, seed=2)
    kept = keep_plain(sr, lq, Degradation(gaussian_kernel(2.0, 2.0, 0.0).float(), 2))
    assert torch.equal(kept[..., :30].amax(1), kept[..., :30].amin(1))
    assert torch.equal(kept[..., 40:], sr[..., 40:])


def test_photographs_are_left_alone() -> None:
    lq, sr = 0.1 + 0.8 * noise(1, 3, 24, 20), noise(1, 3, 48, 40, seed=1)
    assert torch.equal(keep_plain(sr, lq, Degradation(camera_shake(0).float(), 2)), sr)


def test_only_what_lies_between_black_or_white_pixels_is_taken_for_such() -> None:
    lq = 0.5 + 0.1 * noise(1, 1, 9, 9)
    lq[..., 3:5, 3:6] = 1.0
    lq[..., 7, 7] = 0.0  # one pixel alone says nothing
    kept = keep_plain(torch.full((1, 1, 18, 18), 0.6), lq, Degradation(delta_kernel().float(), 2))[0, 0]
    white = torch.nonzero(kept == 1)
    assert white.amin(0).tolist() == [6, 6] and white.amax(0).tolist() == [8, 10] and len(white) == 15
    assert float(kept.min()) > 0
    noisy = Degradation(delta_kernel().float(), 2, noise=0.01)
    assert bool((keep_plain(torch.full((1, 1, 18, 18), 0.6), lq, noisy) == 0.6).all())
    moved = keep_plain(torch.full((1, 1, 18, 18), 0.6), lq, Degradation(shifted_delta(5, 1, -2).float(), 2))[0, 0]
    assert torch.nonzero(moved == 1).amin(0).tolist() == [
        7,
        4,
    ]  # the LR pixel (i, j) is the HR pixel (2 i + 1, 2 j - 2)


def test_the_reach_of_a_blur() -> None:
    assert blur_reach(Degradation(delta_kernel(), 2)) == 0
    assert blur_reach(Degradation(shifted_delta(25, 5, -4), 2)) == 3
    assert blur_reach(Degradation(torch.full((9, 9), 1 / 81), 4)) == 1
    wide = gaussian_kernel(2.0, 2.0, 0.0, 21)
    inside = wide[10 - 4 : 10 + 5, 10 - 4 : 10 + 5].sum()
    assert blur_reach(Degradation(wide, 1)) == 4 and inside > 0.99 > wide[7:14, 7:14].sum() * np.float64(1)
