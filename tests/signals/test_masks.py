"""What is held out is not learned from: neither loss nor gradient knows its pixels."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of
from mzsr_basicsr.signals.own_scale import draw_pairs, estimate
from mzsr_basicsr.signals.scene import masked
from mzsr_basicsr.signals.view import MARGIN, focused


class Nearest(nn.Module):
    """gain times the nearest pixel, plus level: no pixel's estimate knows another pixel."""

    def __init__(self, scale: int = 2) -> None:
        super().__init__()
        self.scale = scale
        self.gain = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.level = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, lq: torch.Tensor) -> torch.Tensor:
        return self.gain * lq.repeat_interleave(self.scale, -2).repeat_interleave(self.scale, -1) + self.level


START = {"gain": torch.ones((), dtype=torch.float64), "level": torch.zeros((), dtype=torch.float64)}


def scene_for(learned: torch.Tensor | None, fill: float | None = None, scale: int = 2) -> Scene:
    """An image of 40x52 px whose held-out pixels may be filled."""
    lq = torch.rand(2, 3, 40, 52, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    if fill is not None:
        lq = torch.where(learned, lq, fill)
    given = Degradation(delta_kernel(3).double(), scale)
    return Scene(Nearest(scale), lq, given, given, learned=learned)


def cell(inside: bool) -> torch.Tensor:
    """A cell is learned from alone, or all but it."""
    mask = torch.full((2, 1, 40, 52), not inside)
    mask[..., 13:26, 17:34] = inside
    return mask


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize("crop", [0, 20])
def test_targets_know_nothing_of_what_is_held_out(inside: bool, scale: int, crop: int) -> None:
    """The network answers with a number alone, so that the loss knows of the image what its targets show."""
    settings = SignalSettings("scale", shrink=(0.5, 0.95), crop=crop)
    seen = []
    for fill in (None, 0.0, 1.0):
        lessons, found = lessons_of(scene_for(cell(inside), fill, scale), settings), []
        for update in range(12):
            level = torch.full((), 0.3, dtype=torch.float64, requires_grad=True)
            loss = lessons(update, START)({"gain": torch.zeros((), dtype=torch.float64), "level": level})
            found.append(torch.stack([loss.detach(), torch.autograd.grad(loss, level)[0]]))
        seen.append(torch.stack(found))
    assert torch.isfinite(seen[0]).all()
    for other in seen[1:]:
        torch.testing.assert_close(other[:, 0], seen[0][:, 0], atol=1e-4, rtol=0)
        torch.testing.assert_close(other[:, 1], seen[0][:, 1], atol=0.03, rtol=0)  # signs of some thousand pixels
    everywhere = lessons_of(scene_for(None, None, scale), settings)
    all_of_it = everywhere(0, START)({**START, "gain": START["gain"] * 0, "level": START["level"] + 0.3})
    assert abs(all_of_it.item() - seen[0][0, 0].item()) > 1e-4  # the mask is no ornament


@pytest.mark.parametrize("inside", [True, False])
def test_a_mask_is_that_of_the_copy(inside: bool) -> None:
    """An image that is 1 where it is learned from and 0 elsewhere gives a copy that is 1 wherever the mask is."""
    learned = cell(inside)
    scene = scene_for(learned)
    scene = focused(replace(scene, lq=learned.double().expand(2, 3, 40, 52).contiguous()))
    x = estimate(scene, START)
    shares = []
    for update in range(20):
        pairs, mask = draw_pairs(scene, x, (0.5, 0.95), 0, scene.generator(update))
        chosen = mask.expand_as(pairs.gt)
        assert (pairs.gt[chosen] > 0.999).all()
        shares.append(chosen.double().mean().item() / (pairs.gt > 0.5).double().mean().item())
    assert min(shares) > 0.6 and max(shares) <= 1  # only a thin edge is left out


def test_interpolation_that_overshoots_does_not_hide_what_is_held_out() -> None:
    """Beside an edge the cubic gives an outer pixel a weight below 0 and the inner ones more than 1 together."""
    learned = cell(True)
    scene = focused(scene_for(learned, 1.0))
    x = estimate(scene, START)
    filled = estimate(focused(scene_for(learned, 0.0)), START)
    for update in range(20):
        ours, mask = draw_pairs(scene, x, (0.5, 0.95), 0, scene.generator(update))
        theirs, same = draw_pairs(scene, filled, (0.5, 0.95), 0, scene.generator(update))
        assert torch.equal(mask, same)
        chosen = mask.expand_as(ours.gt)
        assert (ours.gt - theirs.gt)[chosen].abs().max() < 2e-3
        assert (ours.gt - theirs.gt).abs().max() > 0.5


def test_the_son_is_compared_where_it_is_learned_from() -> None:
    learned = cell(False)
    scene = scene_for(learned)
    loss = lessons_of(scene, SignalSettings("son"))(0, START)(START)
    output = scene.network(scene.degradation.apply(scene.lq))[..., :40, :52]
    chosen = learned.expand_as(output)
    assert loss.item() == pytest.approx((output - scene.lq).abs()[chosen].mean().item(), abs=1e-12)
    assert loss.item() != pytest.approx(F.l1_loss(output, scene.lq).item(), abs=1e-6)


def test_a_scene_is_focused_on_what_is_learned_from() -> None:
    mask = torch.zeros(2, 1, 40, 52, dtype=torch.bool)
    mask[1, :, 20:28, 0:9] = True
    scene = scene_for(mask)
    small = focused(scene)
    assert torch.equal(small.lq, scene.lq[1:, :, 20 - MARGIN : 28 + MARGIN, : 9 + MARGIN])
    assert torch.equal(small.learned, mask[1:, :, 20 - MARGIN : 28 + MARGIN, : 9 + MARGIN])
    whole = torch.zeros_like(mask)
    whole[0] = True
    assert focused(scene_for(whole)).learned is None  # one image of a batch, all of it
    assert focused(scene_for(None)).learned is None


def test_a_copy_that_shows_nothing_is_drawn_again() -> None:
    """Two corners are learned from, between them nothing: most crops would be empty."""
    mask = torch.zeros(2, 1, 40, 52, dtype=torch.bool)
    mask[..., :9, :9] = True
    mask[..., -9:, -9:] = True
    lessons = lessons_of(scene_for(mask), SignalSettings("scale", shrink=(0.8, 0.95), crop=10))
    for update in range(40):
        assert torch.isfinite(lessons(update, START)(START))


def test_a_mask_restricts_any_loss() -> None:
    output, target = torch.arange(8.0).reshape(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    mask = torch.tensor([[[[True, False], [False, False]]]])
    assert masked(F.mse_loss, mask)(output, target) == (0.0 + 16.0) / 2
    assert masked(F.mse_loss, None) is F.mse_loss


def test_a_wide_kernel_does_not_reach_targets_either() -> None:
    """The blur makes LR images alone."""
    given = Degradation(gaussian_kernel(9.0, 9.0, 0.0, 21), 2)
    scenes = [replace(scene_for(cell(True), fill), degradation=given) for fill in (0.0, 1.0)]
    constant = {"gain": torch.zeros((), dtype=torch.float64), "level": torch.full((), 0.3, dtype=torch.float64)}
    first, second = (lessons_of(s, SignalSettings("scale"))(0, START)(constant) for s in scenes)
    assert first.item() == pytest.approx(second.item(), abs=1e-4)
