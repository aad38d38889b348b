"""What an inspection records: against sums by hand, against `zero_shot`, and against its pictures."""

import math

import numpy as np
import pytest
import torch
from helpers.inspections import KERNEL, Linear, psnr_by_formula, tensor, up
from helpers.small_networks import photo, save_network

from mzsr_basicsr.adaptation.settings import Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.record import chosen_updates, inspect_image
from mzsr_basicsr.weights.pretrained import load_pretrained


def by_hand(lq: np.ndarray, a: float, b: float, rates: list[float]) -> list[tuple[float, float, float]]:
    """L1 gradient descent on a * up(son) + b, the son being every second pixel: (loss, a, b) by update."""
    large, steps = up(lq[:, ::2, ::2]), []
    for rate in [*rates, 0.0]:
        difference = a * large + b - lq
        steps.append((np.abs(difference).mean(), a, b))
        sign = np.sign(difference)
        a, b = a - rate * (sign * large).mean(), b - rate * sign.mean()
    return steps


def test_a_linear_network_by_hand():
    pixels, truth, start = photo(20, 24), photo(40, 48), (0.9, 0.02)
    settings = Settings(updates=(3,), schedule=Schedule(steps=((0, 0.05), (1, 0.01))))
    lq = tensor(pixels, torch.float64)
    found = inspect_image(Linear(*start).double(), lq, Degradation(delta_kernel(), 2), settings, truth)
    steps = by_hand(pixels.transpose(2, 0, 1) / 255, *map(float, torch.tensor(start)), [0.05, 0.01, 0.01])
    assert len(found.updates) == len(steps) == 4
    norm = math.hypot(*start)
    for number, (update, (loss, a, b)) in enumerate(zip(found.updates, steps)):
        assert update.number == number and update.loss == pytest.approx(loss, rel=1e-12)
        moved = (abs(a - steps[0][1]), abs(b - steps[0][2]))
        names = ("layer.a", "layer.b")
        assert [update.moved[n].distance for n in names] == pytest.approx(moved, rel=1e-9, abs=1e-15)
        assert [update.moved[n].relative for n in names] == pytest.approx(np.divide(moved, start), rel=1e-6, abs=1e-15)
        assert {move.rate for move in update.moved.values()} == {(None, 0.05, 0.01, 0.01)[number]}
        layers = found.moved(number)
        assert list(layers) == ["idle", "layer"] and layers["idle"].relative is None
        assert layers["layer"].distance == pytest.approx(math.hypot(*moved), rel=1e-9, abs=1e-15)
        assert layers["layer"].relative == pytest.approx(math.hypot(*moved) / norm, rel=1e-6, abs=1e-15)
        sr = np.rint((a * up(pixels.transpose(2, 0, 1) / 255) + b).clip(0, 1) * 255).transpose(1, 2, 0)
        np.testing.assert_array_equal(found.sr[number], sr)
        assert update.psnr == pytest.approx(psnr_by_formula(sr, truth, 2), abs=1e-9)
        on_son = np.rint((a * up(pixels[::2, ::2].transpose(2, 0, 1) / 255) + b).clip(0, 1) * 255).transpose(1, 2, 0)
        assert update.son_psnr == pytest.approx(psnr_by_formula(on_son, pixels, 0), abs=1e-9)
    np.testing.assert_array_equal(found.son, pixels[::2, ::2])
    np.testing.assert_array_equal(found.lr, pixels)
    assert found.shapes == {"idle": (2,), "layer.a": (), "layer.b": ()}


@pytest.mark.parametrize("quantize", [True, False])
def test_images_and_losses_are_those_of_zero_shot(tmp_path, quantize):
    loaded = load_pretrained(save_network(tmp_path / "w.pth", rate=0.05))
    kernel, lq = load_kernel(KERNEL).float(), tensor(photo(26, 30))
    settings = Settings(updates=tuple(range(5)), schedule=Schedule(learned=loaded.rates), quantize_son=quantize, seed=3)
    degradation = Degradation(kernel, 2, noise=2 / 255)
    found = inspect_image(loaded.network, lq, degradation, settings)
    theirs = zero_shot(loaded.network, lq, degradation, settings)
    assert [update.loss for update in found.updates] == theirs.losses
    for number, image in theirs.images.items():
        np.testing.assert_array_equal(found.sr[number], (image[0].permute(1, 2, 0) * 255).round().byte().numpy())
    assert len({picture.tobytes() for picture in found.sr.values()}) == 5
    assert all(update.psnr is None and update.ssim is None for update in found.updates) and found.gt is None


def test_the_network_is_left_as_it_was_found():
    network = Linear().train()
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    inspect_image(network, tensor(photo(16, 16)), Degradation(delta_kernel(), 2), Settings(updates=(2,)))
    assert network.training and all(parameter.grad is None for parameter in network.parameters())
    for name, value in network.named_parameters():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("last", [0, 1, 20, 21, 137, 1000])
def test_updates_are_kept_evenly_with_both_ends(last):
    chosen = chosen_updates(last)
    assert chosen[0] == 0 and chosen[-1] == last and len(chosen) == min(last + 1, 21)
    gaps = np.diff(chosen)
    assert len(gaps) == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)


def test_pictures_of_a_large_image_show_the_same_central_part():
    grid = np.mgrid[:350, :373].transpose(1, 2, 0)
    pixels = np.concatenate([grid % 251, grid[..., :1] // 251 * 16 + grid[..., 1:] // 251], axis=2).astype(np.uint8)
    found = inspect_image(Linear(1.0, 0.0), tensor(pixels), Degradation(delta_kernel(), 2), Settings(updates=(0,)))
    window = found.window
    assert (window.height, window.width) == (640, 640) and (window.top, window.left) == (28, 52)  # of 30 and 53
    np.testing.assert_array_equal(found.lr, pixels[14:334, 26:346])
    np.testing.assert_array_equal(found.sr[0], found.lr.repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(found.son, found.lr[::2, ::2])


def test_a_ground_truth_that_is_no_multiple_of_the_scale():
    truth, low = photo(41, 47), photo(21, 24)
    found = inspect_image(Linear(), tensor(low), Degradation(delta_kernel(), 2), Settings(updates=(1,)), truth)
    assert found.size == (41, 47) and found.sr[1].shape == (41, 47, 3)
    assert found.updates[1].psnr == pytest.approx(psnr_by_formula(found.sr[1], truth, 2), abs=1e-9)
    np.testing.assert_array_equal(found.gt, truth)


def test_a_loss_that_is_not_finite_ends_in_one_line():
    settings = Settings(updates=(9,), schedule=Schedule(steps=((0, 1e38),)))
    with pytest.raises(ConfigError, match=r"^rates: the son's loss is (inf|nan) after update \d; give smaller --rates"):
        inspect_image(Linear(), tensor(photo(16, 16)), Degradation(delta_kernel(), 2), settings)
