"""The own scale against a lesson made by NumPy and SciPy, and what it promises of chance, gradients and precision."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.own_scale_by_hand import chance, copy_of, made_small
from torch import nn

from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of
from mzsr_basicsr.signals.copies import draw_copy
from mzsr_basicsr.signals.own_scale import draw_pairs, estimate

KERNEL = gaussian_kernel(1.5, 0.8, 0.4, size=9)
SETTINGS = SignalSettings("scale", shrink=(0.6, 0.9))


def network_for(scale: float) -> nn.Module:
    torch.manual_seed(0)
    if scale == int(scale):
        return MZSRNetLR(num_feat=6, num_conv=3, scale=int(scale)).double()
    return MZSRNet(num_feat=4, num_conv=2).double()  # enlarges the image itself


def scene_for(scale: float = 2, size: tuple[int, int] = (24, 31), **changes: object) -> Scene:
    lq = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    given = Degradation(KERNEL, scale)
    return Scene(**{"network": network_for(scale), "lq": lq, "degradation": given, "told": given, "seed": 5, **changes})


def start(scene: Scene) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in scene.network.named_parameters()}


def as_picture(batch: torch.Tensor) -> np.ndarray:
    return batch[0].permute(1, 2, 0).numpy()


def as_batch(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]


def run(network: nn.Module, lq: torch.Tensor, scale: float) -> torch.Tensor:
    return network(lq) if scale == int(scale) else network(lq, scale=scale)


@pytest.mark.parametrize(
    ("scale", "subsampling", "sigma", "quantize", "crop", "size"),
    [
        (2, "direct", 0.0, False, 0, (24, 31)),
        (2, "direct", 0.04, True, 0, (24, 31)),
        (2, "bicubic", 0.04, False, 0, (20, 24)),
        (2, "direct", 0.0, True, 12, (40, 22)),
        (3, "direct", 0.02, True, 10, (21, 26)),
        (4, "bicubic", 0.0, True, 0, (18, 14)),
        (2.6, "direct", 0.02, False, 11, (20, 23)),
        (2, "direct", 0.0, True, 128, (8, 8)),
        (2, "direct", 0.0, True, 128, (5, 9)),
        (2, "direct", 0.0, False, 16, (9, 150)),
    ],
)
def test_a_lesson_is_the_one_made_by_hand(scale, subsampling, sigma, quantize, crop, size) -> None:
    """Estimate, copy, LR image, loss and gradient, in the second update, from the estimate of the first."""
    given = Degradation(KERNEL, scale, subsampling, sigma)
    scene = scene_for(scale, size, degradation=given, told=given, quantize=quantize)
    lessons = lessons_of(scene, replace(SETTINGS, crop=crop))
    lessons(0, start(scene))
    leaves = {name: value.requires_grad_() for name, value in start(scene).items()}
    loss = lessons(1, start(scene))(leaves)
    slopes = torch.autograd.grad(loss, list(leaves.values()))

    full = [math.ceil(extent * scale) for extent in size]
    with torch.no_grad():
        x = as_picture(run(scene.network, scene.lq, scale)[..., : full[0], : full[1]]).clip(0, 1)
    generator = chance(5, 1)
    copy = copy_of(x, scale, SETTINGS.shrink, crop, generator)
    low = made_small(copy, KERNEL.numpy(), scale, subsampling, sigma, generator, quantize)
    assert crop == 0 or max(low.shape[:2]) <= crop
    prediction = run(scene.network, as_batch(low), scale)[..., : copy.shape[0], : copy.shape[1]]
    expected = F.l1_loss(prediction, as_batch(copy))
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-10)
    for slope, parameter in zip(slopes, scene.network.parameters(), strict=True):
        torch.testing.assert_close(slope, parameter.grad, atol=1e-9, rtol=0)
        assert parameter.grad.abs().max() > 1e-6


def test_each_update_draws_its_own_copy_and_the_seed_draws_them_again() -> None:
    def losses(seed: int) -> list[float]:
        scene = scene_for(seed=seed)
        lessons = lessons_of(scene, SETTINGS)
        return [lessons(update, start(scene))(start(scene)).item() for update in (0, 1, 2, 1)]

    first, again, other = losses(5), losses(5), losses(6)
    assert first == again and first[1] == first[3]
    assert len({*first, *other}) == 6


def test_the_estimate_has_no_gradient_and_is_that_of_the_first_update() -> None:
    """The lesson changes with the parameters that judge, not with those that come later."""
    scene, calls = scene_for(), []
    scene.network.register_forward_hook(lambda module, given, output: calls.append(given[0].shape[-1]))
    lessons, here = lessons_of(scene, SETTINGS), start(scene)
    lessons(0, here)
    assert calls == [31]
    other = {name: value + 0.01 for name, value in here.items()}
    late = lessons(3, other)
    assert calls == [31]
    early = lessons_of(scene, SETTINGS)
    early(0, here)
    assert late(here).item() == early(3, other)(here).item()
    leaves = {name: value.clone().requires_grad_() for name, value in here.items()}
    assert not estimate(scene, leaves).requires_grad
    pairs, _ = draw_pairs(scene, estimate(scene, leaves), (0.6, 0.9), 0, scene.generator(1))
    assert not pairs.lq.requires_grad and not pairs.gt.requires_grad


def test_refresh_makes_the_estimate_anew() -> None:
    scene = scene_for()
    here = start(scene)
    other = {name: value + 0.01 for name, value in here.items()}
    kept, fresh = (lessons_of(scene, replace(SETTINGS, refresh=refresh)) for refresh in (0, 2))
    for lessons in (kept, fresh):
        lessons(0, here)
    assert kept(1, other)(here).item() == fresh(1, other)(here).item()
    assert kept(2, other)(here).item() != fresh(2, other)(here).item()
    anew = lessons_of(scene, SETTINGS)
    assert fresh(3, here)(here).item() == anew(3, other)(here).item()  # the estimate is still that of update 2


@pytest.mark.parametrize("scale", [2, 3, 4, 2.6, 3.5])
@pytest.mark.parametrize("size", [(8, 8), (5, 9), (9, 200), (64, 64), (70, 33)])
def test_a_copy_fits_the_crop_and_is_never_tiny(scale: float, size: tuple[int, int]) -> None:
    """Its LR image: at most the crop, at least 8 px (or the image's own), and a multiple where the scale is whole."""
    picture = torch.rand(1, 1, *(math.ceil(extent * scale) for extent in size), dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        copy = draw_copy(picture, scale, (0.5, 0.95), 32, generator)
        low = [math.ceil(extent / scale - 1e-9) for extent in copy.shape[-2:]]
        assert min(min(size), 8) <= min(low) and max(low) <= 32
        assert max(copy.shape) <= max(picture.shape)
        if scale == int(scale):
            assert all(extent % scale == 0 for extent in copy.shape[-2:])
    if min(size) >= 64:
        assert max(low) in (31, 32)  # no smaller than it must be


def test_sizes_and_turns_are_drawn_over_their_whole_range() -> None:
    picture = torch.arange(400.0 * 400).reshape(1, 1, 400, 400) / 400**2
    generator = torch.Generator().manual_seed(0)
    copies = [draw_copy(picture, 2, (0.5, 0.9), 0, generator) for _ in range(200)]
    sides = np.array([copy.shape[-1] / 400 for copy in copies])
    assert sides.min() < 0.51 and sides.max() > 0.89 and sides.mean() == pytest.approx(0.7, abs=0.02)
    corners = {tuple(copy[0, 0, [0, 0, -1, -1], [0, -1, 0, -1]].argsort().tolist()) for copy in copies}
    assert len(corners) == 8


def test_all_bands_share_a_draw() -> None:
    """Three images in a batch: copies of one size, place and turn."""
    scene = scene_for()
    x = estimate(scene, start(scene))
    batch, _ = draw_pairs(scene, torch.cat([x, x, x]), (0.6, 0.9), 12, scene.generator(1))
    single, _ = draw_pairs(scene, x, (0.6, 0.9), 12, scene.generator(1))
    for index in range(3):
        torch.testing.assert_close(batch.lq[index : index + 1], single.lq, atol=1e-14, rtol=0)
        assert torch.equal(batch.gt[index : index + 1], single.gt)


@pytest.mark.parametrize("sigma", [0.0, 0.05])
def test_the_lr_image_has_the_images_noise(sigma: float) -> None:
    given = Degradation(KERNEL, 2, noise=sigma)
    scene = scene_for(degradation=given)
    pairs, _ = draw_pairs(scene, torch.full((1, 3, 400, 400), 0.5), (0.6, 0.9), 0, scene.generator(1))
    assert pairs.lq.std().item() == pytest.approx(sigma, rel=0.02, abs=1e-6)
    assert pairs.gt.std() < 1e-6


def test_the_degradation_keeps_its_precision_in_a_bfloat16_training() -> None:
    scene = scene_for()
    scene = replace(scene, network=scene.network.float(), lq=scene.lq.float(), degradation=scene.degradation)
    exact, _ = draw_pairs(scene, estimate(scene, start(scene)), (0.6, 0.9), 0, scene.generator(1))
    with torch.autocast("cpu", torch.bfloat16):
        x = estimate(scene, start(scene))
        pairs, _ = draw_pairs(scene, x, (0.6, 0.9), 0, scene.generator(1))
    again, _ = draw_pairs(scene, x, (0.6, 0.9), 0, scene.generator(1))
    assert x.dtype == pairs.lq.dtype == pairs.gt.dtype == torch.float32
    assert torch.equal(pairs.lq, again.lq) and torch.equal(pairs.gt, again.gt)
    assert 0 < (pairs.gt - exact.gt).abs().max() < 0.05  # the network itself ran in bfloat16
