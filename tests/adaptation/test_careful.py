"""Careful adaptation: what is held out is not learned from, and the parameters it likes best are kept."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.small_networks import Lift
from torch import Tensor, nn

from mzsr_basicsr.adaptation.careful import Adapted, adapt_carefully
from mzsr_basicsr.adaptation.settings import Schedule, Settings
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation

KERNEL = gaussian_kernel(1.5, 0.8, 0.4, size=9)
HEIGHT, WIDTH = 31, 38  # cells of 10x12 px; row and column ends belong to none


def small_net() -> MZSRNetLR:
    torch.manual_seed(0)
    return MZSRNetLR(num_feat=6, num_conv=3).double()


def photo(seed: int = 0, count: int = 1) -> Tensor:
    """Noise whose contrast differs from cell to cell of a 3x3 grid: of the nine, row 1, column 2 is the fifth."""
    generator = torch.Generator().manual_seed(seed)
    contrast = torch.tensor([[0.9, 0.1, 0.8], [0.2, 0.7, 0.5], [0.3, 0.6, 0.4]], dtype=torch.float64)
    rows = (torch.arange(HEIGHT) * 3 // HEIGHT)[:, None]
    columns = (torch.arange(WIDTH) * 3 // WIDTH)[None, :]
    noise = torch.rand(count, 3, HEIGHT, WIDTH, dtype=torch.float64, generator=generator) - 0.5
    return 0.5 + contrast[rows, columns] * noise


def ramp(slope: float) -> Tensor:
    """(1, 1, 30, 30), brighter or darker by `slope` with each px to the right and downward."""
    axis = torch.arange(30, dtype=torch.float64)
    return (0.5 + slope * (axis[:, None] + axis[None, :] - 29))[None, None]


def careful(network: nn.Module, images: Tensor, settings: Settings, parts: int = 1, kernel: Tensor = KERNEL) -> Adapted:
    return adapt_carefully(network, images, Degradation(kernel, 2), settings, parts)


def by_hand(network: nn.Module, images: Tensor, held_out: np.ndarray, rates: list[float]) -> tuple[list, list, list]:
    """Gradient descent by torch.optim; `held_out` (n, h, w). Give both losses, and the parameters, at each update."""
    other = copy.deepcopy(network)
    son = Degradation(KERNEL, 2).apply(images)
    losses, outside, params = [], [], []
    for rate in [*rates, 0.0]:
        difference = (other(son)[..., :HEIGHT, :WIDTH] - images).abs()
        numbers = difference.detach().numpy().mean(1)
        losses.append(numbers[~held_out].mean())
        outside.append(numbers[held_out].mean())
        params.append([p.detach().clone() for p in other.parameters()])
        optimizer = torch.optim.SGD(other.parameters(), lr=rate)
        optimizer.zero_grad()
        learned = [one[:, torch.from_numpy(~mask)] for one, mask in zip(difference, held_out)]
        torch.cat(learned, 1).mean().backward()
        optimizer.step()
    return losses, outside, params


def held_out_of(kind: str, count: int) -> np.ndarray:
    mask = np.zeros((count, HEIGHT, WIDTH), bool)
    if kind == "cell":
        mask[:, 10:20, 25:37] = True
    else:
        mask[int(kind) :] = True
    return mask


@pytest.mark.parametrize(
    ("count", "parts", "kind"),
    [(1, 1, "cell"), (3, 1, "cell"), (2, 2, "1"), (3, 3, "2"), (6, 3, "4")],  # (6, 3): three parts of two bands
)
def test_losses_are_over_what_is_learned_and_what_is_held_out(count: int, parts: int, kind: str) -> None:
    images, network = photo(count=count), small_net()
    rates = [0.1, 0.1, 0.03]
    settings = Settings(updates=(3,), schedule=Schedule(((0, 0.1), (2, 0.03))))
    result = careful(network, images, settings, parts)
    losses, outside, params = by_hand(network, images, held_out_of(kind, count), rates)
    assert result.losses == pytest.approx(losses, abs=1e-12)
    assert result.held_out == pytest.approx(outside, abs=1e-12)
    assert result.kept == int(np.argmin(outside)) > 0
    for ours, expected in zip(result.params.values(), params[result.kept], strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-12, rtol=0)


def test_of_more_than_three_parts_the_third_is_held_out() -> None:
    images = photo(count=4)
    mask = held_out_of("2", 4)
    mask[3] = False
    losses, outside, _ = by_hand(small_net(), images, mask, [])
    result = careful(small_net(), images, Settings(updates=(1,)), parts=4)
    assert (result.losses[0], result.held_out[0]) == pytest.approx((losses[0], outside[0]), abs=1e-12)


def test_other_content_in_the_held_out_part_rolls_adaptation_back() -> None:
    """Rising ramps want to be lifted, the falling one that is held out wants the contrary: each update makes it worse."""
    settings = Settings(updates=(4,), schedule=Schedule(((0, 2e-3),)))
    images = torch.cat([ramp(0.01), ramp(0.01), ramp(-0.01)])
    network = Lift()
    network.level.data.fill_(1e-4)
    result = careful(network, images, settings, 3, delta_kernel())
    assert result.losses == sorted(result.losses, reverse=True) and result.losses[-1] < 0.85 * result.losses[0]
    assert result.held_out == sorted(result.held_out) and result.held_out[-1] > 1.15 * result.held_out[0]
    assert result.kept == 0
    assert torch.equal(result.params["level"], network.level.detach())


def test_the_lowest_held_out_loss_is_kept_though_the_loss_still_falls() -> None:
    """Of a flatter ramp the best level is 0.004, of the learned ones 0.01; an update adds 2.2e-3 times the L1's slope."""
    settings = Settings(updates=(6,), schedule=Schedule(((0, 2.2e-3),)))
    images = torch.cat([ramp(0.01), ramp(0.01), ramp(0.004)])
    result = careful(Lift(), images, settings, 3, delta_kernel())
    levels = [0.0]
    for _ in range(6):  # a quarter of the pixels is the nearest one itself: 0, 0.01, 0.01 and 0.02 above it
        residual = np.array([0.0, 0.01, 0.01, 0.02]) - levels[-1]
        levels.append(levels[-1] + 2.2e-3 * np.sign(residual).mean())
    above = np.array([0.0, 0.004, 0.004, 0.008])
    expected = [np.abs(above - level).mean() for level in levels]
    assert result.held_out == pytest.approx(expected, abs=1e-12)
    assert result.losses == sorted(result.losses, reverse=True)
    assert 0 < result.kept == int(np.argmin(expected)) < 6
    assert float(result.params["level"]) == pytest.approx(levels[result.kept], abs=1e-12)


@pytest.mark.parametrize("rate", [1e3, 1e300])
def test_a_wild_rate_changes_no_bit(rate: float) -> None:
    network = small_net()
    result = careful(network, photo(), Settings(updates=(3,), schedule=Schedule(((0, rate),))))
    assert result.kept == 0 and 1 <= len(result.held_out) == len(result.losses) <= 4 and result.diverged
    assert np.isfinite(result.losses + result.held_out).all()
    assert not any(value < result.held_out[0] for value in result.held_out[1:])
    for name, parameter in network.named_parameters():
        assert torch.equal(result.params[name], parameter.detach()) and not result.params[name].requires_grad


@pytest.mark.parametrize("updates", [0, 3])
def test_no_update_or_too_small_an_image_leaves_all_as_it_was(updates: int) -> None:
    network = small_net()
    images = photo() if updates == 0 else photo()[..., :23]
    result = careful(network, images, Settings(updates=(updates,)))
    assert (result.losses, result.held_out, result.kept) == ([], [], 0)
    assert list(result.params) == [name for name, _ in network.named_parameters()]
    assert all(torch.equal(result.params[name], p.detach()) for name, p in network.named_parameters())


def test_the_smallest_image_that_is_adapted_to() -> None:
    result = careful(small_net(), photo()[..., :24, :24], Settings(updates=(2,)))
    assert len(result.losses) == len(result.held_out) == 3


def test_early_stop_does_not_disturb_and_the_largest_number_of_updates_is_made() -> None:
    images = photo()
    one = careful(small_net(), images, Settings(updates=(4,)))
    other = careful(small_net(), images, Settings(updates=(0, 4, 1), early_stop=1))
    assert one.losses == other.losses and one.held_out == other.held_out and one.kept == other.kept


def test_the_network_is_left_as_it_was_found() -> None:
    network = small_net().train()
    before = copy.deepcopy(network.state_dict())
    next(network.parameters()).requires_grad_(False)  # a frozen tensor is not adapted
    result = careful(network, photo(), Settings(updates=(2,), schedule=Schedule(((0, 0.1),))))
    assert result.kept > 0 and len(result.params) == len(list(network.parameters())) - 1
    assert network.training and all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


def test_the_cell_of_a_whole_image_is_neither_the_dullest_nor_the_liveliest() -> None:
    """A change in the fifth of nine cells shows in the held-out loss; one in the liveliest does not."""
    images = photo()
    network = Lift()

    def held_out(change: tuple[slice, slice]) -> float:
        other = images.clone()
        other[..., change[0], change[1]] += 0.05 * torch.linspace(0, 1, 8, dtype=torch.float64)
        return careful(network, other, Settings(updates=(1,)), 1, delta_kernel()).held_out[0]

    son = Degradation(delta_kernel(), 2).apply(images)
    plain = F.l1_loss(network(son)[..., 10:20, 25:37], images[..., 10:20, 25:37]).item()
    nothing = held_out((slice(0, 0), slice(0, 8)))
    assert nothing == pytest.approx(plain, abs=1e-12)
    assert held_out((slice(1, 9), slice(2, 10))) == nothing
    assert held_out((slice(11, 19), slice(27, 35))) != nothing
