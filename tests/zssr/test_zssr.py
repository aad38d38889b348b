"""ZSSR's parts against what they must give: the rate's rule, fathers and sons, the median, one step of Adam, the end."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from basicsr.archs import build_network
from scipy.ndimage import correlate
from torch import nn

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, TrainingError
from mzsr_basicsr.options.zssr import ZSSROptions, zssr_settings
from mzsr_basicsr.zssr import ZSSRSettings, scaled_kernel, training, zssr
from mzsr_basicsr.zssr.fathers import Father, draw_pair, make_fathers
from mzsr_basicsr.zssr.rate import RateRule, stands_still
from mzsr_basicsr.zssr.training import median, super_resolve

KERNEL = gaussian_kernel(2.0, 2.0, 0.0, 9)
QUICK = {"updates": (3,), "crop": 16, "back_projection": 0, "self_ensemble": False}


def picture(height=40, width=36, seed=0):
    """A smooth picture with edges, (1, 3, H, W)."""
    y, x = np.mgrid[:height, :width] / 8
    random = np.random.default_rng(seed)
    phases = random.uniform(0, 6, 3)
    waves = [0.5 + 0.3 * np.sign(np.sin(x + p)) * np.cos(0.7 * y + p) for p in phases]
    return torch.tensor(np.stack(waves)[None], dtype=torch.float32)


def problem(scale=2, subsampling="direct", kernel=KERNEL):
    """An LR image and its degradation."""
    made = Degradation(kernel, scale, subsampling)
    return made.apply(picture(80, 72).double()).float(), made.to(torch.zeros(1))


def network(seed=0, scale=2):
    torch.manual_seed(seed)
    return build_network({"type": "MZSRNet", "num_feat": 8, "num_conv": 3, "scale": scale})


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(6))
def test_the_slope_and_its_error_are_those_of_numpy(seed) -> None:
    random = np.random.default_rng(seed)
    x = np.arange(50, 350, 50)
    y = 1 - random.uniform(0, 2e-4) * x + random.normal(0, 0.01, 6)
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    limit = math.sqrt(covariance[0, 0]) / -slope
    if limit > 0:
        points = list(zip(x.tolist(), y.tolist(), strict=True))
        assert stands_still(points, 0.999 * limit) and not stands_still(points, 1.001 * limit)


def test_errors_that_rise_or_stay_stand_still_and_falling_ones_do_not() -> None:
    assert stands_still([(1, 1.0), (2, 2.0), (3, 3.0)], 1.5)
    assert not stands_still([(1, 3.0), (2, 2.0), (3, 1.0)], 1.5)
    assert not stands_still([(1, 1.0), (2, 1.0)], 1.5)  # too few to tell
    rule = RateRule(1e-3, 100, 1.5)
    for update in range(10, 400, 10):
        rule.note(update, max(0.0, 200 - update) + 1)  # falls until 200, then stays
    assert not rule.lower(90)  # sooner than a window
    assert not rule.lower(200) and rule.rate == 1e-3
    assert rule.lower(390) and rule.rate == pytest.approx(1e-4)
    assert not rule.lower(450) and rule.rate == pytest.approx(1e-4)


def test_a_son_is_its_father_blurred_and_subsampled() -> None:
    """The kernel is not turned with the picture: an oblique one shows it."""
    oblique = gaussian_kernel(4.0, 1.0, -0.5, 9).float()
    given = Degradation(oblique, 2)
    for seed in range(8):
        pair = draw_pair([Father(picture(), 1.0)], given, ZSSRSettings(crop=16), generator(seed))
        for channel in range(3):
            expected = correlate(pair.gt[0, channel].double().numpy(), oblique.double().numpy(), mode="reflect")[
                ::2, ::2
            ]
            np.testing.assert_allclose(pair.lq[0, channel].numpy(), expected, atol=1e-5)


def test_crops_are_of_the_fathers_and_turned_all_eight_ways() -> None:
    image = torch.rand(1, 3, 40, 36)
    windows = {image[0, 0, r : r + 16, c : c + 16].numpy().tobytes() for r in range(25) for c in range(21)}
    ways = Counter()
    for seed in range(120):
        crop = draw_pair([Father(image, 1.0)], Degradation(KERNEL, 2), ZSSRSettings(crop=16), generator(seed)).gt[0, 0]
        for number in range(8):
            back = crop.T if number & 4 else crop
            back = back.flip([axis for axis, bit in ((0, 1), (1, 2)) if number & bit])
            ways[number] += back.contiguous().numpy().tobytes() in windows
    assert set(ways) == set(range(8)) and sum(ways.values()) == 120 and min(ways.values()) >= 5


def test_fathers_are_drawn_in_proportion_to_their_size() -> None:
    fathers = make_fathers(picture(), (1.0, 0.5))
    assert [tuple(f.image.shape[-2:]) for f in fathers] == [(40, 36), (20, 18)]
    fathers += [Father(torch.zeros(1, 3, 8, 8), 2.0)]  # a result that is twice as large counts as half
    drawn = Counter()
    for seed in range(400):
        gt = draw_pair(fathers, Degradation(KERNEL, 2), ZSSRSettings(crop=64), generator(seed)).gt
        drawn[min(gt.shape[-2:])] += 1
    assert drawn[36] == pytest.approx(200, abs=40)
    assert drawn[18] == pytest.approx(100, abs=35) and drawn[8] == pytest.approx(100, abs=35)


def test_the_median_is_numpys() -> None:
    for count in (1, 2, 7, 8):
        values = torch.rand(count, 3, 4)
        np.testing.assert_allclose(median(values).numpy(), np.median(values.numpy(), axis=0), rtol=1e-6)


def test_every_flip_of_a_linear_symmetric_network_agrees() -> None:
    """With bicubic subsampling and the bicubic upscaling as the network, the ensemble changes nothing."""
    bare = network()
    nn.init.zeros_(bare.body[-1].weight)
    nn.init.zeros_(bare.body[-1].bias)
    lq, given = problem(subsampling="bicubic")
    for ensemble in (False, True):
        sr = super_resolve(bare, lq, given, ZSSRSettings(back_projection=0, self_ensemble=ensemble))
        torch.testing.assert_close(sr, upscale(lq, 2).clamp(0, 1), atol=1e-5, rtol=0)


def test_the_first_update_moves_every_weight_by_the_rate() -> None:
    """Adam's first step is rate times the gradient's sign, whatever the gradient's size."""
    net, (lq, given) = network(), problem()
    before = {name: value.detach().clone() for name, value in net.named_parameters()}
    settings = ZSSRSettings(**{**QUICK, "updates": (1,)}, rate=1e-3)
    [loss] = training.train(net, lq, given, make_fathers(lq, (1.0,)), settings, generator())
    pair = draw_pair(make_fathers(lq, (1.0,)), given, settings, generator())
    original = network()
    expected = (original(pair.lq) - pair.gt).abs().mean()
    assert loss == pytest.approx(float(expected.detach()), rel=1e-6)
    slopes = torch.autograd.grad(expected, list(original.parameters()))
    for (name, value), slope in zip(net.named_parameters(), slopes, strict=True):
        clear = slope.abs() > 1e-6  # Adam's epsilon is 1e-8
        torch.testing.assert_close(
            (value.detach() - before[name])[clear], -1e-3 * slope.sign()[clear], atol=2e-5, rtol=0
        )


def test_training_ends_when_the_rate_has_fallen() -> None:
    """1e-3 -> 1e-4 at 4, 1e-5 at 8, 1e-6 at 12, below it at 16."""
    settings = ZSSRSettings(
        **{**QUICK, "updates": (2, 100)}, window=4, check_every=4, measure_every=1, steadiness=1e-12
    )
    result = zssr(network(), *problem(), settings)
    assert len(result.losses) == 16 and set(result.images) == {2, 100}
    alone = zssr(
        network(),
        *problem(),
        ZSSRSettings(**{**QUICK, "updates": (16,)}, window=4, check_every=4, measure_every=1, steadiness=1e-12),
    )
    torch.testing.assert_close(result.images[100], alone.images[16])


def test_it_learns_the_image_and_leaves_the_network() -> None:
    hr, (lq, given), net = picture(80, 72), problem(), network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    result = zssr(
        net, lq, given, ZSSRSettings(updates=(0, 300), crop=32, back_projection=0, self_ensemble=False, rate=3e-3)
    )
    errors = {u: float((image - hr).square().mean()) for u, image in result.images.items()}
    bicubic = float((upscale(lq, 2).clamp(0, 1) - hr).square().mean())
    assert errors[300] < 0.5 * errors[0] and errors[300] < 0.9 * bicubic
    assert np.mean(result.losses[-30:]) < 0.7 * np.mean(result.losses[:30])
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert 0 < result.seconds[0] < result.seconds[300]


def test_the_seed_decides() -> None:
    runs = [zssr(network(), *problem(), ZSSRSettings(**QUICK, seed=seed, son_noise=0.02)).losses for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_gradual_scales_add_their_results_to_the_fathers(monkeypatch) -> None:
    seen = []

    def spy(fathers, given, settings, generator):
        seen.append((given.scale, sorted({f.ratio for f in fathers})))
        return draw_pair(fathers, given, settings, generator)

    monkeypatch.setattr(training, "draw_pair", spy)
    settings = ZSSRSettings(**{**QUICK, "updates": (2,)}, gradual=(1.5,), fathers=(1.0, 0.5))
    result = zssr(network(), *problem(), settings)
    assert seen == [(1.5, [0.5, 1.0])] * 2 + [(2, [0.5, 0.75, 1.0, 1.5])] * 2
    assert result.images[2].shape == (1, 3, 80, 72) and len(result.losses) == 2


def test_a_scaled_kernel_keeps_its_shape() -> None:
    wide = gaussian_kernel(4.0, 2.0, 0.3, 21)
    small = scaled_kernel(wide, 0.75)
    assert small.shape[0] % 2 == 1 and float(small.sum()) == pytest.approx(1)
    for kernel, factor in ((wide, 1.0), (small, 0.75**2)):
        place = torch.arange(kernel.shape[0], dtype=torch.float64) - kernel.shape[0] // 2
        spread = float((kernel.sum(0) * place**2).sum())  # along x: 4 cos² + 2 sin²
        assert spread == pytest.approx(factor * (4 * math.cos(0.3) ** 2 + 2 * math.sin(0.3) ** 2), rel=0.06)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"updates": ()}, "val.zssr.updates: is empty"),
        ({"fathers": (1.0, 1.2)}, "val.zssr.fathers: [1.0, 1.2]; allowed: sizes above 0 and up to 1"),
        ({"gradual": (1.7, 1.3)}, "val.zssr.gradual: [1.7, 1.3] must rise, between 1 and the scale 2"),
        ({"gradual": (2.0,)}, "must rise, between 1 and the scale 2"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong, line) -> None:
    with pytest.raises(ConfigError) as caught:
        zssr_settings(ZSSROptions(**wrong), 2, "val.zssr")
    assert line in str(caught.value)


def test_a_loss_that_is_not_finite_stops() -> None:
    net = network()
    nn.init.constant_(net.body[0].weight, math.inf)
    with pytest.raises(TrainingError, match="the loss is not finite after 1 updates; lower `rate`"):
        zssr(net, *problem(), ZSSRSettings(**QUICK))
