"""ZSSR's pairs at the image's own scale: when they are drawn, of what, and that the son's way stays as it was."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from torch import nn

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.zssr import ZSSROptions, zssr_settings
from mzsr_basicsr.zssr import ZSSRSettings, training, zssr
from mzsr_basicsr.zssr.own_scale import REFRESH, OwnScale

OBLIQUE = Degradation(gaussian_kernel(4.0, 1.0, -0.5, 9).float(), 2)
QUICK = {"crop": 16, "back_projection": 0, "self_ensemble": False}


class Estimates:
    """Gives a picture of its own at each call, one flat colour each, and counts them."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return torch.full((1, 3, 60, 60), self.count / 64)


def turns(signal, updates=40, **more):
    """Run through all updates: the numbers of those that an estimate is drawn from, and the last call's estimates."""
    estimates = Estimates()
    own = OwnScale(estimates, OBLIQUE, ZSSRSettings(updates=(updates,), crop=16, signal=signal, **more))
    generator = torch.Generator().manual_seed(0)
    pairs = {update: own.pair(update, generator) for update in range(1, updates + 1)}
    return {update: pair for update, pair in pairs.items() if pair is not None}, estimates.count


def test_the_signal_decides_how_often():
    assert turns("son") == ({}, 0)
    assert list(turns("scale")[0]) == list(range(21, 41))  # half of the updates come first
    assert list(turns("scale", estimate_from=7)[0]) == list(range(8, 41))
    assert list(turns("scale", estimate_from=0)[0])[0] == 1
    drawn = list(turns("mixed", 2000)[0])
    assert min(drawn) > 1000 and len(drawn) == pytest.approx(500, abs=70)  # 4.4 deviations of a fair coin


def test_the_estimate_is_made_anew_every_hundred_updates():
    pairs, count = turns("scale", 2 * REFRESH + 150, estimate_from=100)
    assert count == 3
    colours = {update: round(float(pair.gt.mean()) * 64) for update, pair in pairs.items()}
    assert Counter(colours.values()) == {1: 100, 2: 100, 3: 50}
    assert colours[200] == 1 and colours[201] == 2


@pytest.mark.parametrize(("crop", "largest"), [(32, 33), (200, 86)])
def test_a_pair_is_a_smaller_copy_and_its_lr_image(crop, largest):
    rows = torch.linspace(0.2, 0.8, 90)
    picture = rows[:, None].expand(1, 3, 90, 80)
    own = OwnScale(lambda: picture, OBLIQUE, ZSSRSettings(updates=(9,), crop=crop, signal="scale", estimate_from=0))
    for update in range(1, 10):
        pair = own.pair(update, torch.Generator().manual_seed(update))
        lq, gt = (image[0].double().numpy() for image in (pair.lq, pair.gt))
        assert max(gt.shape[-2:]) <= largest and not any(side % 2 for side in gt.shape[-2:])
        slopes = sorted(float(np.abs(np.diff(gt, axis=axis)).mean()) for axis in (-2, -1))
        assert (
            slopes[0] < 1e-6 and 0.6 / 89 / 0.95 * 0.98 < slopes[1] < 0.6 / 89 / 0.6 * 1.05
        )  # steeper as it is shrunk
        for channel in range(3):
            expected = correlate(gt[channel], OBLIQUE.kernel.double().numpy(), mode="reflect")[::2, ::2]
            np.testing.assert_allclose(lq[channel], expected, atol=1e-5)


def test_training_takes_the_networks_own_estimate(monkeypatch):
    """A network of one number: the first pair of the own scale is flat, of what the network makes by then."""

    class Grey(nn.Module):
        def __init__(self):
            super().__init__()
            self.level = nn.Parameter(torch.tensor(0.25))

        def forward(self, x):
            return self.level.expand(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])

    network, seen = Grey(), []
    monkeypatch.setattr(training, "draw_pair", lambda *given: pytest.fail("no father is drawn"))
    draw = OwnScale.pair

    def spy(self, update, generator):
        seen.append((float(network.level.detach()), draw(self, update, generator)))
        return seen[-1][1]

    monkeypatch.setattr(OwnScale, "pair", spy)
    settings = ZSSRSettings(updates=(3,), signal="scale", estimate_from=0, rate=0.01, **QUICK)
    lq = torch.full((1, 3, 24, 24), 0.75)
    losses = list(training.train(network, lq, OBLIQUE, [], settings, torch.Generator().manual_seed(0)))
    assert [level for level, _ in seen][0] == 0.25
    assert all(torch.allclose(pair.gt, torch.tensor(0.25)) for _, pair in seen)
    assert losses[0] == pytest.approx(0.0, abs=1e-6)


def test_the_sons_way_draws_no_other_chance():
    lq = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(1))

    def losses(**more):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
        return zssr(network, lq, OBLIQUE, ZSSRSettings(updates=(8,), **QUICK, **more)).losses

    son = losses()
    for signal in ("scale", "mixed"):
        other = losses(signal=signal, estimate_from=4)
        assert other[:4] == son[:4] and other[4:] != son[4:]


def test_options():
    settings = zssr_settings(ZSSROptions(signal="mixed", estimate_from=5, updates=(20, 30)), 2, "val.zssr")
    assert (settings.signal, settings.estimate_from) == ("mixed", 5)
    assert zssr_settings(ZSSROptions(estimate_from=9000), 2, "val.zssr").signal == "son"  # not used then
    with pytest.raises(ConfigError, match=r"^val\.zssr\.estimate_from: 30, but only 30 updates are made; give a "):
        zssr_settings(ZSSROptions(signal="scale", estimate_from=30, updates=(20, 30)), 2, "val.zssr")


def test_a_copy_of_sharp_edges_stays_within_the_range():
    """Bicubic interpolation alone overshoots beside an edge, and no photograph does."""
    steps = (torch.arange(60) // 5 % 2).float().expand(1, 3, 60, 60)
    own = OwnScale(lambda: steps, OBLIQUE, ZSSRSettings(updates=(1,), signal="scale", estimate_from=0, crop=60))
    for seed in range(4):
        target = own.pair(1, torch.Generator().manual_seed(seed)).gt
        assert float(target.min()) == 0 and float(target.max()) == 1
